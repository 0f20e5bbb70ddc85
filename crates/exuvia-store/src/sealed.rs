//! Small documents whose last line is the BLAKE3 of the rest.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::id::BlobId;

/// The bytes of a document.
pub(crate) fn seal<T: Serialize>(path: &Path, document: &T) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_string_pretty(document)
        .map_err(|error| StoreError::damaged(path, error.to_string()))?;
    Ok(format!("{json}\n{}\n", BlobId::of(json.as_bytes())).into_bytes())
}

/// The document again, if not a bit of it changed.
pub(crate) fn unseal<T: DeserializeOwned>(path: &Path, content: &[u8]) -> Result<T, StoreError> {
    let damaged = |why| StoreError::damaged(path, why);
    let not_written = "it is not as it was written";
    let text = std::str::from_utf8(content).map_err(|_| damaged(not_written))?;
    let (json, digest) = text
        .strip_suffix('\n')
        .and_then(|text| text.rsplit_once('\n'))
        .ok_or_else(|| damaged(not_written))?;
    if BlobId::from_hex(digest) != Some(BlobId::of(json.as_bytes())) {
        return Err(damaged(not_written));
    }
    serde_json::from_str(json).map_err(|_| damaged("it is not what its name says"))
}
