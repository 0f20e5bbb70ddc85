//! Whatever kills a process that writes the journal, what it was told to be written is there.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use exuvia_host::testing::TestHost;
use exuvia_host::{Home, SystemHost};
use exuvia_model::journal::{Operation, Outcome, RunId};
use exuvia_store::journal::{Filter, Journal, NewRun};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rusqlite::Connection;
use serde_json::json;

const RUNS: &str = "EXUVIA_JOURNAL_TEST_RUNS";
const KILLS: usize = 120;
/// How many of them are of a process that makes the journal.
const YOUNG: usize = 40;
const STEPS: usize = 3;

fn open(home: &Path) -> Journal {
    let named = TestHost::new().with_env("EXUVIA_HOME", home);
    let home = Home::locate(&named).unwrap();
    Journal::open(Arc::new(SystemHost::new()), &home).unwrap()
}

/// The process that writes: so many runs, each event told on standard output once it is written.
#[test]
fn child() {
    let (Some(home), Ok(runs)) = (std::env::var_os("EXUVIA_HOME"), std::env::var(RUNS)) else {
        return;
    };
    let mut out = std::io::stdout();
    let mut told = |line: String| {
        out.write_all(line.as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let journal = open(Path::new(&home));
    for number in 0..runs.parse::<usize>().unwrap() {
        let new = NewRun {
            operation: Operation::Snapshot,
            install: None,
            subject: number.to_string(),
            detail: json!({}),
        };
        let run = journal.begin(new).unwrap();
        let id = run.id().clone();
        told(format!("\nwritten {id} begin\n"));
        for step in 0..STEPS {
            let text = "x".repeat(step * 5000);
            run.record("walk", json!({ "step": step, "text": text }))
                .unwrap();
            told(format!("written {id} walk\n"));
        }
        run.finish(Outcome::Done, json!({})).unwrap();
        told(format!("written {id} finish\n"));
    }
}

fn start(home: &Path, runs: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env("EXUVIA_HOME", home)
        .env(RUNS, runs.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a process says that it has written: steps by run.
type Told = BTreeMap<RunId, Vec<String>>;

fn add(told: &mut Told, line: &str) {
    let mut words = line.split(' ');
    // The last line may be torn, and libtest has its own.
    if let (Some("written"), Some(id), Some(step)) = (words.next(), words.next(), words.next())
        && ["begin", "walk", "finish"].contains(&step)
    {
        told.entry(id.parse().unwrap())
            .or_default()
            .push(step.to_owned());
    }
}

/// Kills a writing process: after so many lines, and a while.
fn kill_after(mut child: Child, lines: usize, while_: Duration) -> Told {
    let mut told = Told::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..lines {
        line.clear();
        if out.read_line(&mut line).unwrap() == 0 {
            break;
        }
        add(&mut told, line.trim_end());
    }
    // A moment is no event to wait for.
    let started = Instant::now();
    while started.elapsed() < while_ {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    rest.lines().for_each(|line| add(&mut told, line));
    told
}

/// Everything that was told is there, in order and at most one event more; what was left behind is
/// found and closed.
fn check(home: &Path, told: &Told) {
    let journal = open(home);
    for (id, steps) in told {
        let events = journal.events(id).unwrap();
        let written: Vec<&str> = events.iter().map(|event| event.step.as_str()).collect();
        assert!(
            written.starts_with(&steps.iter().map(String::as_str).collect::<Vec<_>>())
                && written.len() <= steps.len() + 1,
            "{id}: {written:?}, and told was {steps:?}"
        );
    }
    let runs = journal.runs(&Filter::default()).unwrap();
    let open: Vec<_> = runs.iter().filter(|run| run.outcome.is_none()).collect();
    let unfinished = journal.unfinished().unwrap();
    assert!(open.len() <= 1, "{open:?}");
    assert_eq!(unfinished.iter().collect::<Vec<_>>(), open);
    for run in unfinished {
        journal
            .close(&run.id, Outcome::Interrupted, json!({}))
            .unwrap();
    }
    assert!(journal.unfinished().unwrap().is_empty());
    let sql = Connection::open(home.join("journal.sqlite")).unwrap();
    let sound: String = sql
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_written() {
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut below = |limit: u32| random.next_u32() % limit;
    let old = tempfile::tempdir().unwrap();
    let (mut written, mut cut) = (0, 0);
    for kill in 0..KILLS {
        let young = tempfile::tempdir().unwrap();
        let (home, lines) = if kill < YOUNG {
            (young.path().join("home"), 0)
        } else {
            (old.path().join("home"), below(40) as usize)
        };
        let while_ = Duration::from_micros(below(if kill < YOUNG { 60_000 } else { 3_000 }).into());
        let told = kill_after(start(&home, usize::MAX), lines, while_);
        check(&home, &told);
        written += told.values().map(Vec::len).sum::<usize>();
        cut += told
            .values()
            .filter(|steps| steps.len() < STEPS + 2)
            .count();
    }
    assert!(written > KILLS && cut > KILLS / 4, "{written} {cut}");
}

#[test]
fn several_processes_make_the_journal_and_write_it_at_once() {
    for _ in 0..6 {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("home");
        let mut children: Vec<Child> = (0..4).map(|_| start(&home, 12)).collect();
        let mut told = Told::new();
        for child in &mut children {
            let mut text = String::new();
            child
                .stdout
                .take()
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            text.lines().for_each(|line| add(&mut told, line));
            assert!(child.wait().unwrap().success(), "{text}");
        }
        assert_eq!(told.len(), 48);
        check(&home, &told);
        let journal = open(&home);
        let runs = journal.runs(&Filter::default()).unwrap();
        assert!(runs.iter().all(|run| run.outcome == Some(Outcome::Done)));
        assert_eq!(runs.len(), 48);
        let mut lines = Vec::new();
        journal.export(&mut lines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert_eq!(lines.lines().count(), 48 * (STEPS + 2));
    }
}
