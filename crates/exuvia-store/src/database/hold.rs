//! Keeps everybody from writing a database for a moment.

use std::ffi::OsStr;
use std::time::Duration;

use exuvia_host::disk::{Dir, File, pause};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;

/// How long a writer may take before it is told that the database is locked.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited between two tries. SQLite's own handler waits ever longer, up to 100 ms, and
/// beside a writer that never rests it may never come to its turn.
const PAUSE: Duration = Duration::from_millis(1);

/// Nobody else writes the database until this is dropped.
///
/// Closing any descriptor of a database drops the locks that SQLite holds on it in this process
/// (POSIX record locks belong to the process, not to the descriptor). So the file is a part of
/// this and is closed after the connection: the order of the fields is the order of dropping.
#[derive(Debug)]
pub(super) struct Hold {
    _connection: Option<Connection>,
    file: File,
}

impl Hold {
    /// Takes hold of a database; `file` is its own, opened to be locked.
    ///
    /// If nobody has it open, a lock on the whole file keeps it so, and SQLite is not involved: it
    /// would make files beside the database, or roll back a hot journal, and a snapshot changes
    /// nothing. If somebody has, `BEGIN IMMEDIATE` waits for the writer's turn and then keeps
    /// commits and resets of the log away, while reading goes on. A checkpoint may still move
    /// frames from the log into the database; those are in the log too.
    pub(super) fn take(dir: &Dir, name: &OsStr, file: File) -> Result<Self, StoreError> {
        if file.try_lock_records()? {
            return Ok(Self {
                _connection: None,
                file,
            });
        }
        let connection = begin(dir, name, &file)?;
        Ok(Self {
            _connection: Some(connection),
            file,
        })
    }

    /// The database's own file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

/// Whether to try again, after so many tries.
fn wait(tries: i32) -> bool {
    pause(PAUSE);
    u128::try_from(tries).unwrap_or(0) * PAUSE.as_millis() < PATIENCE.as_millis()
}

fn begin(dir: &Dir, name: &OsStr, file: &File) -> Result<Connection, StoreError> {
    let path = dir.path().join(name);
    let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::DatabaseLocked {
            path: path.clone(),
            seconds: PATIENCE.as_secs(),
        },
        _ => StoreError::Database {
            path: path.clone(),
            source,
        },
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
    connection.busy_handler(Some(wait)).map_err(failed)?;
    // The last to close a database moves its log into it: that is not ours to do.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .and_then(|_| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false))
        .and_then(|_| connection.execute_batch("BEGIN IMMEDIATE"))
        .map_err(failed)?;
    // SQLite opened it by its path, we by its directory: it must be the same file.
    let (ours, theirs) = (file.stat()?, dir.stat(name)?);
    if (ours.device, ours.inode) == (theirs.device, theirs.inode) {
        Ok(connection)
    } else {
        Err(StoreError::Unstable(vec![path]))
    }
}
