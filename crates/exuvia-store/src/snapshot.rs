//! What a snapshot is.

use std::path::PathBuf;

use exuvia_host::disk::FileTime;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{BlobId, SnapshotId};
use crate::text;

/// A consistent copy of a tree at a point in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// The name that somebody gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What somebody said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What it is a snapshot of: `install`, `agent` …
    pub scope: String,
    /// The directory that was taken.
    #[serde(with = "text")]
    pub source: PathBuf,
    /// When it was begun.
    pub created_at: Timestamp,
    /// What the clock of files said then: what changed later than shortly before this may not be
    /// in it as it is now.
    pub began: Began,
    /// Its tree.
    pub(crate) tree: BlobId,
    /// How much is in it.
    pub stats: Stats,
    /// What is not in it, though it was there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The patterns of names that it leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// Files that changed while they were read, each time, and were accepted as they were.
    #[serde(default, with = "text::list", skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<PathBuf>,
    /// What was in it once and was lost by damage to the store.
    #[serde(default, with = "text::list", skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<PathBuf>,
    /// Whether everything that was to be in it is in it.
    pub complete: bool,
    /// Whether retention must keep it.
    #[serde(default)]
    pub pinned: bool,
    /// What whoever took it wanted remembered with it. It may hold secrets, so it is written by
    /// [`Snapshot::record`] only.
    #[serde(default, skip_serializing)]
    pub context: Option<Value>,
}

impl Snapshot {
    /// All of it, to be kept where only its owner can read it.
    pub fn record(&self) -> Record<'_> {
        Record {
            snapshot: self,
            context: self.context.as_ref(),
        }
    }
}

/// A snapshot with its context, to be written down; it is read back as a [`Snapshot`].
#[derive(Debug, Serialize)]
pub struct Record<'s> {
    #[serde(flatten)]
    snapshot: &'s Snapshot,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'s Value>,
}

/// A time by the clock of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// Seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds of the second.
    pub nanos: u32,
}

impl From<FileTime> for Began {
    fn from(time: FileTime) -> Self {
        Self {
            seconds: time.seconds,
            nanos: time.nanos,
        }
    }
}

impl From<Began> for FileTime {
    fn from(time: Began) -> Self {
        Self {
            seconds: time.seconds,
            nanos: time.nanos,
        }
    }
}

/// How much is in a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Regular files.
    pub files: u64,
    /// Directories, the root not counted.
    pub directories: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Files that had to be read.
    pub read_files: u64,
    /// Bytes by which the store grew.
    pub added_bytes: u64,
}

/// Something that was there and is not in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its path in the tree.
    #[serde(with = "text")]
    pub path: PathBuf,
    /// Why.
    pub why: Why,
}

/// Why something is not in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A socket means nothing without its process.
    Socket,
    /// A named pipe holds nothing.
    Pipe,
    /// A device is the machine's.
    Device,
    /// The index of a write-ahead log: SQLite makes it anew.
    LogIndex,
}
