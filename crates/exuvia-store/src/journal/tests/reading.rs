//! What is told of the runs.

use exuvia_model::journal::{EventRecord, Outcome};
use serde_json::json;

use super::*;
use crate::journal::Filter;

#[test]
fn runs_are_told_newest_first_and_by_what_is_asked() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    for (number, (operation, install)) in [
        (Operation::Snapshot, Some("abc")),
        (Operation::Prune, None),
        (Operation::Snapshot, Some("other")),
        ("fleet-rollout".parse().unwrap(), Some("abc")),
    ]
    .into_iter()
    .enumerate()
    {
        let new = NewRun {
            operation,
            install: install.map(str::to_owned),
            subject: number.to_string(),
            detail: json!({}),
        };
        journal
            .begin(new)
            .unwrap()
            .finish(Outcome::Done, json!({}))
            .unwrap();
    }
    let told = |filter: Filter| -> String {
        let runs = journal.runs(&filter).unwrap();
        runs.into_iter().map(|run| run.subject).collect()
    };
    assert_eq!(told(Filter::default()), "3210");
    assert_eq!(
        told(Filter {
            limit: Some(2),
            ..Filter::default()
        }),
        "32"
    );
    let of_abc = Filter {
        install: Some("abc".to_owned()),
        ..Filter::default()
    };
    assert_eq!(told(of_abc), "310");
    let snapshots = Filter {
        operation: Some(Operation::Snapshot),
        ..Filter::default()
    };
    assert_eq!(told(snapshots), "20");
    let later = Filter {
        operation: Some("fleet-rollout".parse().unwrap()),
        ..Filter::default()
    };
    assert_eq!(told(later), "3", "what a later Exuvia does is kept");
}

#[test]
fn a_run_is_found_by_a_unique_beginning() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    // Seventeen ids: two of them begin alike, whatever they are.
    let ids: Vec<String> = (0..17)
        .map(|_| journal.begin(new_run("x")).unwrap().id().to_string())
        .collect();
    for id in &ids {
        assert_eq!(journal.run(id).unwrap().id.as_str(), id);
        assert_eq!(journal.run(&id[4..]).unwrap().id.as_str(), id);
        assert_eq!(journal.run(&id[..18]).unwrap().id.as_str(), id);
    }
    let shared = |digit: char| ids.iter().filter(|id| id[4..].starts_with(digit)).count() > 1;
    let digit = ('0'..='9')
        .chain('a'..='f')
        .find(|digit| shared(*digit))
        .unwrap();
    let several = journal.run(&digit.to_string());
    assert!(
        matches!(several, Err(JournalError::Ambiguous { .. })),
        "{several:?}"
    );
    for none in ["", "run_", "run_%", "'", "zz", "00000000000000000000"] {
        let found = journal.run(none);
        assert!(
            matches!(found, Err(JournalError::NoRun(_))),
            "{none}: {found:?}"
        );
    }
}

#[test]
fn the_export_says_everything_and_is_read_back() {
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let hostile = "\u{1b}]0;x\u{7}\n\u{2028}\u{202e}\"\\\u{0}宁";
    let mut expected = Vec::new();
    for number in 0..300 {
        let run = journal.begin(new_run(&format!("{number}"))).unwrap();
        let id = run.id().clone();
        run.record("walk", json!({ "name": hostile, "number": number }))
            .unwrap();
        run.finish(Outcome::Done, json!({})).unwrap();
        expected.extend(journal.events(&id).unwrap());
    }
    let mut exported = Vec::new();
    journal.export(&mut exported).unwrap();
    let text = String::from_utf8(exported).unwrap();
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    let lines: Vec<EventRecord> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, expected);
    let order: Vec<u64> = lines.iter().map(|event| event.seq).collect();
    assert_eq!(order, (1..=900).collect::<Vec<u64>>());
}

#[test]
fn a_reader_that_goes_away_ends_the_export() {
    #[derive(Debug)]
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lab = Lab::new();
    let journal = lab.open().unwrap();
    let _run = journal.begin(new_run("x")).unwrap();
    let exported = journal.export(&mut Gone);
    assert!(matches!(exported, Err(JournalError::Export(_))));
}

#[test]
fn without_a_journal_there_is_nothing_to_read_and_none_is_made() {
    let lab = Lab::new();
    assert!(lab.open_existing().unwrap().is_none());
    assert!(!lab.home.root().exists());
    lab.home.prepare(&*lab.host).unwrap();
    assert!(lab.open_existing().unwrap().is_none());
    // One that was just being made.
    std::fs::write(lab.file(), b"").unwrap();
    assert!(lab.open_existing().unwrap().is_none());
    let run = lab.open().unwrap().begin(new_run("x")).unwrap();
    let seen = lab.open_existing().unwrap().unwrap();
    assert_eq!(seen.run(run.id().as_str()).unwrap().subject, "x");
}
