use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use exuvia_host::SystemHost;
use exuvia_host::points::{self, Points};
use exuvia_host::testing::TestHost;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::*;

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .unwrap();
    connection
}

/// Names, sizes, times and contents of all files in a directory.
fn witness(directory: &Path) -> Vec<(String, u64, std::time::SystemTime, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            let name = entry.file_name().into_string().unwrap();
            let content = std::fs::read(entry.path()).unwrap();
            (name, meta.len(), meta.modified().unwrap(), content)
        })
        .collect();
    files.sort();
    files
}

/// How many commits the writer has made; whoever copies waits now and then for some more of them
/// between two files, so that the writer really gets in between.
#[derive(Debug, Default)]
struct Commits {
    made: AtomicU64,
    asked: AtomicU64,
    stop: AtomicBool,
}

/// Ends the writer.
struct Stop<'c>(&'c Commits);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Points for Commits {
    fn reach(&self, point: &'static str, _path: &Path) -> std::io::Result<()> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if point == points::name::COPY && asked.is_multiple_of(5) {
            let wanted = self.made.load(Ordering::Relaxed) + asked % 4;
            let started = std::time::Instant::now();
            while self.made.load(Ordering::Relaxed) < wanted {
                assert!(started.elapsed().as_secs() < 60, "the writer is stuck");
                std::thread::yield_now();
            }
        }
        Ok(())
    }
}

/// Rows that fill a page each, so that a transfer between two of them changes two pages.
const ACCOUNTS: u64 = 100;

/// Moves money between rows at every commit, so that the sum never changes; checkpoints in every
/// way there is, so that the log is emptied and started anew all the time.
fn write_without_end(path: &Path, commits: &Commits) {
    let connection = open(path);
    connection
        .pragma_update(None, "synchronous", "off")
        .unwrap();
    while !commits.stop.load(Ordering::Relaxed) {
        let number = commits.made.load(Ordering::Relaxed);
        let (from, to) = (number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS);
        let batch = format!(
            "BEGIN IMMEDIATE;
             UPDATE accounts SET value = value - 3 WHERE id = {from};
             UPDATE accounts SET value = value + 3 WHERE id = {to};
             COMMIT;"
        );
        connection.execute_batch(&batch).unwrap();
        if number.is_multiple_of(3) {
            let mode =
                ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][usize::try_from(number % 4).unwrap()];
            let _ = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        }
        commits.made.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn every_copy_taken_beside_a_busy_writer_is_consistent() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("state.sqlite");
    let setup = open(&database);
    setup
        .execute_batch(&format!(
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, value INTEGER, filler BLOB);
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ACCOUNTS})
             INSERT INTO accounts SELECT i, 10, randomblob(3000) FROM n;
             PRAGMA user_version = 17;"
        ))
        .unwrap();
    let scratch = dir.path().join("scratch");
    let commits = Arc::new(Commits::default());
    let host = SystemHost::with_points(commits.clone());
    std::thread::scope(|scope| {
        // Dropped before the scope waits for the writer, whatever fails in between.
        let _stop = Stop(&commits);
        scope.spawn(|| write_without_end(&database, &commits));
        let (mut copies, mut busy) = (0, 0);
        while copies < 200 {
            match copy_database(&host, &database, &scratch) {
                Ok(copy) => {
                    copies += 1;
                    check(&copy);
                }
                // Overtaken fifty times over: said, and never answered with half a copy.
                Err(CopyError::Busy(_)) => busy += 1,
                Err(error) => panic!("{error}"),
            }
            assert!(busy < 200, "a copy must be had beside a writer");
            match user_version(&host, &database) {
                Ok(version) => assert_eq!(version, 17),
                Err(error) => assert!(error.to_string().contains("faster"), "{error}"),
            }
        }
    });
    assert!(
        commits.made.load(Ordering::Relaxed) > 400,
        "the writer was at work meanwhile"
    );
    assert_eq!(
        std::fs::read_dir(&scratch).unwrap().count(),
        0,
        "no copy is left over"
    );
}

fn check(copy: &PrivateCopy<'_>) {
    let connection = copy.open().unwrap();
    let sum: i64 = connection
        .query_row("SELECT sum(value) FROM accounts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sum, 1000);
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[test]
fn reading_leaves_every_file_beside_the_database_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    std::fs::create_dir(&live).unwrap();
    let database = live.join("state.sqlite");
    let connection = open(&database);
    connection
        .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1); PRAGMA user_version = 7;")
        .unwrap();
    for closed in [false, true] {
        if closed {
            // A `-wal` without a `-shm`: opening it in place would create one.
            std::fs::remove_file(live.join("state.sqlite-shm")).unwrap();
        }
        let before = witness(&live);
        let host = TestHost::new();
        let copy = copy_database(&host, &database, &dir.path().join("scratch")).unwrap();
        let rows: i64 = copy
            .open()
            .unwrap()
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "what is only in the log is seen");
        assert_eq!(user_version(&host, &database).unwrap(), 7);
        assert_eq!(witness(&live), before);
    }
}

#[test]
fn the_version_is_the_last_committed_one_wherever_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("agent.sqlite");
    let host = TestHost::new();
    let connection = open(&database);
    connection
        .execute_batch("CREATE TABLE t (x); PRAGMA user_version = 21;")
        .unwrap();
    assert_eq!(user_version(&host, &database).unwrap(), 21, "in the log");

    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    assert_eq!(
        user_version(&host, &database).unwrap(),
        21,
        "in the database"
    );

    connection
        .execute_batch("PRAGMA user_version = 22; INSERT INTO t VALUES (1);")
        .unwrap();
    assert_eq!(
        user_version(&host, &database).unwrap(),
        22,
        "in the log again"
    );

    // A torn end: the last transactions are not there, the ones before are.
    let log = dir.path().join("agent.sqlite-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    bytes.extend_from_slice(&[7; 100]);
    std::fs::write(&log, bytes).unwrap();
    assert_eq!(user_version(&host, &database).unwrap(), 22);
}

#[test]
fn what_is_no_database_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let host = TestHost::new();
    let path = dir.path().join("openclaw.sqlite");
    for content in [b"".as_slice(), b"SQLite format 3\0", &[0xff; 5000]] {
        std::fs::write(&path, content).unwrap();
        let error = user_version(&host, &path).unwrap_err().to_string();
        assert!(
            error.contains("openclaw.sqlite is not an SQLite database"),
            "{error}"
        );
    }
    // A log that is noise is no log.
    std::fs::write(dir.path().join("openclaw.sqlite-wal"), [0x37; 4096]).unwrap();
    assert!(user_version(&host, &path).is_err());
}

#[test]
fn a_view_in_the_place_of_the_table_is_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let connection = open(&state.join("openclaw.sqlite"));
    connection
        .execute_batch(
            "CREATE VIEW config_machine_state AS
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
             SELECT 'plugins.installedIndex' AS state_key, '{}' AS value_json FROM n WHERE i < 0;",
        )
        .unwrap();
    let index = read_plugin_index(&TestHost::new(), dir.path(), &dir.path().join("scratch"));
    assert!(index.unwrap().is_none());
}
