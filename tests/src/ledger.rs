//! A program that writes, and a rule over its rows that a torn copy breaks.
//!
//! `PRAGMA integrity_check` passes copies of a database that mix two moments of it. The sums here
//! do not: every transaction moves amounts between rows that lie far apart.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Dice;

/// Rows a table; two fill a page, so that a table is larger than what is read at once.
const ROWS: u64 = 1_000;
/// Bytes a row.
const ROW: u64 = 1_900;
/// What each row has at first.
const AMOUNT: i64 = 1_000;
/// Moves a transaction.
const MOVES: i64 = 8;
/// Pages in the log before it is moved into the database: 16 MB.
const LOG: u64 = 4_000;
/// Between two transactions.
const REST: Duration = Duration::from_millis(3);

/// A thread that keeps a ledger in a database of its own.
#[derive(Debug)]
pub struct Ledger {
    stop: Sender<()>,
    writer: JoinHandle<Written>,
}

/// What was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Transactions that were committed.
    pub transactions: i64,
    /// The longest that one took.
    pub longest: Duration,
}

impl Ledger {
    /// Makes the database and begins to write.
    pub fn keep(file: &Path) -> Self {
        let database = make(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let (stop, stopped) = channel();
        let writer = std::thread::spawn(move || {
            let mut dice = Dice::of(1);
            let mut written = Written {
                transactions: 0,
                longest: Duration::ZERO,
            };
            while stopped.recv_timeout(REST) == Err(RecvTimeoutError::Timeout) {
                let begun = Instant::now();
                commit(&database, &mut dice).unwrap_or_else(|error| panic!("ledger: {error}"));
                written.longest = written.longest.max(begun.elapsed());
                written.transactions += 1;
            }
            written
        });
        Self { stop, writer }
    }

    /// Ends, and says what was written.
    pub fn stop(self) -> Written {
        // A writer that failed listens no more, and joining tells why.
        let _ = self.stop.send(());
        let written = self.writer.join();
        written.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
    }

    /// Fails the test unless the ledger in a copy is of one moment; says how many transactions it
    /// has.
    pub fn check(file: &Path) -> i64 {
        let database = Connection::open(file);
        let database = database.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let number = |sql: &str| -> i64 {
            let read = database.query_row(sql, [], |row| row.get(0));
            read.unwrap_or_else(|error| panic!("{}: {sql}: {error}", file.display()))
        };
        let amounts =
            number("SELECT (SELECT sum(amount) FROM debit) + (SELECT sum(amount) FROM credit)");
        let rows = i64::try_from(2 * ROWS).unwrap_or(i64::MAX);
        assert_eq!(amounts, rows * AMOUNT, "amounts in {}", file.display());
        let moves = number("SELECT moves FROM tally");
        for table in ["debit", "credit"] {
            let of_table = number(&format!("SELECT sum(moves) FROM {table}"));
            assert_eq!(of_table, moves, "moves of {table} in {}", file.display());
        }
        moves / MOVES
    }
}

fn make(file: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(file)?;
    database.busy_timeout(Duration::from_secs(30))?;
    database.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = {LOG};
         BEGIN;
         CREATE TABLE debit (id INTEGER PRIMARY KEY, amount INTEGER, moves INTEGER, text BLOB);
         CREATE TABLE credit (id INTEGER PRIMARY KEY, amount INTEGER, moves INTEGER, text BLOB);
         CREATE TABLE tally (moves INTEGER);
         INSERT INTO tally VALUES (0);
         WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id + 1 < {ROWS})
           INSERT INTO debit SELECT id, {AMOUNT}, 0, randomblob({ROW}) FROM ids;
         INSERT INTO credit SELECT id, amount, 0, randomblob({ROW}) FROM debit;
         COMMIT"
    ))?;
    Ok(database)
}

fn commit(database: &Connection, dice: &mut Dice) -> rusqlite::Result<()> {
    let transaction = database.unchecked_transaction()?;
    for _ in 0..MOVES {
        let (from, to, amount) = (dice.below(ROWS), dice.below(ROWS), dice.below(100));
        transaction.execute_batch(&format!(
            "UPDATE debit SET amount = amount - {amount}, moves = moves + 1 WHERE id = {from};
             UPDATE credit SET amount = amount + {amount}, moves = moves + 1 WHERE id = {to}"
        ))?;
    }
    transaction.execute("UPDATE tally SET moves = moves + ?1", [MOVES])?;
    transaction.commit()
}
