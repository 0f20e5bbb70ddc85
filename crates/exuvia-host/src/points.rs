//! Named points before effects, where a test can make the machine fail or the process die.

use std::fmt;
use std::io;
use std::path::Path;

/// The points, as [`Points::reach`] names them.
pub mod name {
    /// Before a directory is made.
    pub const MKDIR: &str = "mkdir";
    /// Before the new content's temporary file is made.
    pub const WRITE_CREATE: &str = "write.create";
    /// Before the content goes into it.
    pub const WRITE_CONTENT: &str = "write.content";
    /// Before it is made durable.
    pub const WRITE_SYNC: &str = "write.sync";
    /// Before it takes the old one's place.
    pub const WRITE_RENAME: &str = "write.rename";
    /// Before the directory is made durable.
    pub const WRITE_SYNC_DIR: &str = "write.sync-dir";
    /// Before a file is removed.
    pub const REMOVE: &str = "remove";
    /// Before a rename.
    pub const RENAME: &str = "rename";
    /// Before a file is copied.
    pub const COPY: &str = "copy";
    /// Before a program is run.
    pub const RUN: &str = "run";
    /// Before a file is opened for reading.
    pub const OPEN: &str = "open";
    /// Before a lock is taken.
    pub const LOCK: &str = "lock";

    /// All of them.
    pub const ALL: [&str; 12] = [
        MKDIR,
        WRITE_CREATE,
        WRITE_CONTENT,
        WRITE_SYNC,
        WRITE_RENAME,
        WRITE_SYNC_DIR,
        REMOVE,
        RENAME,
        COPY,
        RUN,
        OPEN,
        LOCK,
    ];
}

/// Decides at every point whether to go on.
pub trait Points: Send + Sync + fmt::Debug {
    /// Called right before the effect; an error takes the effect's place.
    fn reach(&self, point: &'static str, path: &Path) -> io::Result<()>;
}

/// Goes on, always.
#[derive(Debug, Clone, Copy)]
pub struct GoOn;

impl Points for GoOn {
    fn reach(&self, _point: &'static str, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
