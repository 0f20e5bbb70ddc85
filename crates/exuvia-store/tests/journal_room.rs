//! A full disk and a home that cannot be written stop a run before it begins, and never after.
//!
//! The disk is a small file system of the test's own, in a mount namespace that goes with it.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use exuvia_host::testing::TestHost;
use exuvia_host::{Home, SystemHost};
use exuvia_model::journal::{Operation, Outcome};
use exuvia_store::journal::{Filter, Journal, JournalError, NewRun};
use rusqlite::Connection;
use serde_json::json;

const JOB: &str = "EXUVIA_JOURNAL_TEST_JOB";

/// Runs a job in a process with mounts of its own, as an ordinary user too.
fn apart(job: &str) {
    let directory = tempfile::tempdir().unwrap();
    let root = is_root();
    let user = ["--user", "--map-root-user"];
    let output = Command::new("unshare")
        .args(if root { &[][..] } else { &user[..] })
        .arg("--mount")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(JOB, job)
        .env("DIRECTORY", directory.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{error}");
    assert!(told.contains("job done"), "{told}{error}");
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t0"))
}

fn run(program: &str, arguments: &[&OsStr]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {error}");
}

/// The process in the namespace.
#[test]
fn child() {
    let (Ok(job), Some(directory)) = (std::env::var(JOB), std::env::var_os("DIRECTORY")) else {
        return;
    };
    let directory = PathBuf::from(directory);
    match job.as_str() {
        "before" => before(&disk(&directory, 2)),
        "middle" => middle(&disk(&directory, 16)),
        "without log" => without_log(&disk(&directory, 16)),
        "beside" => beside(&disk(&directory, 16)),
        "read-only" => read_only(&disk(&directory, 16), &directory),
        other => panic!("no job {other}"),
    }
    println!("job done");
}

/// A small disk.
fn disk(directory: &Path, mib: u32) -> PathBuf {
    let at = directory.join("disk");
    fs::create_dir(&at).unwrap();
    let size = format!("size={mib}m");
    let words = ["-t", "tmpfs", "-o", size.as_str(), "tmpfs"].map(OsStr::new);
    run("mount", &[&words[..], &[at.as_os_str()]].concat());
    at
}

/// Fills a disk to its last byte, but for so much.
fn fill(disk: &Path, spare: usize) {
    let kept = disk.join("kept-free");
    fs::write(&kept, vec![1; spare]).unwrap();
    let mut file = File::create(disk.join("filler")).unwrap();
    for chunk in [1 << 16, 1 << 12, 1] {
        let bytes = vec![1; chunk];
        let error = loop {
            if let Err(error) = file.write_all(&bytes) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
    fs::remove_file(kept).unwrap();
}

fn is_full(disk: &Path) -> bool {
    let probe = disk.join("probe");
    let written = fs::write(&probe, b"x");
    // On a full disk not even the name may have been made.
    let _ = fs::remove_file(&probe);
    written.is_err_and(|error| error.kind() == ErrorKind::StorageFull)
}

fn home(disk: &Path) -> Home {
    let named = TestHost::new().with_env("EXUVIA_HOME", disk.join("home"));
    Home::locate(&named).unwrap()
}

fn open(disk: &Path) -> Result<Journal, JournalError> {
    Journal::open(Arc::new(SystemHost::new()), &home(disk))
}

fn open_existing(disk: &Path) -> Journal {
    let host = Arc::new(SystemHost::new());
    Journal::open_existing(host, &home(disk)).unwrap().unwrap()
}

fn new_run() -> NewRun {
    NewRun {
        operation: Operation::Upgrade,
        install: None,
        subject: "openclaw".to_owned(),
        detail: json!({}),
    }
}

/// A disk with too little room.
fn before(disk: &Path) {
    let journal = open(disk).unwrap();
    fill(disk, 1 << 20);
    for _ in 0..3 {
        let error = journal.begin(new_run()).unwrap_err();
        assert!(matches!(error, JournalError::NoRoom { .. }), "{error}");
        assert!(error.to_string().contains("make room"), "{error}");
    }
    assert!(journal.runs(&Filter::default()).unwrap().is_empty());
    drop(journal);
    // Nor is a journal begun where there is no room for one.
    fs::remove_dir_all(disk.join("home")).unwrap();
    fill(disk, 0);
    open(disk).unwrap_err();
    fs::remove_file(disk.join("filler")).unwrap();
    fill(disk, 0);
    assert!(is_full(disk));
}

/// A disk that fills up while a run is under way.
fn middle(disk: &Path) {
    let journal = open(disk).unwrap();
    for _ in 0..3 {
        let run = journal.begin(new_run()).unwrap();
        fill(disk, 0);
        assert!(is_full(disk));
        for number in 0..200 {
            run.record("gate-1", json!({ "number": number })).unwrap();
        }
        let long = "x".repeat(exuvia_store::journal::LONGEST_DETAIL - 20);
        for _ in 0..10 {
            run.record("vitals", json!({ "taken": long })).unwrap();
        }
        let id = run.id().clone();
        let refused = journal.begin(new_run()).unwrap_err();
        assert!(matches!(refused, JournalError::NoRoom { .. }), "{refused}");
        run.finish(Outcome::RolledBack, json!({ "error": "no room" }))
            .unwrap();
        assert!(is_full(disk));
        assert_eq!(journal.events(&id).unwrap().len(), 212);
        fs::remove_file(disk.join("filler")).unwrap();
    }
    let run = journal.begin(new_run()).unwrap();
    let id = run.id().clone();
    fill(disk, 0);
    // Whoever comes after a process that died on a full disk.
    drop((run, journal));
    let journal = open_existing(disk);
    assert_eq!(journal.runs(&Filter::default()).unwrap().len(), 4);
    journal.close(&id, Outcome::Interrupted, json!({})).unwrap();
}

/// Somebody looks into the journal with another program, which takes the log away.
fn without_log(disk: &Path) {
    let once = || {
        let run = open(disk).unwrap().begin(new_run()).unwrap();
        run.finish(Outcome::Done, json!({})).unwrap();
    };
    // The second one adds to the room, and there are pages for a third.
    once();
    once();
    let file = disk.join("home/journal.sqlite");
    let other = Connection::open(&file).unwrap();
    other.execute_batch("SELECT count(*) FROM event").unwrap();
    drop(other);
    assert!(!file.with_extension("sqlite-wal").exists());
    let run = open(disk).unwrap().begin(new_run()).unwrap();
    fill(disk, 0);
    for number in 0..100 {
        run.record("gate-1", json!({ "number": number })).unwrap();
    }
    run.finish(Outcome::Done, json!({})).unwrap();
}

/// Two runs at once have room for each.
fn beside(disk: &Path) {
    let (one, two) = (open(disk).unwrap(), open(disk).unwrap());
    let runs = [one.begin(new_run()).unwrap(), two.begin(new_run()).unwrap()];
    fill(disk, 0);
    let long = "x".repeat(exuvia_store::journal::LONGEST_DETAIL - 20);
    for _ in 0..12 {
        for run in &runs {
            run.record("vitals", json!({ "taken": long })).unwrap();
        }
    }
    for run in runs {
        run.finish(Outcome::Done, json!({})).unwrap();
    }
    assert!(is_full(disk));
}

/// A home that can only be read.
fn read_only(disk: &Path, directory: &Path) {
    let run = open(disk).unwrap().begin(new_run()).unwrap();
    run.finish(Outcome::Done, json!({})).unwrap();
    let view = directory.join("view");
    fs::create_dir(&view).unwrap();
    run_bind(disk, &view);
    let journal = open_existing(&view);
    assert_eq!(journal.runs(&Filter::default()).unwrap().len(), 1);
    journal.export(&mut std::io::sink()).unwrap();
    let error = journal.begin(new_run()).unwrap_err();
    assert!(matches!(error, JournalError::ReadOnly(_)), "{error}");
    assert!(error.to_string().contains("EXUVIA_HOME"), "{error}");
    drop(journal);
    let error = open(&view).unwrap().begin(new_run()).unwrap_err();
    assert!(matches!(error, JournalError::ReadOnly(_)), "{error}");
    // And where there is no journal yet.
    let error = open(&view.join("elsewhere")).unwrap_err();
    assert!(error.to_string().contains("EXUVIA_HOME"), "{error}");
}

fn run_bind(disk: &Path, view: &Path) {
    run(
        "mount",
        &["--bind".as_ref(), disk.as_os_str(), view.as_os_str()],
    );
    run(
        "mount",
        &["-o".as_ref(), "remount,bind,ro".as_ref(), view.as_os_str()],
    );
}

#[test]
fn a_full_disk_is_refused_before_a_run_begins() {
    apart("before");
}

#[test]
fn a_disk_that_fills_up_in_the_middle_keeps_no_event_away() {
    apart("middle");
}

#[test]
fn a_log_that_another_program_took_away_is_made_anew() {
    apart("without log");
}

#[test]
fn runs_beside_each_other_have_room_for_each() {
    apart("beside");
}

#[test]
fn a_read_only_home_is_refused_before_a_run_begins_and_can_be_read() {
    apart("read-only");
}
