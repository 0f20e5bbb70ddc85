//! Room for the events of a run, before the run begins.
//!
//! A disk that fills up in the middle of an operation must not keep the journal from telling so.
//! Looking at the free space would promise what somebody else may take a moment later, and so may
//! they the room of a file that is removed when it is needed. So the room is made where SQLite will
//! write: a filler is written into the database and taken out again. What that leaves is
//!
//! - pages in the database that are its own and free, which new events take first, and
//! - a log that is as long as the filler was, and is written from its start again once what is in it
//!   was moved into the database: every [`CHECKPOINT_PAGES`] pages, and by nobody's closing it
//!   (`connect.rs`).
//!
//! The filler is random, so that no file system leaves out or compresses what it is made of. On one
//! that writes elsewhere what is overwritten (btrfs, ZFS) a full disk can still refuse; then the step
//! that was about to be taken is not taken.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use exuvia_host::disk::{Disk, pause};
use exuvia_host::{Host, Links};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::connect::{PATIENCE, PAUSE};
use super::error::JournalError;

/// After how many pages the log is moved into the database: few, so that it has room for more.
pub(super) const CHECKPOINT_PAGES: u32 = 64;
/// What a page takes (`PRAGMA page_size`), and what it takes in the log with its header
/// (sqlite.org/fileformat2.html, 4.1).
const PAGE: u32 = 4096;
const FRAME: u32 = PAGE + 24;
/// The room of a run, in pages.
pub(super) const RUN_PAGES: u32 = 256;
/// For how many runs at most; further ones share it.
const MOST_RUNS: u32 = 8;
/// How often a filler is added, at most: each adds to what there is, or gathers what lay scattered.
const ROUNDS: u32 = 2 * MOST_RUNS;
/// What is left to others of the disk.
const MARGIN: u32 = 64 * 1024;

/// Makes room for the runs that have not ended, and `more`.
pub(super) fn make(
    connection: &mut Connection,
    host: &dyn Host,
    path: &Path,
    more: u32,
) -> Result<(), JournalError> {
    let failed = |source| JournalError::of(path, source);
    for _ in 0..ROUNDS {
        let transaction = immediate(connection).map_err(failed)?;
        if is_made(&transaction, host, path, more)? {
            return Ok(());
        }
        afford(path)?;
        let filler = RUN_PAGES * PAGE;
        transaction
            .execute("INSERT INTO room VALUES (randomblob(?1))", [filler])
            .and_then(|_| transaction.commit())
            .map_err(failed)?;
        settle(connection, host, path)?;
    }
    Err(JournalError::Busy(path.to_owned()))
}

/// Whether there is room for the runs that have not ended, and `more`.
pub(super) fn is_made(
    transaction: &Transaction<'_>,
    host: &dyn Host,
    path: &Path,
    more: u32,
) -> Result<bool, JournalError> {
    let count = |sql: &str| {
        let answer = transaction.query_row(sql, [], |row| row.get::<_, u32>(0));
        answer.map_err(|source| JournalError::of(path, source))
    };
    let begun = count("SELECT count(*) FROM event WHERE step = 'begin'")?;
    let ended = count("SELECT count(*) FROM event WHERE step = 'finish'")?;
    let free = count("PRAGMA freelist_count")?;
    let fillers = count("SELECT count(*) FROM room")?;
    let runs = (begun.saturating_sub(ended) + more).min(MOST_RUNS);
    let log = match host.metadata(&log(path), Links::Refuse) {
        Ok(meta) => meta.len,
        Err(error) if error.is_not_found() => 0,
        Err(error) => return Err(error.into()),
    };
    let pages = fillers.saturating_mul(RUN_PAGES).saturating_add(free);
    Ok(pages >= runs * RUN_PAGES && log >= u64::from(RUN_PAGES * FRAME))
}

/// Gives what the fillers take to whatever is written next. Part of every writing transaction: the
/// process that made a filler may have died before it could.
pub(super) fn open(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM room", [])?;
    Ok(())
}

/// Begins to write; others wait.
pub(super) fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Refuses before the disk is filled up to no purpose.
fn afford(path: &Path) -> Result<(), JournalError> {
    let home = path.parent().unwrap_or(path);
    let free = Disk::new().open_dir(home)?.free_space()?;
    let needed = u64::from(RUN_PAGES * (PAGE + FRAME) + MARGIN);
    if free >= needed {
        return Ok(());
    }
    Err(JournalError::NoRoom {
        path: path.to_owned(),
        needed,
        free,
    })
}

/// Moves the log into the database, so that what was added is there too, and the log is written
/// from its start again. SQLite does not wait for another who does the same, so that is done here.
fn settle(connection: &Connection, host: &dyn Host, path: &Path) -> Result<(), JournalError> {
    let started = host.elapsed();
    loop {
        let busy: bool = connection
            .query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get(0))
            .map_err(|source| JournalError::of(path, source))?;
        if !busy {
            return Ok(());
        }
        if host.elapsed().saturating_sub(started) >= PATIENCE {
            return Err(JournalError::Busy(path.to_owned()));
        }
        pause(PAUSE);
    }
}

/// The log beside a database.
fn log(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-wal");
    PathBuf::from(name)
}
