//! What is refused, with nothing changed.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;

use exuvia_host::points::name;
use exuvia_host::testing::Fault;
use exuvia_model::journal::Outcome;
use serde_json::json;

use super::*;
use crate::journal::Filter;

#[test]
fn a_newer_schema_is_refused_and_untouched() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    journal
        .begin(new_run("x"))
        .unwrap()
        .finish(Outcome::Done, json!({}))
        .unwrap();
    drop(journal);
    let sql = lab.sql();
    sql.pragma_update(None, "user_version", 2).unwrap();
    drop(sql);
    let before = fs::read(lab.file()).unwrap();
    for opened in [lab.open().map(Some), lab.open_existing()] {
        let error = opened.unwrap_err();
        assert!(matches!(
            error,
            JournalError::NewerSchema {
                found: 2,
                known: 1,
                ..
            }
        ));
        let words = error.to_string();
        assert!(
            words.contains("use the Exuvia that wrote it, or a later one"),
            "{words}"
        );
    }
    assert_eq!(fs::read(lab.file()).unwrap(), before);
}

#[test]
fn what_is_no_journal_is_refused_and_untouched() {
    let lab = Lab::new();
    lab.home.prepare(&*lab.host).unwrap();
    let foreign = tempfile::NamedTempFile::new().unwrap();
    Connection::open(foreign.path())
        .unwrap()
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        .unwrap();
    let foreign = fs::read(foreign.path()).unwrap();
    let torn = &foreign[..foreign.len() - 1000];
    let header = [&b"SQLite format 3\0"[..], &[0xff; 5000]].concat();
    for content in [
        &b"not a database, but some notes of mine"[..],
        &[0; 8192],
        &header,
        &foreign,
        torn,
    ] {
        fs::write(lab.file(), content).unwrap();
        for opened in [lab.open().map(Some), lab.open_existing()] {
            let error = opened.unwrap_err();
            assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains("move it aside"), "{error}");
        }
        assert_eq!(
            fs::read(lab.file()).unwrap(),
            content,
            "nothing was overwritten"
        );
    }
}

#[test]
fn a_journal_that_is_harmed_in_the_middle_says_so_and_never_panics() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    for number in 0..50 {
        let run = journal.begin(new_run(&number.to_string())).unwrap();
        run.record("walk", json!({ "list": vec![number; 500] }))
            .unwrap();
        run.finish(Outcome::Done, json!({})).unwrap();
    }
    drop(journal);
    // What is in the log comes into the file, and the log goes.
    lab.sql()
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
    let whole = fs::read(lab.file()).unwrap();
    let mut told = 0;
    for page in 1..whole.len().min(60 * 4096) / 4096 {
        let mut harmed = whole.clone();
        harmed[page * 4096..][..4096].fill(0x5a);
        fs::write(lab.file(), &harmed).unwrap();
        let Ok(journal) = lab.open() else {
            told += 1;
            continue;
        };
        let read = journal
            .runs(&Filter::default())
            .map(drop)
            .and_then(|()| journal.export(&mut io::sink()));
        let written = journal.begin(new_run("x")).map(drop);
        for error in [read.err(), written.err()].into_iter().flatten() {
            assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
            told += 1;
        }
    }
    assert!(told > 10, "{told}");
}

#[test]
fn text_that_is_not_what_was_written_is_told_as_damage() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let _run = journal.begin(new_run("x")).unwrap();
    lab.sql()
        .execute(
            "INSERT INTO event (run, at, step, detail) VALUES (1, 'noon', 'walk', '{}')",
            [],
        )
        .unwrap();
    let error = journal.export(&mut io::sink()).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
}

#[test]
fn a_link_in_the_place_of_the_journal_is_not_followed() {
    let lab = Lab::new();
    lab.home.prepare(&*lab.host).unwrap();
    let elsewhere = lab.directory.path().join("elsewhere");
    fs::write(&elsewhere, b"").unwrap();
    symlink(&elsewhere, lab.file()).unwrap();
    lab.open().unwrap_err();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"");
}

#[test]
fn a_home_behind_a_link_is_as_good_as_any() {
    let lab = Lab::new();
    let real = lab.directory.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink(&real, lab.home.root()).unwrap();
    let run = lab.open().unwrap().begin(new_run("x")).unwrap();
    run.finish(Outcome::Done, json!({})).unwrap();
    assert!(real.join("journal.sqlite").is_file());
}

#[test]
fn a_home_that_cannot_be_made_or_written_is_refused_before_there_is_a_journal() {
    for point in [
        name::MKDIR,
        name::WRITE_CREATE,
        name::WRITE_CONTENT,
        name::LOCK,
    ] {
        let lab = Lab::new();
        let fault = Fault::Fail(io::ErrorKind::ReadOnlyFilesystem);
        lab.host.faults().plan(point, "", 0, fault);
        let error = lab.open().unwrap_err();
        assert!(error.to_string().contains("read-only"), "{point}: {error}");
        assert!(lab.open_existing().unwrap().is_none());
        let run = lab.open().unwrap().begin(new_run("x")).unwrap();
        run.finish(Outcome::Done, json!({})).unwrap();
    }
}
