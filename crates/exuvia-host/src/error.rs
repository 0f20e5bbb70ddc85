//! What a machine can refuse.

use std::io;
use std::path::{Path, PathBuf};

/// The machine refused: what, to what, and its own word for why.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", .path.display())]
pub struct HostError {
    /// What was tried: `read`, `write`, `run` …
    pub what: &'static str,
    /// What it was tried on.
    pub path: PathBuf,
    /// The operating system's answer.
    pub source: io::Error,
}

impl HostError {
    /// An error about a path.
    pub fn new(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            what,
            path: path.to_owned(),
            source,
        }
    }

    /// The kind of the operating system's answer.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// Whether there was less than was to be read.
    pub fn is_unexpected_end(&self) -> bool {
        self.kind() == io::ErrorKind::UnexpectedEof
    }

    /// Whether there simply is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    }
}
