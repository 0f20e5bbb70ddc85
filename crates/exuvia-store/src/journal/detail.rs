//! What is kept beside an event.

use serde::Serialize;
use serde_json::{Value, json};

use super::error::JournalError;

/// The longest detail, in bytes of JSON.
pub const LONGEST: usize = 64 * 1024;
/// The longest `error` of a last event, in bytes.
const LONGEST_ERROR: usize = 4 * 1024;

/// As it is kept, of an event that something depends on: too long is an error, before anything is
/// done that it should have told of.
pub(super) fn whole(step: &str, detail: impl Serialize) -> Result<String, JournalError> {
    let what = || format!("the detail of {step:?}");
    let text = serde_json::to_string(&detail).map_err(|source| JournalError::NotJson {
        what: what(),
        source,
    })?;
    if text.len() <= LONGEST {
        return Ok(text);
    }
    Err(JournalError::TooLong {
        what: what(),
        len: text.len(),
        limit: LONGEST,
    })
}

/// As it is kept, of the last event: a run must be able to end, so what is too long is cut to its
/// `error`, with a mark.
pub(super) fn shortened(step: &str, detail: impl Serialize) -> Result<String, JournalError> {
    let detail = serde_json::to_value(&detail).map_err(|source| JournalError::NotJson {
        what: format!("the detail of {step:?}"),
        source,
    })?;
    match whole(step, &detail) {
        Err(JournalError::TooLong { len, .. }) => whole(step, cut(&detail, len)),
        other => other,
    }
}

fn cut(detail: &Value, len: usize) -> Value {
    let error = detail.get("error").and_then(Value::as_str).map(|error| {
        let end = error.floor_char_boundary(LONGEST_ERROR);
        error.get(..end).unwrap_or_default()
    });
    match error {
        Some(error) => json!({ "error": error, "cutFromBytes": len }),
        None => json!({ "cutFromBytes": len }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_at_the_end_cut_with_a_mark() {
        let long = json!({ "error": "宁".repeat(30_000), "more": [1, 2] });
        assert!(matches!(
            whole("swap", &long),
            Err(JournalError::TooLong { limit: LONGEST, .. })
        ));
        let kept: Value = serde_json::from_str(&shortened("finish", &long).unwrap()).unwrap();
        assert_eq!(kept["error"].as_str().unwrap().len(), 4095);
        assert_eq!(
            kept["cutFromBytes"],
            serde_json::to_string(&long).unwrap().len()
        );
        let short = json!({ "error": "no room" });
        assert_eq!(shortened("finish", &short).unwrap(), short.to_string());
    }
}
