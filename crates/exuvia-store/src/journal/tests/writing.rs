//! What is written, and that it stays.

use exuvia_model::journal::{Operation, Outcome, RunId};
use exuvia_model::text;
use serde_json::json;

use super::*;
use crate::journal::{Filter, is_abandoned};

#[test]
fn a_run_is_what_its_events_make_of_it() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let run = journal.begin(new_run("before-msteams")).unwrap();
    let id = run.id().clone();
    let begun = journal.run(id.as_str()).unwrap();
    assert_eq!(begun.operation, Operation::Snapshot);
    assert_eq!(begun.subject, "before-msteams");
    assert_eq!(begun.actor, "me");
    assert_eq!((begun.outcome, begun.ended_at), (None, None));
    run.record("walk", json!({ "files": 3 })).unwrap();
    run.finish(Outcome::Failed, json!({ "error": "the disk is full" }))
        .unwrap();
    let ended = journal.run(id.as_str()).unwrap();
    assert_eq!(ended.outcome, Some(Outcome::Failed));
    assert_eq!(ended.error.as_deref(), Some("the disk is full"));
    assert!(ended.ended_at.is_some());
    let events = journal.events(&id).unwrap();
    let steps: Vec<&str> = events.iter().map(|event| event.step.as_str()).collect();
    assert_eq!(steps, ["begin", "walk", "finish"]);
    assert_eq!(events[1].detail, json!({ "files": 3 }));
    assert_eq!(
        journal.begun(&id).unwrap(),
        Some(json!({ "name": "before-msteams" }))
    );
}

#[test]
fn what_is_written_cannot_be_changed_or_removed() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let run = journal.begin(new_run("x")).unwrap();
    let id = run.id().to_string();
    run.finish(Outcome::Done, json!({})).unwrap();
    let _open = journal.begin(new_run("y")).unwrap();
    let before = (journal.runs(&Filter::default()).unwrap(), events(&journal));
    let sql = lab.sql();
    for attempt in [
        "UPDATE event SET detail = '{}'",
        "DELETE FROM event",
        "UPDATE run SET subject = 'z'",
        "DELETE FROM run",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 1",
        "INSERT OR REPLACE INTO run SELECT * FROM run WHERE number = 1",
        "INSERT OR REPLACE INTO run SELECT 77, id, operation, install, subject, actor FROM run",
        "INSERT INTO event (run, at, step, outcome, detail) VALUES (1, 't', 'finish', 'done', '{}')",
        "INSERT INTO event (run, at, step, detail) VALUES (1, 't', 'walk', '{}')",
        "INSERT INTO event (run, at, step, detail) VALUES (2, 't', 'walk', 'no json')",
        "INSERT INTO event (run, at, step, detail) VALUES (2, 't', 'begin', '{}')",
        "INSERT INTO event (run, at, step, detail) VALUES (99, 't', 'walk', '{}')",
    ] {
        sql.execute(attempt, []).expect_err(attempt);
    }
    let resumed = journal.resume(&id.parse::<RunId>().unwrap());
    assert!(matches!(resumed, Err(JournalError::Ended(_))));
    assert_eq!(
        before,
        (journal.runs(&Filter::default()).unwrap(), events(&journal))
    );
}

fn events(journal: &Journal) -> Vec<u8> {
    let mut out = Vec::new();
    journal.export(&mut out).unwrap();
    out
}

#[test]
fn a_clock_that_is_set_back_reorders_nothing() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let run = journal.begin(new_run("first")).unwrap();
    lab.host.set_now("2020-01-01T00:00:00Z".parse().unwrap());
    run.record("walk", json!({})).unwrap();
    let second = journal.begin(new_run("second")).unwrap();
    let id = run.id().clone();
    run.finish(Outcome::Done, json!({})).unwrap();
    let steps: Vec<String> = journal
        .events(&id)
        .unwrap()
        .into_iter()
        .map(|event| event.step)
        .collect();
    assert_eq!(steps, ["begin", "walk", "finish"]);
    let runs = journal.runs(&Filter::default()).unwrap();
    assert_eq!(runs[0].id, *second.id(), "the newest is the one begun last");
    assert!(runs[1].ended_at.unwrap() < runs[1].started_at);
}

#[test]
fn a_run_whose_process_died_is_carried_on_by_one_other() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let run = journal.begin(new_run("x")).unwrap();
    let id = run.id().clone();
    assert!(journal.unfinished().unwrap().is_empty(), "we live");
    drop(run);
    kill(&lab.sql(), id.as_str());
    let left = journal.unfinished().unwrap();
    assert_eq!(left.len(), 1);
    assert!(is_abandoned(&left[0]));
    let again = journal.resume(&id).unwrap();
    assert!(journal.unfinished().unwrap().is_empty());
    again.record("undo", json!({})).unwrap();
    again.finish(Outcome::Interrupted, json!({})).unwrap();
    let record = journal.run(id.as_str()).unwrap();
    assert_eq!(record.outcome, Some(Outcome::Interrupted));
    let closed = journal.close(&id, Outcome::Done, json!({}));
    assert!(matches!(closed, Err(JournalError::Ended(_))));
}

#[test]
fn a_run_is_not_taken_from_a_process_that_lives() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let run = journal.begin(new_run("x")).unwrap();
    // The process that started the tests lives as long as they do.
    let parent = std::os::unix::process::parent_id();
    let parent = exuvia_host::disk::Holder::of(parent).unwrap().to_string();
    let resumed = "INSERT INTO event (run, at, step, holder, detail)
                   VALUES (1, '2026-11-20T00:00:00Z', 'resume', ?1, '{}')";
    lab.sql().execute(resumed, [parent]).unwrap();
    let taken = journal.close(run.id(), Outcome::Interrupted, json!({}));
    assert!(matches!(taken, Err(JournalError::Carried { .. })));
    assert!(journal.unfinished().unwrap().is_empty());
    let unknown = journal.resume(&RunId::from_bits(7));
    assert!(matches!(unknown, Err(JournalError::NoRun(_))));
}

#[test]
fn too_long_a_detail_is_refused_before_anything_is_done_and_cut_at_the_end() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let long = json!({ "error": "why", "list": "x".repeat(crate::journal::LONGEST_DETAIL) });
    let begun = journal.begin(NewRun {
        detail: long.clone(),
        ..new_run("x")
    });
    assert!(matches!(begun, Err(JournalError::TooLong { .. })));
    assert!(journal.runs(&Filter::default()).unwrap().is_empty());
    let run = journal.begin(new_run("x")).unwrap();
    assert!(matches!(
        run.record("walk", &long),
        Err(JournalError::TooLong { .. })
    ));
    for bad in ["begin", "finish", "Two Words", ""] {
        assert!(matches!(
            run.record(bad, json!({})),
            Err(JournalError::Step(_))
        ));
    }
    let id = run.id().clone();
    run.finish(Outcome::Failed, long).unwrap();
    let record = journal.run(id.as_str()).unwrap();
    assert_eq!(record.error.as_deref(), Some("why"));
    assert_eq!(journal.events(&id).unwrap().len(), 2);
}

#[test]
fn a_subject_is_kept_as_one_clean_line() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let hostile = format!(
        "a\u{1b}[2J\u{202e}b\n'; DROP TABLE run;--{}",
        "x".repeat(10_000)
    );
    let run = journal.begin(new_run(&hostile)).unwrap();
    let kept = journal.run(run.id().as_str()).unwrap().subject;
    assert!(kept.starts_with("a[2Jb '; DROP TABLE run;--x"), "{kept}");
    assert!(kept.chars().count() <= 300 && !kept.chars().any(text::is_hidden));
}

#[test]
fn files_are_private_and_another_connection_in_the_process_may_come_and_go() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let run = journal.begin(new_run("x")).unwrap();
    for _ in 0..3 {
        let other = lab.open().unwrap();
        other
            .begin(new_run("y"))
            .unwrap()
            .finish(Outcome::Done, json!({}))
            .unwrap();
    }
    run.finish(Outcome::Done, json!({})).unwrap();
    assert_eq!(mode(lab.home.root()), 0o700);
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        assert_eq!(mode(&lab.home.root().join(name)), 0o600, "{name}");
    }
    assert_eq!(journal.runs(&Filter::default()).unwrap().len(), 4);
}
