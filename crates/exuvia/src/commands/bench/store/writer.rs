//! A process that writes databases steadily and keeps a sum over all rows the same.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use rusqlite::Connection;

#[derive(Debug, Args)]
pub(crate) struct WriterArgs {
    /// The databases to write, by turns
    databases: Vec<PathBuf>,
    /// How long it rests after each commit, in milliseconds
    #[arg(long, default_value_t = 4)]
    rest_ms: u64,
}

/// What each row of an account begins with.
const EACH: i64 = 100;
/// About what a row takes: a page, so that what is written lies all over the database.
const ROW_BYTES: u64 = 4096;

/// Makes a database of about so many bytes, in WAL mode.
pub(super) fn prepare(path: &Path, bytes: u64) -> Result<()> {
    let connection = open(path)?;
    let rows = bytes / ROW_BYTES;
    connection.execute_batch(&format!(
        "CREATE TABLE account (id INTEGER PRIMARY KEY, value INTEGER, filler TEXT);
         CREATE TABLE turn (id INTEGER PRIMARY KEY, body TEXT);
         BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})
         INSERT INTO account SELECT i, {EACH}, hex(randomblob(1900)) FROM n;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    Ok(())
}

/// As OpenClaw opens its own: a write-ahead log, made durable when it is moved.
fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(20))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    Ok(connection)
}

/// Whether a copy of a database is as it was at one moment.
pub(super) fn is_consistent(path: &Path) -> Result<bool> {
    let connection = Connection::open(path)?;
    let query = "SELECT sum(value) = count(*) * ?1 FROM account";
    let kept: bool = connection.query_row(query, [EACH], |row| row.get(0))?;
    let sound: String = connection.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    Ok(kept && sound == "ok")
}

/// What the writer has seen since it was last asked.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    longest: Duration,
    commits: u64,
}

/// Writes until standard input ends; answers each line of it with what it saw since the last.
pub(crate) fn writer(args: &WriterArgs) -> Result<ExitCode> {
    let connections = args
        .databases
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>>>()?;
    let seen = Arc::new(Mutex::new(Some(Seen::default())));
    let answering = Arc::clone(&seen);
    std::thread::spawn(move || answer(&answering));
    for (number, connection) in (0..).zip(connections.iter().cycle()) {
        let started = Instant::now();
        transfer(connection, number)?;
        let took = started.elapsed();
        match &mut *seen.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(seen) => {
                seen.longest = seen.longest.max(took);
                seen.commits += 1;
            }
            None => break,
        }
        std::thread::sleep(Duration::from_millis(args.rest_ms));
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(seen: &Mutex<Option<Seen>>) {
    for _ in std::io::stdin().lines().map_while(Result::ok) {
        let mut now = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = now.replace(Seen::default()).unwrap_or_default();
        let longest = seen.longest.as_secs_f64() * 1000.0;
        let told = writeln!(std::io::stdout(), "{longest} {}", seen.commits);
        if told.is_err() {
            break;
        }
    }
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Moves something between two rows, which lie in two pages, and adds one.
fn transfer(connection: &Connection, number: i64) -> Result<()> {
    // Large primes: the rows of one transfer after the other lie far from each other.
    let (from, to) = (number * 7919, number * 104_729 + 1);
    let row = |number| format!("{number} % (SELECT max(id) + 1 FROM account)");
    let (from, to) = (row(from), row(to));
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         UPDATE account SET value = value - 5, filler = hex(randomblob(1900)) WHERE id = {from};
         UPDATE account SET value = value + 5 WHERE id = {to};
         INSERT INTO turn (body) VALUES (hex(randomblob(500)));
         COMMIT;"
    ))?;
    Ok(())
}

/// The writer, as whoever started it sees it.
#[derive(Debug)]
pub(super) struct Writer {
    child: Child,
    ask: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

/// What a writer saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waited {
    /// The longest time that a commit took, its own work included.
    pub(super) millis: f64,
    pub(super) commits: u64,
}

impl Writer {
    pub(super) fn start(databases: &[PathBuf]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bench", "writer"])
            .args(databases)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let ask = child.stdin.take();
        let told = child.stdout.take().context("the writer has no output")?;
        Ok(Self {
            child,
            ask,
            told: BufReader::new(told),
        })
    }

    /// What it saw since it was last asked.
    pub(super) fn ask(&mut self) -> Result<Waited> {
        let ask = self.ask.as_mut().context("the writer was stopped")?;
        writeln!(ask, "and?")?;
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let mut word = || words.next().context("the writer ended");
        Ok(Waited {
            millis: word()?.parse()?,
            commits: word()?.parse()?,
        })
    }

    /// Lets it write so many commits.
    pub(super) fn let_write(&mut self, commits: u64) -> Result<Waited> {
        let (mut longest, mut done) = (0.0_f64, 0);
        while done < commits {
            std::thread::sleep(Duration::from_millis(50));
            let waited = self.ask()?;
            longest = longest.max(waited.millis);
            done += waited.commits;
        }
        Ok(Waited {
            millis: longest,
            commits: done,
        })
    }

    /// Ends it.
    pub(super) fn stop(mut self) -> Result<()> {
        drop(self.ask.take());
        ensure!(self.child.wait()?.success(), "the writer failed");
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
