//! A consistent private copy of a database that somebody may be writing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use exuvia_host::{Host, HostError, Links, Meta};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::wal::{self, WalHeader};

/// How often a copy that was overtaken by the writer is taken again.
const ATTEMPTS: usize = 50;
/// Larger databases are not copied.
const MAX_BYTES: u64 = 1 << 30;

/// No copy could be taken.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It is too large to be copied in a moment.
    #[error("{} has {bytes} bytes, which is more than Exuvia copies to read", .path.display())]
    TooLarge {
        /// The database.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// It never held still.
    #[error("{} was written faster than it could be copied: run the check again", .0.display())]
    Busy(PathBuf),
    /// The plugin index in it cannot be read.
    #[error("the plugin index in {} is not JSON", .0.display())]
    NotJson(PathBuf),
    /// SQLite does not take the copy for a database.
    #[error("cannot read {}: {source}", .path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
}

/// A copy in a directory of its own, which goes with it.
#[derive(Debug)]
pub struct PrivateCopy<'h> {
    host: &'h dyn Host,
    directory: PathBuf,
    original: PathBuf,
}

impl PrivateCopy<'_> {
    /// Opens the copy. It may have been made by somebody hostile: no code in its schema is run.
    pub fn open(&self) -> Result<Connection, CopyError> {
        let failed = |source| self.failed(source);
        let connection = Connection::open(self.database()).map_err(failed)?;
        for (setting, on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        ] {
            connection.set_db_config(setting, on).map_err(failed)?;
        }
        Ok(connection)
    }

    /// What it is a copy of.
    pub fn original(&self) -> &Path {
        &self.original
    }

    /// An error of SQLite about this copy, told of the original.
    pub(super) fn failed(&self, source: rusqlite::Error) -> CopyError {
        CopyError::Sqlite {
            path: self.original.clone(),
            source,
        }
    }

    fn database(&self) -> PathBuf {
        self.directory.join("copy.sqlite")
    }
}

impl Drop for PrivateCopy<'_> {
    fn drop(&mut self) {
        // What is left over is in a private directory of ours, and harms nobody.
        let _ = self.host.remove_tree(&self.directory);
    }
}

/// Copies a database and its log into a new directory under `scratch`, touching neither.
///
/// Why the copy is whole: commits only append to the log, and a torn end is ignored by its
/// checksums; a checkpoint only moves frames into the database that are in the log too, which is
/// copied after it. What would break this is the log being started anew in between, and that
/// changes the salts in its header: so the header must be the same before, in the copy and after.
/// Without a log, the database must not have moved, a second reading of it must give the same
/// bytes (file times are too coarse to show two writes within a few milliseconds), and there must
/// still be no log and no rollback journal.
pub fn copy_database<'h>(
    host: &'h dyn Host,
    database: &Path,
    scratch: &Path,
) -> Result<PrivateCopy<'h>, CopyError> {
    let original = host.canonicalize(database)?;
    let copy = PrivateCopy {
        host,
        directory: scratch.join(unique_name()),
        original,
    };
    host.create_private_dir(&copy.directory)?;
    for _ in 0..ATTEMPTS {
        if attempt(host, &copy.original, &copy.database())? {
            return Ok(copy);
        }
    }
    Err(CopyError::Busy(copy.original.clone()))
}

/// What must be the same before and after.
#[derive(PartialEq, Eq)]
enum Witness {
    Log(WalHeader),
    NoLog(Meta),
}

fn attempt(host: &dyn Host, from: &Path, to: &Path) -> Result<bool, CopyError> {
    let (log, log_copy) = (wal::log_of(from), wal::log_of(to));
    let before = witness(host, from, &log)?;
    if has_journal(host, from)? {
        return Ok(false);
    }
    host.copy_file(from, to)?;
    let consistent = match &before {
        Witness::NoLog(_) => {
            host.remove_file(&log_copy)?;
            digest(host, from)? == digest(host, to)?
        }
        Witness::Log(header) => {
            copied(host.copy_file(&log, &log_copy))?
                && wal::header(host, &log_copy)? == Some(*header)
        }
    };
    Ok(consistent && witness(host, from, &log)? == before && !has_journal(host, from)?)
}

fn witness(host: &dyn Host, database: &Path, log: &Path) -> Result<Witness, CopyError> {
    let meta = host.metadata(database, Links::Refuse)?;
    if meta.len > MAX_BYTES {
        return Err(CopyError::TooLarge {
            path: database.to_owned(),
            bytes: meta.len,
        });
    }
    Ok(wal::header(host, log)?.map_or(Witness::NoLog(meta), Witness::Log))
}

fn digest(host: &dyn Host, path: &Path) -> Result<blake3::Hash, HostError> {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update_reader(host.open(path, Links::Refuse)?)
        .map_err(|source| HostError::new("read", path, source))?;
    Ok(hasher.finalize())
}

fn has_journal(host: &dyn Host, database: &Path) -> Result<bool, HostError> {
    match host.metadata(&wal::journal_of(database), Links::Refuse) {
        Ok(meta) => Ok(meta.len > 0),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// A log that went away in the meantime is no error, only no copy.
fn copied(result: Result<u64, HostError>) -> Result<bool, HostError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

fn unique_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("database-{}-{number}", std::process::id())
}
