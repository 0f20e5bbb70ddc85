//! Databases are taken whole, beside whoever writes them.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use common::{Lab, assert_same, facts, noise};
use exuvia_host::disk::{Disk, point};
use exuvia_host::points::Points;
use exuvia_store::{SnapshotOptions, Store, Why};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

const CHILD: &str = "EXUVIA_STORE_TEST_WRITER";
const ACCOUNTS: i64 = 50;

fn open(path: &Path, mode: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(20))
        .unwrap();
    connection
        .pragma_update(None, "journal_mode", mode)
        .unwrap();
    connection
        .pragma_update(None, "synchronous", "off")
        .unwrap();
    connection
}

fn prepare(path: &Path, mode: &str) {
    open(path, mode)
        .execute_batch(&format!(
            "CREATE TABLE account (id INTEGER PRIMARY KEY, value INTEGER, filler BLOB);
             CREATE TABLE done (number INTEGER PRIMARY KEY);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ACCOUNTS})
             INSERT INTO account SELECT i, 100, randomblob(3000) FROM n;"
        ))
        .unwrap();
}

/// Moves something between two rows, which lie in two pages, and counts: the sum never changes.
fn transfer(connection: &Connection, number: i64) {
    let (from, to) = (number % ACCOUNTS, (number * 7 + 3) % ACCOUNTS);
    connection
        .execute_batch(&format!(
            "BEGIN IMMEDIATE;
             UPDATE account SET value = value - 5, filler = randomblob(3000) WHERE id = {from};
             UPDATE account SET value = value + 5 WHERE id = {to};
             INSERT INTO done VALUES ({number});
             COMMIT;"
        ))
        .unwrap();
}

/// The sum over all rows, and the last transfer.
fn look(path: &Path) -> (i64, i64) {
    let connection = Connection::open(path).unwrap();
    let ok: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(ok, "ok");
    let sum = connection
        .query_row("SELECT sum(value) FROM account", [], |row| row.get(0))
        .unwrap();
    let last = connection
        .query_row("SELECT coalesce(max(number), 0) FROM done", [], |row| {
            row.get(0)
        })
        .unwrap();
    (sum, last)
}

/// The other process: writes without end, tells every transfer when it is acknowledged, and at the
/// end how long it waited at most.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let path = PathBuf::from(path);
    let mode = std::env::var("EXUVIA_STORE_TEST_MODE").unwrap();
    let connection = open(&path, &mode);
    let parent = std::os::unix::process::parent_id();
    let mut out = std::io::stdout();
    let mut longest = 0;
    for number in 1.. {
        let started = Instant::now();
        transfer(&connection, number);
        longest = longest.max(started.elapsed().as_millis());
        if mode == "wal" && number % 7 == 0 {
            let how = ["PASSIVE", "RESTART", "TRUNCATE"][usize::try_from(number % 3).unwrap()];
            let _ = connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()));
        }
        writeln!(out, "acknowledged {number} {longest}").unwrap();
        if std::os::unix::process::parent_id() != parent {
            return;
        }
    }
}

struct Writer {
    child: Child,
    lines: std::sync::mpsc::Receiver<(i64, u64)>,
    last: (i64, u64),
}

impl Writer {
    fn start(path: &Path, mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture"])
            .env(CHILD, path)
            .env("EXUVIA_STORE_TEST_MODE", mode)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let mut words = line.split_whitespace();
                if words.next() == Some("acknowledged") {
                    let mut number = || words.next().unwrap().parse::<u64>().unwrap();
                    let told = (i64::try_from(number()).unwrap(), number());
                    if sender.send(told).is_err() {
                        return;
                    }
                }
            }
        });
        let mut writer = Self {
            child,
            lines,
            last: (0, 0),
        };
        writer.wait_for(3);
        writer
    }

    /// The last transfer that was acknowledged by now.
    fn acknowledged(&mut self) -> i64 {
        while let Ok(told) = self.lines.try_recv() {
            self.last = told;
        }
        self.last.0
    }

    fn wait_for(&mut self, more: i64) {
        let wanted = self.acknowledged() + more;
        while self.last.0 < wanted {
            let patience = std::time::Duration::from_mins(1);
            self.last = self
                .lines
                .recv_timeout(patience)
                .expect("the writer writes");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn fifty_snapshots(mode: &str) {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    prepare(&path, mode);
    let mut writer = Writer::start(&path, mode);
    let mut taken = Vec::new();
    for _ in 0..50 {
        writer.wait_for(2);
        let acknowledged = writer.acknowledged();
        taken.push((lab.snapshot(), acknowledged));
    }
    writer.wait_for(1);
    println!("{mode}: a transfer waited at most {} ms", writer.last.1);
    drop(writer);
    for (number, (snapshot, acknowledged)) in taken.iter().enumerate() {
        let target = lab.path(&format!("restored-{number}"));
        lab.store.restore_into(snapshot, &target).unwrap();
        let (sum, last) = look(&target.join("state.db"));
        assert_eq!(sum, ACCOUNTS * 100, "snapshot {number} is torn");
        assert!(
            last >= *acknowledged,
            "snapshot {number} has {last} and not {acknowledged}"
        );
    }
}

#[test]
fn fifty_snapshots_beside_a_writer_with_a_log_are_all_whole() {
    fifty_snapshots("wal");
}

#[test]
fn fifty_snapshots_beside_a_writer_with_a_journal_are_all_whole() {
    fifty_snapshots("delete");
}

/// A database that was left with its log, as a gateway that was killed leaves it.
fn cold_with_log(path: &Path) -> i64 {
    prepare(path, "wal");
    let connection = open(path, "wal");
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    for number in 1..=20 {
        transfer(&connection, number);
    }
    20
}

#[test]
fn a_cold_database_with_a_log_left_over_is_taken_with_it_and_nothing_is_touched() {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    let last = cold_with_log(&path);
    assert!(lab.tree().join("state.db-wal").metadata().unwrap().len() > 0);
    let before = facts(&lab.tree());
    let snapshot = lab.snapshot();
    assert_same(&facts(&lab.tree()), &before);
    assert!(
        snapshot
            .left_out
            .iter()
            .any(|left| left.why == Why::LogIndex),
        "{snapshot:?}"
    );
    let target = lab.path("restored");
    lab.store.restore_into(&snapshot, &target).unwrap();
    assert!(!target.join("state.db-shm").exists());
    assert_eq!(look(&target.join("state.db")), (ACCOUNTS * 100, last));
}

#[test]
fn restoring_in_place_leaves_no_log_of_another_time_beside_a_database() {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    prepare(&path, "wal");
    let clean = lab.snapshot();
    assert!(!lab.tree().join("state.db-wal").exists());
    let connection = open(&path, "wal");
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    (1..=20).for_each(|number| transfer(&connection, number));
    drop(connection);
    let with_log = lab.snapshot();
    lab.in_place(&clean);
    assert!(!lab.tree().join("state.db-wal").exists());
    assert!(!lab.tree().join("state.db-shm").exists());
    assert_eq!(look(&path), (ACCOUNTS * 100, 0));
    lab.in_place(&with_log);
    assert!(!lab.tree().join("state.db-shm").exists());
    assert_eq!(look(&path), (ACCOUNTS * 100, 20));
}

#[test]
fn a_hot_journal_is_taken_with_its_database_and_rolled_back_only_in_the_copy() {
    let lab = Lab::new();
    let path = lab.path("other.db");
    prepare(&path, "delete");
    let connection = open(&path, "delete");
    // A transaction that spilled into the database and was then cut short by a crash: the files
    // are copied as they are in the middle of it.
    connection.pragma_update(None, "cache_size", 2).unwrap();
    connection
        .execute_batch("BEGIN IMMEDIATE; UPDATE account SET value = 0, filler = randomblob(3000);")
        .unwrap();
    fs::copy(&path, lab.tree().join("state.db")).unwrap();
    fs::copy(
        lab.path("other.db-journal"),
        lab.tree().join("state.db-journal"),
    )
    .unwrap();
    drop(connection);
    let before = facts(&lab.tree());
    let snapshot = lab.snapshot();
    assert_same(&facts(&lab.tree()), &before);
    assert_same(&lab.fresh(&snapshot), &before);
    let target = lab.path("restored");
    lab.store.restore_into(&snapshot, &target).unwrap();
    assert_eq!(look(&target.join("state.db")), (ACCOUNTS * 100, 0));
}

/// Makes it 20 MB long, with nothing left in a log.
fn fill(connection: &Connection) {
    connection
        .execute_batch(
            "CREATE TABLE big (id INTEGER PRIMARY KEY, filler BLOB);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO big SELECT i, randomblob(4000) FROM n;
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
}

#[test]
fn a_little_change_of_a_large_database_costs_a_little() {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    prepare(&path, "delete");
    let connection = open(&path, "delete");
    fill(&connection);
    let first = lab.snapshot();
    transfer(&connection, 1);
    let second = lab.snapshot();
    assert!(first.stats.added_bytes > 20_000_000);
    assert!(second.stats.added_bytes < 1_000_000, "{:?}", second.stats);
}

#[test]
fn a_checkpoint_adds_the_pages_that_it_wrote_and_little_around_them() {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    let connection = open(&path, "wal");
    fill(&connection);
    let first = lab.snapshot();
    // A hundred pages, far from each other: 400 KB of 20 MB.
    connection
        .execute_batch(
            "UPDATE big SET filler = randomblob(4000) WHERE id % 50 = 7;
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
    let second = lab.snapshot();
    assert!(first.stats.added_bytes > 20_000_000, "{:?}", first.stats);
    assert!(second.stats.added_bytes < 2_500_000, "{:?}", second.stats);
}

#[test]
fn a_log_that_did_not_move_is_known_though_its_ctime_did() {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    cold_with_log(&path);
    lab.write("settled", "x");
    let settled = |lab: &Lab| {
        // Until file times can be trusted again.
        let started = Instant::now();
        loop {
            let snapshot = lab.snapshot();
            if snapshot.stats.read_files == 0 {
                return;
            }
            assert!(started.elapsed().as_secs() < 20, "{:?}", snapshot.stats);
        }
    };
    settled(&lab);
    let log = lab.tree().join("state.db-wal");
    let mode = fs::metadata(&log).unwrap().permissions();
    fs::set_permissions(&log, mode).unwrap();
    let plan = lab
        .store
        .plan(&lab.tree(), SnapshotOptions::default())
        .unwrap();
    assert!(plan.is_unchanged(), "{:?}", plan.to_read());
}

#[test]
fn a_file_that_only_looks_like_a_log_is_a_file() {
    let lab = Lab::new();
    lab.write("notes", "no database");
    lab.write("notes-wal", "text");
    lab.write("notes-shm", "text");
    lab.write("x.db", noise(4096, 1));
    lab.write("x.db-journal", "text");
    let snapshot = lab.snapshot();
    assert!(snapshot.left_out.is_empty());
    assert_same(&lab.fresh(&snapshot), &facts(&lab.tree()));
}

/// The other process that keeps a database for itself, until it is killed.
#[test]
fn locker() {
    let Some(path) = std::env::var_os("EXUVIA_STORE_TEST_LOCKER") else {
        return;
    };
    let connection = open(Path::new(&path), "delete");
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    println!("\nlocked");
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_database_that_stays_locked_is_told_and_nothing_is_taken() {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    prepare(&path, "delete");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "locker", "--nocapture"])
        .env("EXUVIA_STORE_TEST_LOCKER", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "locked"));
    let error = lab
        .store
        .snapshot(&lab.tree(), SnapshotOptions::default())
        .unwrap_err();
    assert!(error.to_string().contains("stayed locked"), "{error}");
    assert!(lab.store.list().unwrap().0.is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lab.snapshot().stats.files, 1);
}

/// Writes when somebody is about to lock a database, and counts how often it is read after that.
#[derive(Debug)]
struct AtTheLock {
    path: PathBuf,
    writes: bool,
    locked: AtomicBool,
    read_after: AtomicUsize,
}

impl Points for AtTheLock {
    fn reach(&self, point: &'static str, path: &Path) -> std::io::Result<()> {
        if path != self.path {
            return Ok(());
        }
        if point == point::LOCK && !self.locked.swap(true, Ordering::Relaxed) && self.writes {
            let connection = open(&self.path, "wal");
            transfer(&connection, 1);
            connection
                .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
                .unwrap();
        }
        if point == point::READ && self.locked.load(Ordering::Relaxed) {
            self.read_after.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Takes a database of 20 MB; gives what is in the copy, and how often its file was read once it
/// was held.
fn taken_at_the_lock(writes: bool) -> ((i64, i64), usize) {
    let lab = Lab::new();
    let path = lab.tree().join("state.db");
    prepare(&path, "wal");
    fill(&open(&path, "wal"));
    let disk = Disk::new();
    let stat = || {
        disk.open_dir(&lab.tree())
            .unwrap()
            .stat("state.db".as_ref())
    };
    // Times closer than this say nothing.
    while stat().unwrap().changed >= disk.file_clock().earlier_by_millis(100) {
        std::hint::spin_loop();
    }
    let points = Arc::new(AtTheLock {
        path: path.clone(),
        writes,
        locked: AtomicBool::new(false),
        read_after: AtomicUsize::new(0),
    });
    let host = Arc::new(exuvia_host::SystemHost::new());
    let store = Store::at(host, Disk::with_points(points.clone()), lab.path("store"))
        .open()
        .unwrap();
    let options = SnapshotOptions::default();
    let snapshot = store.snapshot(&lab.tree(), options).unwrap();
    let target = lab.path("restored");
    store.restore_into(&snapshot, &target).unwrap();
    let read_after = points.read_after.load(Ordering::Relaxed);
    (look(&target.join("state.db")), read_after)
}

#[test]
fn a_large_database_is_read_before_it_is_held_and_again_if_it_moved_until_then() {
    let (calm, read_while_held) = taken_at_the_lock(false);
    assert_eq!((calm, read_while_held), ((ACCOUNTS * 100, 0), 0));
    let (written, read_while_held) = taken_at_the_lock(true);
    assert_eq!(written, (ACCOUNTS * 100, 1));
    assert!(read_while_held > 0);
}
