//! What can go wrong with the store.

use std::path::{Path, PathBuf};

use exuvia_host::HostError;
use exuvia_host::disk::Holder;

use crate::id::{BlobId, SnapshotId};

/// The store cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// There is no store there.
    #[error("there is no snapshot store in {}", .0.display())]
    NoStore(PathBuf),
    /// What lies there is something else.
    #[error("{} is not a snapshot store: its file `format` says {found:?}", .root.display())]
    NotAStore {
        /// Where it should be.
        root: PathBuf,
        /// What the file says, cut.
        found: String,
    },
    /// A later Exuvia made it.
    #[error(
        "the snapshot store in {} has format {found}, and this Exuvia knows formats up to {known}: \
         use the Exuvia that made it, or a later one", .root.display()
    )]
    NewerFormat {
        /// Where it is.
        root: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// A file of the store is not as it was written.
    #[error("{} is damaged: {why}; run `exuvia snapshot verify`, then `exuvia snapshot repair`", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Content that a snapshot needs is nowhere in the store.
    #[error(
        "the content {0} is not in the store any more; `exuvia snapshot repair` tells what is lost"
    )]
    Missing(BlobId),
    /// Other processes use the store.
    #[error("the store is in use{}; try again when they are done", tell(.0))]
    Busy(Vec<Holder>),
    /// Files would not hold still.
    #[error("{} changed while being read, each time: stop what writes it, or accept it as it is{}", first(.0), others(.0))]
    Unstable(Vec<PathBuf>),
    /// A database stayed locked.
    #[error("the database {} stayed locked by another process for {seconds} s", .path.display())]
    DatabaseLocked {
        /// The database.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// SQLite refused.
    #[error("cannot lock the database {}: {source}", .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// No snapshot has this name or id.
    #[error("there is no snapshot {0:?}; `exuvia snapshot list` shows those there are")]
    NoSnapshot(String),
    /// Several snapshots could be meant.
    #[error("{name:?} could be any of {}; give more of the id", list(.candidates))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// What it could be.
        candidates: Vec<SnapshotId>,
    },
    /// A pinned snapshot is not deleted.
    #[error("the snapshot {0} is pinned; unpin it first")]
    Pinned(SnapshotId),
    /// A restore was cut short, and this must wait until it is finished.
    #[error("restoring {snapshot} into {} was interrupted; finish that first", .target.display())]
    RestorePending {
        /// What was being restored.
        snapshot: SnapshotId,
        /// Where to.
        target: PathBuf,
    },
    /// The place to restore to cannot be used.
    #[error("cannot restore into {}: {why}", .target.display())]
    BadTarget {
        /// The place.
        target: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// Something must become a file or a link and cannot be removed.
    #[error("{} is in the way of the restore, and holds what is left out of snapshots: move it aside", .0.display())]
    InTheWay(PathBuf),
    /// The disk has too little room.
    #[error("{} needs {needed} bytes more room, and its disk has {free}", .path.display())]
    NoSpace {
        /// What would be written to.
        path: PathBuf,
        /// How much is needed.
        needed: u64,
        /// How much there is.
        free: u64,
    },
    /// The directories go too deep.
    #[error("{} lies too deep: more than {limit} directories", .path.display())]
    TooDeep {
        /// Where the limit is passed.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A pattern of names to leave out cannot be understood.
    #[error("the pattern {pattern:?} cannot be understood: {why}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something else could not be packed or unpacked.
    #[error("cannot compress for {}: {source}", .path.display())]
    Compress {
        /// The file of the store.
        path: PathBuf,
        /// zstd's answer.
        source: std::io::Error,
    },
}

impl StoreError {
    pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// Whether it is the store that is harmed, and not the machine or the request.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Missing(_))
    }
}

fn tell(holders: &[Holder]) -> String {
    if holders.is_empty() {
        return String::new();
    }
    let pids: Vec<String> = holders.iter().map(|one| one.pid.to_string()).collect();
    format!(" by process {}", pids.join(", "))
}

fn first(paths: &[PathBuf]) -> String {
    paths
        .first()
        .map_or_else(String::new, |path| path.display().to_string())
}

fn others(paths: &[PathBuf]) -> String {
    match paths.len() {
        0 | 1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    }
}

fn list(ids: &[SnapshotId]) -> String {
    let ids: Vec<&str> = ids.iter().map(SnapshotId::as_str).collect();
    ids.join(", ")
}
