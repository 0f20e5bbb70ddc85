//! The file system by descriptors: what reading and writing whole trees safely needs.
//!
//! Names are resolved one part at a time from a directory that is held open, and symbolic links
//! are never followed, so nobody who can rename things in a tree can lead a reader or a writer out
//! of it. Every effect passes a [`point`] first, as those of [`crate::Host`] do.

mod attributes;
mod dir;
mod exchange;
mod file;
mod holder;
mod listing;
mod lock;
mod replace;
mod stat;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{CWD, Mode, OFlags};

pub use attributes::Xattrs;
pub use dir::Dir;
pub use exchange::ExchangeError;
pub use file::{Extent, File};
pub use holder::Holder;
pub use listing::{Listed, Listing};
pub use lock::{FileLock, LockKind, Records};
pub use stat::{FileTime, Kind, Stat};

use crate::HostError;
use crate::points::{GoOn, Points};

/// The points that [`Disk`] and what it opens pass, as [`Points::reach`] names them.
pub mod point {
    /// Before a directory is opened.
    pub const OPEN_DIR: &str = "disk.open-dir";
    /// Before a file is opened for reading.
    pub const OPEN: &str = "disk.open";
    /// Before bytes are read.
    pub const READ: &str = "disk.read";
    /// Before a file is created.
    pub const CREATE: &str = "disk.create";
    /// Before bytes are written.
    pub const WRITE: &str = "disk.write";
    /// Before something is made durable.
    pub const SYNC: &str = "disk.sync";
    /// Before a rename.
    pub const RENAME: &str = "disk.rename";
    /// Before two names take each other's place. The path is the first one's.
    pub const EXCHANGE: &str = "disk.exchange";
    /// Before a file or an empty directory is removed.
    pub const REMOVE: &str = "disk.remove";
    /// Before a directory is made.
    pub const MKDIR: &str = "disk.mkdir";
    /// Before a hard or symbolic link is made.
    pub const LINK: &str = "disk.link";
    /// Before a mode, an owner, a time or an extended attribute is set.
    pub const ATTRIBUTE: &str = "disk.attribute";
    /// Before a lock is asked for.
    pub const LOCK: &str = "disk.lock";

    /// All of them.
    pub const ALL: [&str; 13] = [
        OPEN_DIR, OPEN, READ, CREATE, WRITE, SYNC, RENAME, EXCHANGE, REMOVE, MKDIR, LINK,
        ATTRIBUTE, LOCK,
    ];
}

/// Where directories are opened from.
#[derive(Debug, Clone)]
pub struct Disk {
    points: Arc<dyn Points>,
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk {
    /// The file system as it is.
    pub fn new() -> Self {
        Self::with_points(Arc::new(GoOn))
    }

    /// The file system, with somebody to ask before each effect.
    pub fn with_points(points: Arc<dyn Points>) -> Self {
        Self { points }
    }

    /// Opens a directory. Links above it are followed, for the path is the caller's own; the last
    /// part must not be one.
    pub fn open_dir(&self, path: &Path) -> Result<Dir, HostError> {
        let gate = Gate::new(&self.points);
        gate.reach(point::OPEN_DIR, "open", path)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, path, flags, Mode::empty())
            .map_err(|errno| HostError::new("open", path, errno.into()))?;
        Ok(Dir::new(fd, path.to_owned(), gate))
    }

    /// The time that files are stamped with, give or take a tick of the kernel (at most 10 ms):
    /// the machine's own clock, not one that a test sets.
    pub fn file_clock(&self) -> FileTime {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        FileTime {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: since.subsec_nanos(),
        }
    }
}

/// Waits for somebody else: between two tries of a lock.
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Asks the points, and makes their answer an error about a path.
#[derive(Debug, Clone)]
struct Gate {
    points: Arc<dyn Points>,
}

impl Gate {
    fn new(points: &Arc<dyn Points>) -> Self {
        Self {
            points: Arc::clone(points),
        }
    }

    fn reach(&self, point: &'static str, what: &'static str, path: &Path) -> Result<(), HostError> {
        self.points
            .reach(point, path)
            .map_err(|source| HostError::new(what, path, source))
    }

    /// Reaches the point, then does it.
    fn pass<T>(
        &self,
        point: &'static str,
        what: &'static str,
        path: &Path,
        effect: impl FnOnce() -> rustix::io::Result<T>,
    ) -> Result<T, HostError> {
        self.reach(point, what, path)?;
        effect().map_err(|errno| HostError::new(what, path, io::Error::from(errno)))
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
