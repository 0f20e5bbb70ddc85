//! What can go wrong with the journal.

use std::path::{Path, PathBuf};

use exuvia_host::{HomeError, HostError};
use exuvia_model::journal::{NotAStep, RunId};
use rusqlite::ErrorCode;

/// The journal cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Exuvia's own directory cannot be made or written.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A later Exuvia wrote it.
    #[error(
        "the journal {} has schema {found}, and this Exuvia knows schemas up to {known}: use the \
         Exuvia that wrote it, or a later one; nothing was changed", .path.display()
    )]
    NewerSchema {
        /// The journal.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// It is not a journal, or not a whole one.
    #[error(
        "{} is not a journal that can be read ({why}); nothing was changed: put a copy of it back, \
         or move it aside (with those beside it whose names begin alike) and a new one is begun",
        .path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no room for what must be written.
    #[error("the journal {} needs room, and its disk is full: make room, then try again", .0.display())]
    Full(PathBuf),
    /// There is too little room for a run; none was begun.
    #[error(
        "the journal {} needs {needed} bytes more room before anything is begun, and its disk has \
         {free}: make room, then try again", .path.display()
    )]
    NoRoom {
        /// The journal.
        path: PathBuf,
        /// How much is needed.
        needed: u64,
        /// How much there is.
        free: u64,
    },
    /// It can only be read.
    #[error(
        "the journal {} cannot be written: give this user the right to, or set EXUVIA_HOME to a \
         directory that may be written", .0.display()
    )]
    ReadOnly(PathBuf),
    /// It, or what lies beside it, cannot be opened.
    #[error(
        "the journal {} cannot be opened: give this user the right to read and write it and what \
         lies beside it, or set EXUVIA_HOME to a directory of your own", .0.display()
    )]
    CannotOpen(PathBuf),
    /// Others kept it locked.
    #[error("the journal {} is kept busy by another process; try again when it is done", .0.display())]
    Busy(PathBuf),
    /// Its file system does not let several processes share it.
    #[error(
        "the journal {} cannot be shared safely on its file system: set EXUVIA_HOME to a \
         directory on a local disk", .0.display()
    )]
    NoSharing(PathBuf),
    /// SQLite refused for another reason.
    #[error("the journal {} cannot be used: {source}", .path.display())]
    Sqlite {
        /// The journal.
        path: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// What was to be kept is too long.
    #[error("{what} of {len} bytes is more than the journal keeps ({limit})")]
    TooLong {
        /// What it is.
        what: String,
        /// Its length as JSON.
        len: usize,
        /// The most that is kept.
        limit: usize,
    },
    /// What was to be kept is no JSON.
    #[error("{what} cannot be written as JSON: {source}")]
    NotJson {
        /// What it is.
        what: String,
        /// Why not.
        source: serde_json::Error,
    },
    /// A step must have a proper name.
    #[error(transparent)]
    Step(#[from] NotAStep),
    /// No run has this id.
    #[error("there is no run {0:?}; `exuvia history --all-installs` shows those there are")]
    NoRun(String),
    /// Several runs could be meant.
    #[error("{asked:?} could be any of {}; give more of the id", list(.candidates))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// What it could be, or some of that.
        candidates: Vec<RunId>,
    },
    /// A run that has ended is not carried on.
    #[error("{0} has ended already")]
    Ended(RunId),
    /// A run whose process lives is not taken from it.
    #[error("{run} is still carried by process {pid}")]
    Carried {
        /// The run.
        run: RunId,
        /// Its process.
        pid: u32,
    },
    /// Nobody takes what is written out.
    #[error("cannot write the export: {0}")]
    Export(std::io::Error),
}

impl JournalError {
    /// What SQLite's answer means for the journal at this path.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let at = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path: at,
                why: source.to_string(),
            },
            Some(ErrorCode::DiskFull) => Self::Full(at),
            Some(ErrorCode::CannotOpen) => Self::CannotOpen(at),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly(at),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(at),
            _ => Self::Sqlite { path: at, source },
        }
    }

    /// Something in it is not as it was written.
    pub(super) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
        }
    }
}

fn list(ids: &[RunId]) -> String {
    let ids: Vec<&str> = ids.iter().map(RunId::as_str).collect();
    ids.join(", ")
}
