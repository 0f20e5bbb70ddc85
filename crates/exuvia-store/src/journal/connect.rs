//! Coming to the journal's database.

use std::path::Path;
use std::time::Duration;

use exuvia_host::disk::pause;
use exuvia_host::{Host, Links, Lock};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::JournalError;
use super::room;

/// How long others may keep it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited between two tries, where SQLite itself does not wait.
pub(super) const PAUSE: Duration = Duration::from_millis(5);
/// The lock of those who make the journal, or bring it forward.
const LOCK: &str = "journal.lock";

/// Opens a database that is there, without changing it yet. One that may not be written is opened
/// for reading.
pub(super) fn connect(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(PATIENCE)?;
            // The last to close a database moves its log into it and removes the log, and with it
            // the room that the log has (room.rs).
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            connection.pragma_update(None, "wal_autocheckpoint", room::CHECKPOINT_PAGES)?;
            Ok(connection)
        })
        .map_err(|source| JournalError::of(path, source))
}

/// Has it keep a log, so that reading and writing go on beside each other.
pub(super) fn share(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let failed = |source| JournalError::of(path, source);
    let mode = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0));
    if mode("PRAGMA journal_mode").map_err(failed)? == "wal" {
        return Ok(());
    }
    match mode("PRAGMA journal_mode = WAL").map_err(failed)?.as_str() {
        "wal" => Ok(()),
        _ => Err(JournalError::NoSharing(path.to_owned())),
    }
}

/// Makes the database, empty. SQLite gives the files beside it the mode of this one.
///
/// Only for whoever is [`alone`]: it would replace what another process makes.
pub(super) fn make(host: &dyn Host, path: &Path) -> Result<(), JournalError> {
    match host.metadata(path, Links::Refuse) {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(host.write_atomic(path, b"", 0o600)?),
        Err(error) => Err(error.into()),
    }
}

/// Keeps others from making the journal or bringing it forward at the same time.
pub(super) fn alone(host: &dyn Host, path: &Path) -> Result<Lock, JournalError> {
    let lock = path.with_file_name(LOCK);
    let started = host.elapsed();
    loop {
        if let Some(taken) = host.try_lock(&lock)? {
            return Ok(taken);
        }
        if host.elapsed().saturating_sub(started) >= PATIENCE {
            return Err(JournalError::Busy(path.to_owned()));
        }
        pause(PAUSE);
    }
}
