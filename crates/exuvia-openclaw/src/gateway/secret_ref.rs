//! A secret as `openclaw.json` has it: plain, a variable, or a reference.
//!
//! References are `{source: "env" | "file" | "exec" | "store", provider, id}`; `"${NAME}"` and
//! `"$NAME"` are short for the first (OpenClaw's docs, `gateway/secrets/secretref-contract`).

use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use exuvia_model::text;
use secrecy::SecretString;
use serde_json::Value;

use super::dotenv;
use crate::Install;
use crate::config::{self, Config};

/// The limit of a file provider where it names none.
const MAX_BYTES: u64 = 1024 * 1024;

/// What became of a configured value.
pub(super) enum Secret {
    /// Here it is.
    Is(SecretString),
    /// There is no value.
    NotConfigured,
    /// A provider of this kind has it, and we cannot ask it.
    Elsewhere(String),
    /// It is not where it should be; why.
    Missing(String),
}

pub(super) fn resolve(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    value: &Value,
) -> Secret {
    match value {
        Value::String(text) => resolve_text(host, install, text.trim()),
        Value::Object(reference) => {
            let field = |key| reference.get(key).and_then(Value::as_str).unwrap_or("");
            match field("source") {
                "env" => from_variable(host, install, field("id")),
                "file" => from_file(host, install, config, field("provider"), field("id")),
                kind @ ("exec" | "store") => Secret::Elsewhere(kind.to_owned()),
                other => {
                    Secret::Missing(format!("its source is \"{}\"", text::one_line(other, 40)))
                }
            }
        }
        _ => Secret::NotConfigured,
    }
}

fn resolve_text(host: &dyn Host, install: &Install, text: &str) -> Secret {
    let braced = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let name = braced.or_else(|| text.strip_prefix('$'));
    match name.filter(|name| config::is_variable(name)) {
        Some(name) => from_variable(host, install, name),
        None if text.is_empty() => Secret::NotConfigured,
        None => Secret::Is(SecretString::from(text)),
    }
}

fn from_variable(host: &dyn Host, install: &Install, name: &str) -> Secret {
    dotenv::variable(host, install, name).map_or_else(
        || {
            let name = text::one_line(name, 80);
            Secret::Missing(format!(
                "the variable {name} is set neither here nor in .env in the state directory"
            ))
        },
        Secret::Is,
    )
}

fn from_file(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    provider: &str,
    id: &str,
) -> Secret {
    let named = config.get(&["secrets", "providers", provider]);
    let Some(path) = named.and_then(|provider| provider.get("path")?.as_str()) else {
        let provider = text::one_line(provider, 80);
        return Secret::Missing(format!("there is no file provider \"{provider}\""));
    };
    let Some(path) = config::path(host, install, path) else {
        return Secret::Missing("the provider's path has a variable that is not set".to_owned());
    };
    let single = named.and_then(|provider| provider.get("mode")?.as_str()) == Some("singleValue");
    match read_file(host, &path, (!single).then_some(id)) {
        Ok(secret) => Secret::Is(secret),
        Err(reason) => Secret::Missing(reason),
    }
}

/// The whole file without its last line end, or the text at a JSON pointer in it.
fn read_file(host: &dyn Host, path: &Path, pointer: Option<&str>) -> Result<SecretString, String> {
    let bytes = read_limited(host, path, MAX_BYTES, Links::Refuse).map_err(|e| e.to_string())?;
    let Some(pointer) = pointer else {
        let text = String::from_utf8(bytes).map_err(|_| "the file is not text".to_owned())?;
        return Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])));
    };
    // The parser's own words could repeat a piece of the secret.
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|_| "the file is not JSON".to_owned())?;
    let found = value.pointer(pointer).and_then(Value::as_str);
    let found = found.filter(|text| !text.is_empty());
    found
        .map(SecretString::from)
        .ok_or_else(|| format!("the file has no text at {}", text::one_line(pointer, 200)))
}
