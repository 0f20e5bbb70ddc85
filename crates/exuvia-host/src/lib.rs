//! The machine, behind one trait.
//!
//! Every other crate takes a [`Host`] and never touches files, processes, the environment or the
//! clock itself (rule 3 of the house; clippy's `disallowed-methods` says so). That is what lets a
//! test say "the disk is full now" or "the process dies right here": [`SystemHost`] passes named
//! [`points`] before every effect, and [`testing::Faults`] makes them fail.
#![allow(clippy::disallowed_methods, reason = "this is the crate that may")]

mod command;
mod conversation;
pub mod disk;
mod error;
mod file;
mod home;
pub mod machine;
pub mod points;
pub mod process;
mod read;
#[cfg(target_os = "linux")]
pub mod space;
mod system;
mod temporary;
pub mod testing;

use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

pub use command::{Command, Output};
pub use conversation::Conversation;
pub use error::HostError;
pub use file::{EntryKind, Links, Lock, Meta};
pub use home::{Home, HomeError};
pub use read::{read_limited, read_optional};
pub use system::SystemHost;
pub use temporary::Temporary;

/// How the name of a file ends that [`Host::write_atomic`] has not put in place yet; it begins with
/// a dot. One that stays was left by a process that was killed.
pub const TEMPORARY_SUFFIX: &str = ".exuvia-tmp";

/// What Exuvia may do to a machine.
///
/// All calls block. Paths are taken as they are: whoever builds one from outside data checks it
/// first.
pub trait Host: Send + Sync + fmt::Debug {
    /// The wall clock. It may jump; use [`Host::elapsed`] to measure.
    fn now(&self) -> Timestamp;

    /// How far the user's own time is from UTC at this moment.
    fn utc_offset(&self, at: Timestamp) -> Offset;

    /// Time since this host was made; never goes back.
    fn elapsed(&self) -> Duration;

    /// An environment variable; an empty one counts as unset.
    fn env(&self, name: &str) -> Option<OsString>;

    /// Every environment variable whose name starts with this, case ignored.
    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, OsString)>;

    /// The user's home directory: `$HOME`.
    fn home_dir(&self) -> Option<PathBuf> {
        self.env("HOME").map(PathBuf::from)
    }

    /// The directory that relative paths are relative to.
    fn current_dir(&self) -> Result<PathBuf, HostError>;

    /// What a path is, a symlink itself when [`Links::Refuse`].
    fn metadata(&self, path: &Path, links: Links) -> Result<Meta, HostError>;

    /// The names in a directory, sorted by their bytes.
    fn read_dir(&self, path: &Path) -> Result<Vec<(OsString, EntryKind)>, HostError>;

    /// Where a symlink points.
    fn read_link(&self, path: &Path) -> Result<PathBuf, HostError>;

    /// The path without symlinks, `.` and `..`.
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, HostError>;

    /// Opens a regular file for reading. Anything else, a pipe for instance, is refused without
    /// waiting on it.
    fn open(&self, path: &Path, links: Links) -> Result<Box<dyn Read + Send>, HostError>;

    /// Whether this process may create and replace names in a directory.
    fn is_writable(&self, directory: &Path) -> bool;

    /// Makes a directory and those above it that are missing, mode 0700.
    fn create_private_dir(&self, path: &Path) -> Result<(), HostError>;

    /// Replaces a file in one step, durably: whoever reads it, now or after a crash, sees the old
    /// content or the new, whole. `mode` is that of the new file (0600 for anything of ours).
    fn write_atomic(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), HostError>;

    /// Removes a file; that it is gone already is no error.
    fn remove_file(&self, path: &Path) -> Result<(), HostError>;

    /// Removes a directory and all in it, links not followed; that it is gone already is no error.
    fn remove_tree(&self, path: &Path) -> Result<(), HostError>;

    /// Copies the bytes of one regular file to a new private one.
    fn copy_file(&self, from: &Path, to: &Path) -> Result<u64, HostError>;

    /// Renames, within one file system, replacing what is there.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError>;

    /// Runs a program to its end, without a shell, with nothing on standard input.
    fn run(&self, command: &Command) -> Result<Output, HostError>;

    /// Takes an exclusive lock that dies with its holder. `None` when another process has it.
    fn try_lock(&self, path: &Path) -> Result<Option<Lock>, HostError>;
}
