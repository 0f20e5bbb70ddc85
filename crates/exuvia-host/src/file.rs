//! What files are.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use jiff::Timestamp;

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket, a pipe, a device.
    Other,
}

impl From<fs::FileType> for EntryKind {
    fn from(kind: fs::FileType) -> Self {
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::Symlink
        } else {
            Self::Other
        }
    }
}

/// What to do with a path whose last part is a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Take what it points to.
    Follow,
    /// Take the link itself; opening it fails.
    Refuse,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub kind: EntryKind,
    /// Its length in bytes.
    pub len: u64,
    /// Its permission bits.
    pub mode: u32,
    /// When its content was last changed.
    pub modified: Timestamp,
    /// The device it lies on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// The user that owns it.
    pub owner: u32,
}

impl Meta {
    /// Whether anybody may execute it.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }
}

impl From<&fs::Metadata> for Meta {
    fn from(meta: &fs::Metadata) -> Self {
        // Nanoseconds of a file time are below 10^9; a time out of jiff's range is as good as none.
        let nanos = i32::try_from(meta.mtime_nsec()).unwrap_or(0);
        Self {
            kind: meta.file_type().into(),
            len: meta.len(),
            mode: meta.permissions().mode() & 0o7777,
            modified: Timestamp::new(meta.mtime(), nanos).unwrap_or(Timestamp::UNIX_EPOCH),
            device: meta.dev(),
            inode: meta.ino(),
            owner: meta.uid(),
        }
    }
}

/// An exclusive lock; given back when dropped or when the process dies.
#[derive(Debug)]
pub struct Lock {
    pub(crate) _file: fs::File,
}
