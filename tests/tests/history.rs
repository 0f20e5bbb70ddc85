//! `exuvia history`, from the command line.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use exuvia_e2e::{Built, Ran};
use rusqlite::Connection;
use serde_json::Value;

/// Terminal commands, a change of direction, and a quote for SQL.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}x\r\n'; DROP TABLE run;--";

const FAILED: &str = "run_00000000000000fa";

fn history(built: &Built, arguments: &[&str]) -> Ran {
    built.exuvia(&[&["history"], arguments].concat())
}

fn runs(built: &Built, arguments: &[&str]) -> Vec<Value> {
    let told = history(built, &[arguments, &["--json"]].concat()).exits(0);
    told.json()["runs"].as_array().unwrap().clone()
}

fn file(built: &Built) -> PathBuf {
    built.exuvia_home().join("journal.sqlite")
}

/// Two snapshots and something that failed.
fn eventful() -> Built {
    let built = Built::plain();
    for name in ["one", "two"] {
        let _ = built
            .exuvia(&["snapshot", "create", "--name", name])
            .exits(0);
    }
    let _ = built.exuvia(&["snapshot", "pin", "one"]).exits(0);
    write_run(&built, FAILED, "openclaw", &Value::Null);
    let sql = Connection::open(file(&built)).unwrap();
    let failed = "INSERT INTO event (run, at, step, outcome, detail)
                  SELECT number, '2026-11-20T00:00:09Z', 'finish', 'failed', ?2
                  FROM run WHERE id = ?1";
    let why = r#"{"error":"no room"}"#;
    assert_eq!(sql.execute(failed, [FAILED, why]).unwrap(), 1);
    built
}

/// Writes a run as a later Exuvia, or somebody who means harm, might.
fn write_run(built: &Built, id: &str, subject: &str, detail: &Value) {
    let sql = Connection::open(file(built)).unwrap();
    let run =
        "INSERT INTO run (id, operation, subject, actor) VALUES (?1, 'fleet-rollout', ?2, ?2)";
    sql.execute(run, [id, subject]).unwrap();
    let event = "INSERT INTO event (run, at, step, holder, detail) VALUES \
                 (last_insert_rowid(), '2026-11-20T00:00:00Z', 'begin', '4194999 1 boot', ?1)";
    sql.execute(event, [detail.to_string()]).unwrap();
}

#[test]
fn where_nothing_was_done_there_is_nothing_to_tell_and_nothing_is_made() {
    let built = Built::plain();
    let ran = history(&built, &[]).exits(0);
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.trim()),
        ("", "nothing has been done yet")
    );
    assert!(runs(&built, &[]).is_empty());
    assert_eq!(history(&built, &["--export"]).exits(0).stdout, "");
    let ran = history(&built, &["run_0000000000000000"]).exits(1);
    assert!(ran.stderr.contains("there is no run"), "{ran:#?}");
    assert!(!built.exuvia_home().exists());
}

#[test]
fn runs_are_told_newest_first_and_each_step_by_step() {
    let built = eventful();
    let ran = history(&built, &[]).exits(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{ran:#?}");
    assert!(
        lines[0].starts_with("RUN ") && lines[0].contains("OUTCOME"),
        "{ran:#?}"
    );
    assert!(
        lines[1].contains("openclaw") && lines[1].contains("failed"),
        "{ran:#?}"
    );
    assert!(
        lines[1].contains("9.00 s") && lines[1].contains("no room"),
        "{ran:#?}"
    );
    assert!(
        lines[4].contains("one") && lines[4].contains("done"),
        "{ran:#?}"
    );
    let id = lines[4].split(' ').next().unwrap();
    let ran = history(&built, &[id]).exits(0);
    for words in ["snapshot", "one", "begin", "finish", "done"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:#?}");
    }
    let told = history(&built, &[id, "--json"]).exits(0).json();
    assert_eq!(told["run"]["state"], "ended");
    let steps = told["events"].as_array().unwrap();
    assert_eq!(steps[0]["operation"], "snapshot");
    assert_eq!(steps.last().unwrap()["outcome"], "done");
}

#[test]
fn runs_can_be_chosen() {
    let built = eventful();
    assert_eq!(runs(&built, &["--operation", "snapshot"]).len(), 2);
    assert_eq!(runs(&built, &["--limit", "1"]).len(), 1);
    let ran = history(&built, &["--limit", "1"]).exits(0);
    assert!(ran.stderr.contains("older runs are not shown"), "{ran:#?}");
    let ran = history(&built, &["--operation", "snapshoot"]).exits(0);
    assert!(ran.stderr.contains("backup-push"), "{ran:#?}");
    for wrong in [
        &["--operation", "Snap Shot"][..],
        &["--limit", "0"],
        &["--export", "--json"],
        &["--export", "abc"],
        &["abc", "--limit", "1"],
    ] {
        let _ = history(&built, wrong).exits(2);
    }
}

#[test]
fn every_event_is_exported_one_a_line() {
    let built = eventful();
    let ran = history(&built, &["--export"]).exits(0);
    let events: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told = runs(&built, &["--all-installs"]);
    for run in &told {
        let own = |step: &str| {
            let is_it = |event: &&Value| event["run"] == run["id"] && event["step"] == step;
            events.iter().find(is_it).unwrap()
        };
        assert_eq!(own("begin")["operation"], run["operation"]);
        assert_eq!(own("begin")["at"], run["startedAt"]);
        assert_eq!(own("finish")["outcome"], run["outcome"]);
    }
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted() && numbers.len() >= 2 * told.len());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let built = eventful();
    for number in 0x1000..0x1800 {
        write_run(&built, &format!("run_{number:016x}"), "x", &Value::Null);
    }
    let mut child = built
        .command(&["history", "--export"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn what_is_in_the_journal_cannot_steer_the_terminal() {
    let built = eventful();
    let detail = serde_json::json!({ HOSTILE: HOSTILE, "deep": [[HOSTILE]] });
    write_run(&built, "run_00000000000000ab", HOSTILE, &detail);
    for arguments in [&["--all-installs"][..], &["run_00000000000000ab"]] {
        let ran = history(&built, arguments).exits(0);
        assert!(ran.stdout.contains("DROP TABLE"), "{ran:#?}");
        assert!(ran.stdout.contains("cut short"), "{ran:#?}");
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ran.stdout.contains(steers), "{ran:#?}");
    }
    let told = history(&built, &["run_00000000000000ab", "--json"]).exits(0);
    assert_eq!(told.json()["run"]["operation"], "fleet-rollout");
    assert_eq!(told.json()["run"]["state"], "cut-short");
}

#[test]
fn a_journal_that_cannot_be_read_is_left_alone_and_it_says_what_to_do() {
    let built = eventful();
    let sql = Connection::open(file(&built)).unwrap();
    sql.pragma_update(None, "user_version", 99).unwrap();
    drop(sql);
    let ran = history(&built, &[]).exits(1);
    assert!(
        ran.stderr.contains("use the Exuvia that wrote it"),
        "{ran:#?}"
    );
    for name in ["journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = fs::remove_file(built.exuvia_home().join(name));
    }
    fs::write(file(&built), "these are notes of mine").unwrap();
    for arguments in [&[][..], &["--export"], &["--json"], &["abc"]] {
        let ran = history(&built, arguments).exits(1);
        assert!(ran.stderr.contains("move it aside"), "{ran:#?}");
    }
    assert_eq!(
        fs::read_to_string(file(&built)).unwrap(),
        "these are notes of mine"
    );
}
