//! The files of one asset: what there is, without following a link out of it.

mod hash;
mod walk;

use std::path::{Path, PathBuf};

use exuvia_host::{Host, HostError, Links, read_limited};
use jiff::Timestamp;

pub use hash::{FileDigest, content_digest, digest_all};
pub use walk::{Limits, walk};

/// A directory tree as it was found: regular files, directories, and what is neither.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Where it lies.
    pub root: PathBuf,
    /// Regular files, sorted by the bytes of their paths.
    pub files: Vec<TreeFile>,
    /// Directories, the root left out, as relative paths, sorted.
    pub directories: Vec<PathBuf>,
    /// Symbolic links with what they point to, as relative paths, sorted. None was followed.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Pipes, sockets and devices, as relative paths, sorted.
    pub specials: Vec<PathBuf>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
    /// Whether all of it was seen: nothing unreadable, and no limit reached.
    pub complete: bool,
}

/// A regular file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Its path inside the tree.
    pub path: PathBuf,
    /// The same as text, with U+FFFD for what is not UTF-8.
    pub name: String,
    /// Its length in bytes.
    pub len: u64,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// When it was last written.
    pub modified: Timestamp,
}

impl Tree {
    /// When its newest file was written.
    pub fn newest(&self) -> Option<Timestamp> {
        self.files.iter().map(|file| file.modified).max()
    }

    /// How many bytes its files hold.
    pub fn len(&self) -> u64 {
        self.files.iter().map(|file| file.len).sum()
    }

    /// Whether it holds no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// Every file of an asset, with the usual limits, `.git` left out.
pub fn files(host: &dyn Host, root: &Path) -> Tree {
    walk(host, root, &Limits::default().without(".git"))
}

/// The content of one file of a tree, of at most `max` bytes.
///
/// `path` is one that [`walk`] gave; a link that took its place since is refused.
pub fn read(host: &dyn Host, root: &Path, path: &Path, max: u64) -> Result<Vec<u8>, HostError> {
    read_limited(host, &root.join(path), max, Links::Refuse)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "tree_tests.rs"]
mod tests;
