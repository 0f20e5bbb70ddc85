//! Small JSON documents that somebody else wrote.

use std::path::Path;

use exuvia_host::{Host, Links, read_optional};
use serde_json::Value;

/// The value in a file of at most `max` bytes; nothing where there is no file, and words where it
/// cannot be read as JSON.
pub(crate) fn read(host: &dyn Host, path: &Path, max: u64) -> Result<Option<Value>, String> {
    let bytes = match read_optional(host, path, max, Links::Refuse) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // serde_json gives up at a nesting of 128, so that a hostile file cannot exhaust the stack.
    serde_json::from_slice(text)
        .map(Some)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The text at a key, without white space around it; nothing where there is none.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    let text = value.get(key)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The same, owned.
pub(crate) fn string(value: &Value, key: &str) -> Option<String> {
    text(value, key).map(str::to_owned)
}
