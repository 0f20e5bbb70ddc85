use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::restart::Kind;

const ASKED: Timestamp = Timestamp::UNIX_EPOCH;

fn at(second: i64) -> Timestamp {
    ASKED + SignedDuration::from_secs(second)
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn process(pid: u32, started: u64) -> ProcessIdentity {
    ProcessIdentity {
        pid,
        boot: "b".into(),
        started,
    }
}

fn request(session: Option<&str>) -> Request {
    Request {
        session: session.map(|key| key.parse().unwrap()),
        replaces: Some(process(10, 100)),
        ..Request::new(
            "run_1".parse().unwrap(),
            Kind::Upgrade,
            "update.run",
            "agent main",
        )
    }
}

fn sentinel() -> Sentinel {
    let before = Before {
        version: Some(version("2026.9.5")),
        expected: version("2026.9.6"),
        asked_at: ASKED,
        give_up_at: at(600),
    };
    let note = Note::new("MARK done").unwrap();
    Sentinel::new(&request(Some("agent:main:main")), before, Some(note))
}

fn found(second: i64, process: ProcessIdentity, runs: Option<&str>) -> Found {
    let version = runs.map(version);
    Found {
        at: at(second),
        running: Running::Process { process, version },
    }
}

#[test]
fn restarted_is_said_of_another_process_with_the_expected_version_and_of_nothing_else() {
    let other = process(11, 200);
    for (what, running, words) in [
        ("good", found(9, other.clone(), Some("2026.9.6")), None),
        (
            "pid used again",
            found(9, process(10, 200), Some("2026.9.6")),
            None,
        ),
        (
            "old process",
            found(9, process(10, 100), Some("2026.9.6")),
            Some("the old gateway, process 10, still runs"),
        ),
        (
            "cannot tell",
            found(9, process(10, 0), Some("2026.9.6")),
            Some("process 10 cannot be told from the gateway before, so it does not count as new"),
        ),
        (
            "old version",
            found(9, other.clone(), Some("2026.9.5")),
            Some("process 11 runs 2026.9.5, and 2026.9.6 was expected"),
        ),
        (
            "newer version",
            found(9, other.clone(), Some("2026.9.7")),
            Some("process 11 runs 2026.9.7, and 2026.9.6 was expected"),
        ),
        (
            "silent",
            found(9, other, None),
            Some("process 11 runs and does not say which version it is"),
        ),
        (
            "down",
            Found {
                at: at(9),
                running: Running::Nothing,
            },
            Some("no gateway runs"),
        ),
        (
            "unknown",
            Found {
                at: at(9),
                running: Running::Unknown {
                    why: "no rights".into(),
                },
            },
            Some("whether a gateway runs could not be told: no rights"),
        ),
    ] {
        let in_time = complete(sentinel(), running.clone());
        let late = complete(
            sentinel(),
            Found {
                at: at(600),
                ..running
            },
        );
        match words {
            None => {
                assert_eq!(in_time.outcome, Outcome::Restarted, "{what}");
                assert_eq!(in_time.completed_at, Some(at(9)), "{what}");
                assert_eq!(late.outcome, Outcome::Restarted, "{what}");
            }
            Some(words) => {
                assert_eq!(in_time.outcome, Outcome::Pending, "{what}");
                assert!(
                    in_time.found.is_some() && in_time.completed_at.is_none(),
                    "{what}"
                );
                assert_eq!(
                    late.outcome,
                    Outcome::Failed { why: words.into() },
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn when_nothing_ran_before_whatever_runs_is_new() {
    let down = Sentinel {
        process_before: None,
        ..sentinel()
    };
    let done = complete(down, found(9, process(10, 100), Some("2026.9.6")));
    assert_eq!(done.outcome, Outcome::Restarted);
}

#[test]
fn what_is_final_stays() {
    let good = found(9, process(11, 200), Some("2026.9.6"));
    let failed = sentinel().failed(at(5), "given up");
    assert_eq!(complete(failed.clone(), good.clone()), failed);
    let done = complete(sentinel(), good.clone());
    assert_eq!(complete(done.clone(), good), done);
    assert_eq!(done.clone().failed(at(10), "no"), done);
    assert_eq!(done.clone().deferred(at(10), "no"), done);
}

#[test]
fn a_deferral_is_not_the_end() {
    let deferred = sentinel().deferred(at(300), "2 turns");
    let done = complete(deferred, found(301, process(11, 200), Some("2026.9.6")));
    assert_eq!(done.outcome, Outcome::Restarted);
}

fn restarted() -> Sentinel {
    complete(sentinel(), found(9, process(11, 200), Some("2026.9.6")))
}

fn delivery(sentinel: &Sentinel) -> &Delivery {
    &sentinel.note.as_ref().unwrap().delivery
}

#[test]
fn a_note_is_sent_only_after_the_restart_and_by_one_only() {
    let refused = sentinel().claim_note(at(1)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the note of run_1 must not be sent now: the restart is not over"
    );
    let claimed = restarted().claim_note(at(10)).unwrap();
    assert!(claimed.clone().claim_note(at(11)).is_err());
    let delivered = claimed.note_delivered(at(12));
    assert_eq!(delivery(&delivered), &Delivery::Delivered { at: at(12) });
    assert!(delivered.claim_note(at(13)).is_err());
}

#[test]
fn a_failed_restart_is_told_too() {
    assert!(sentinel().failed(at(5), "given up").owes_note());
}

#[test]
fn a_note_that_somebody_set_out_to_send_is_looked_for_before_it_is_sent_again() {
    let claimed = restarted().claim_note(at(10)).unwrap();
    let settle = |seen| claimed.clone().settle_note(at(20), &seen);
    assert_eq!(
        delivery(&settle(Seen::Yes)),
        &Delivery::Delivered { at: at(20) }
    );
    assert!(settle(Seen::No).owes_note());
    let unknown = settle(Seen::Unknown {
        why: "no answer".into(),
    });
    assert!(!unknown.owes_note());
    assert_eq!(
        delivery(&unknown).to_string(),
        "NOT delivered: it may have arrived, and is not sent again: no answer"
    );
}

#[test]
fn a_note_without_a_session_is_not_owed_and_a_long_one_is_refused() {
    let before = Before {
        version: None,
        expected: version("1.0.0"),
        asked_at: ASKED,
        give_up_at: at(1),
    };
    let note = Note::new("x").unwrap();
    let lone = Sentinel::new(&request(None), before, Some(note)).failed(at(1), "no");
    assert!(!lone.owes_note());
    assert!(
        lone.to_string()
            .ends_with("NOT delivered: no session was named to tell it to")
    );
    assert!(Note::new(&"x".repeat(8193)).is_err());
}

#[test]
fn it_reads_well_at_night() {
    assert_eq!(
        sentinel().to_string(),
        "run_1 (update.run), asked for by agent main: waiting for 2026.9.6 to run; before: \
         2026.9.5; nobody has looked since; note not delivered yet"
    );
    assert_eq!(
        restarted().to_string(),
        "run_1 (update.run), asked for by agent main: restarted, 2026.9.6 runs; before: 2026.9.5; \
         last look: process 11 ran 2026.9.6 at 1970-01-01T00:00:09Z; note not delivered yet"
    );
    let hostile = sentinel().failed(at(1), "bad\u{1b}[31m\nluck").to_string();
    assert!(!hostile.contains(['\u{1b}', '\n']));
}

#[test]
fn it_is_written_in_a_form_that_stays() {
    let written = serde_json::to_value(restarted().claim_note(at(10)).unwrap()).unwrap();
    let expected = serde_json::json!({
        "version": 1,
        "run": "run_1",
        "reason": "update.run",
        "actor": "agent main",
        "session": "agent:main:main",
        "note": {
            "text": "MARK done",
            "delivery": { "state": "sending", "since": "1970-01-01T00:00:10Z" }
        },
        "versionBefore": "2026.9.5",
        "processBefore": { "pid": 10, "boot": "b", "started": 100 },
        "versionExpected": "2026.9.6",
        "found": {
            "at": "1970-01-01T00:00:09Z",
            "state": "process",
            "process": { "pid": 11, "boot": "b", "started": 200 },
            "version": "2026.9.6"
        },
        "outcome": { "state": "restarted" },
        "askedAt": "1970-01-01T00:00:00Z",
        "giveUpAt": "1970-01-01T00:10:00Z",
        "completedAt": "1970-01-01T00:00:09Z"
    });
    assert_eq!(written, expected);
}

/// A sender that may be killed at any point, in a world that remembers what arrived.
#[derive(Debug, Clone, Copy)]
enum Sender {
    Claims,
    Sends { arrives: bool },
    Confirms,
    IsKilledAndReplaced { can_look: bool },
}

fn senders() -> impl Strategy<Value = Sender> {
    prop_oneof![
        Just(Sender::Claims),
        any::<bool>().prop_map(|arrives| Sender::Sends { arrives }),
        Just(Sender::Confirms),
        any::<bool>().prop_map(|can_look| Sender::IsKilledAndReplaced { can_look }),
    ]
}

proptest! {
    #[test]
    fn a_note_arrives_once_or_the_sentinel_says_that_it_may_not_have(
        moves in prop::collection::vec(senders(), 0..30)
    ) {
        let mut durable = restarted();
        // What the sender knows and a crash takes: that it claimed, and that it sent.
        let (mut mine, mut sent, mut arrived) = (false, false, 0);
        for next in moves {
            match next {
                Sender::Claims => if let Ok(claimed) = durable.clone().claim_note(at(1)) {
                    durable = claimed;
                    mine = true;
                },
                Sender::Sends { arrives } if mine && !sent => {
                    arrived += u32::from(arrives);
                    sent = arrives;
                }
                Sender::Confirms if mine && sent => durable = durable.note_delivered(at(2)),
                Sender::IsKilledAndReplaced { can_look } => {
                    (mine, sent) = (false, false);
                    let seen = match (can_look, arrived) {
                        (false, _) => Seen::Unknown { why: "?".into() },
                        (true, 0) => Seen::No,
                        (true, _) => Seen::Yes,
                    };
                    durable = durable.settle_note(at(3), &seen);
                }
                _ => {}
            }
            prop_assert!(arrived <= 1);
            match delivery(&durable) {
                Delivery::Delivered { .. } => prop_assert_eq!(arrived, 1),
                Delivery::Owed => prop_assert_eq!(arrived, 0),
                _ => {}
            }
        }
    }

    #[test]
    fn completing_twice_is_completing_once(pid in 9u32..13, started in 0u64..3, second in 0i64..1200) {
        let look = found(second, process(pid, started * 100), Some("2026.9.6"));
        let once = complete(sentinel(), look.clone());
        prop_assert_eq!(complete(once.clone(), look), once);
    }
}
