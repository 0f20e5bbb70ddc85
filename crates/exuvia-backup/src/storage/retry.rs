//! Asking again where that can help.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use exuvia_host::disk::pause;

use super::{Kind, Name, Storage, StorageError, Trouble};

/// How long is waited before each further try.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// A storage that is asked again when a try fails for reasons that may pass.
#[derive(Debug)]
pub(crate) struct Retrying<S>(pub(crate) S);

/// Tries again where that can help; each try is told whether it is another one.
fn again<T>(mut attempt: impl FnMut(bool) -> Result<T, StorageError>) -> Result<T, StorageError> {
    let mut result = attempt(false);
    for time in PAUSES {
        match &result {
            Err(error) if error.trouble == Trouble::Passing => pause(time),
            _ => return result,
        }
        result = attempt(true);
    }
    result
}

impl<S: Storage> Retrying<S> {
    /// The answer to an earlier try may have been lost on its way, and a server may refuse to write
    /// what is there: a file of this name and size is this file.
    fn is_written(&self, name: &Name, len: usize) -> bool {
        matches!(self.0.size(name), Ok(Some(size)) if size == len as u64)
    }
}

impl<S: Storage> Storage for Retrying<S> {
    fn address(&self) -> &str {
        self.0.address()
    }

    fn create(&self) -> Result<(), StorageError> {
        again(|_| self.0.create())
    }

    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError> {
        again(|_| self.0.list(kind))
    }

    fn size(&self, name: &Name) -> Result<Option<u64>, StorageError> {
        again(|_| self.0.size(name))
    }

    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError> {
        again(|_| self.0.read(name, range.clone()))
    }

    fn write(&self, name: &Name, content: Bytes) -> Result<(), StorageError> {
        again(|once_more| {
            if once_more && name.kind() != Kind::Config && self.is_written(name, content.len()) {
                return Ok(());
            }
            self.0.write(name, content.clone())
        })
    }

    fn remove(&self, name: &Name) -> Result<(), StorageError> {
        again(|_| self.0.remove(name))
    }
}
