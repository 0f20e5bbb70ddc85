//! What OpenClaw logged at the level of errors.

use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use exuvia_model::text;
use serde_json::Value;

/// The most that is read of one log.
const MAX_LOG: u64 = 64 << 20;

/// Every line at the level `ERROR` or `FATAL` of the logs in a directory: a JSON document each, with
/// `_meta.logLevelName` and `message` (seen with 2026.9.5). What cannot be read says nothing.
pub(super) fn errors(host: &dyn Host, dir: &Path) -> Vec<String> {
    let entries = host.read_dir(dir).unwrap_or_default();
    let logs = entries
        .iter()
        .filter_map(|(name, _)| read_limited(host, &dir.join(name), MAX_LOG, Links::Refuse).ok());
    logs.flat_map(|log| of(&String::from_utf8_lossy(&log)))
        .collect()
}

fn of(log: &str) -> Vec<String> {
    let lines = log.lines();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_error = |line: &Value| {
        let level = line.pointer("/_meta/logLevelName").and_then(Value::as_str);
        matches!(level, Some("ERROR" | "FATAL"))
    };
    let words = |line: Value| {
        let words = line.get("message").or_else(|| line.get("0"))?;
        let words = words
            .as_str()
            .map_or_else(|| words.to_string(), str::to_owned);
        Some(text::one_line(&words, 200))
    };
    lines.filter(is_error).filter_map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_an_error_is_told() {
        let log = r#"{"0":"fine","_meta":{"logLevelName":"INFO"},"message":"fine"}
{"0":"bad","_meta":{"logLevelName":"ERROR"},"message":"bad"}
not JSON
{"0":{"a":1},"_meta":{"logLevelName":"FATAL"}}"#;
        assert_eq!(of(log), ["bad", "{\"a\":1}"]);
    }
}
