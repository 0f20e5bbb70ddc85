//! Names for the documents of a check.

use exuvia_model::digest::hex;
use jiff::Timestamp;
use serde::Serialize;

/// A short name for a document: a prefix and 16 hexadecimal digits that depend on when it was made
/// and what is in it, so that a document made anew has another name.
pub(crate) fn document_id(prefix: &str, made_at: Timestamp, content: &impl Serialize) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&made_at.as_nanosecond().to_le_bytes());
    // What cannot be written as JSON cannot be kept either, and is reported then.
    let _ = serde_json::to_writer(&mut hasher, content);
    format!(
        "{prefix}_{}",
        hex(hasher.finalize().as_bytes().get(..8).unwrap_or_default())
    )
}
