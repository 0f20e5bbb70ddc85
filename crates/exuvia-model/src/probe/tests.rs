use proptest::prelude::*;

use super::*;
use crate::restart::ProcessIdentity;

fn probed(need: Need, answer: Answer) -> Probed {
    let probe = Probe {
        name: "p".into(),
        need,
        deadline: Millis::from_secs(5),
    };
    Probed::new(probe, answer, Millis::ZERO)
}

fn fail() -> Answer {
    Answer::fail("it is down", "start it")
}

fn unknown() -> Answer {
    Answer::unknown("no answer")
}

#[test]
fn unknown_never_counts_as_pass() {
    use Need::{Required, Wanted};
    for (answers, good, words) in [
        (vec![], false, "not known: no required probe was asked"),
        (
            vec![(Wanted, Answer::Pass)],
            false,
            "not known: no required probe was asked",
        ),
        (vec![(Required, Answer::Pass)], true, "healthy"),
        (
            vec![(Required, Answer::Pass), (Wanted, unknown())],
            true,
            "works, but somebody should look\n  p: not known: no answer",
        ),
        (
            vec![(Required, Answer::Pass), (Wanted, fail())],
            true,
            "works, but somebody should look\n  p: it is down. start it",
        ),
        (
            vec![(Required, Answer::Pass), (Required, unknown())],
            false,
            "not known to work\n  p: not known: no answer",
        ),
        (
            vec![(Required, unknown()), (Required, fail()), (Wanted, fail())],
            false,
            "DOES NOT WORK\n  p: it is down. start it\n  p: not known: no answer",
        ),
    ] {
        let answers: Vec<_> = answers
            .into_iter()
            .map(|(need, answer)| probed(need, answer))
            .collect();
        let verdict = verdict(&answers);
        assert_eq!(verdict.is_good(), good, "{verdict}");
        assert_eq!(verdict.to_string(), words);
    }
}

#[test]
fn a_pass_that_comes_too_late_is_unknown_and_a_failure_is_a_failure() {
    let probe = Builtin::Ready.probe();
    let late = Millis::from_secs(16);
    let passed = Probed::new(probe.clone(), Answer::Pass, late);
    assert_eq!(
        passed.answer,
        Answer::unknown("the answer took 16 s, longer than 15 s")
    );
    let in_time = Probed::new(probe.clone(), Answer::Pass, Millis::from_secs(15));
    assert_eq!(in_time.answer, Answer::Pass);
    assert_eq!(Probed::new(probe, fail(), late).answer, fail());
}

#[test]
fn what_the_gate_wants_and_nobody_asked_is_not_passed() {
    let gate = Builtin::gate();
    let all: Vec<_> = gate
        .iter()
        .map(|probe| Probed::new(probe.clone(), Answer::Pass, Millis::ZERO))
        .collect();
    assert_eq!(verdict(&against_gate(&gate, all.clone())), Verdict::Healthy);
    for left_out in 0..all.len() {
        let mut some = all.clone();
        let probe = some.remove(left_out).probe;
        let verdict = verdict(&against_gate(&gate, some));
        assert_eq!(
            verdict.is_good(),
            probe.need == Need::Wanted,
            "{}",
            probe.name
        );
    }
}

#[test]
fn the_gate_is_that_of_the_facts() {
    let required: Vec<_> = Builtin::gate()
        .into_iter()
        .filter(|probe| probe.need == Need::Required)
        .map(|probe| probe.name.to_string())
        .collect();
    assert_eq!(
        required,
        [
            "process", "ready", "version", "status", "sessions", "config", "plugins"
        ]
    );
}

#[test]
fn hostile_words_do_not_reach_a_terminal() {
    let probe = Probe {
        name: "a\u{1b}[2Jb\n".into(),
        ..Builtin::Ready.probe()
    };
    let answer = Answer::Fail {
        why: "x\u{202e}\r\n".into(),
        remedy: "y\u{7}".into(),
    };
    let said = Probed::new(probe, answer, Millis::ZERO).to_string();
    assert_eq!(said, "a[2Jb: x. y");
}

#[test]
fn answers_are_written_in_a_form_that_stays() {
    let written = serde_json::to_value(verdict(&[probed(Need::Required, fail())])).unwrap();
    let expected = serde_json::json!({
        "verdict": "broken",
        "probes": [{
            "name": "p", "need": "required", "deadlineMs": 5000, "answer": "fail",
            "why": "it is down", "remedy": "start it", "tookMs": 0
        }]
    });
    assert_eq!(written, expected);
    assert!(serde_json::from_value::<Verdict>(written).is_ok());
}

const RULE: Soak = Soak {
    samples: 3,
    over: Millis::from_secs(10),
    within: Millis::from_secs(60),
};

fn sample(second: u64, pid: u32, answer: Answer) -> Sample {
    Sample {
        at: Millis::from_secs(second),
        process: Some(ProcessIdentity {
            pid,
            boot: "b".into(),
            started: 1,
        }),
        verdict: verdict(&[probed(Need::Required, answer)]),
    }
}

fn good(second: u64) -> Sample {
    sample(second, 1, Answer::Pass)
}

#[test]
fn a_soak_wants_enough_samples_over_enough_time_from_one_process() {
    let soaking = |good, seconds| SoakState::Soaking {
        good,
        over: Millis::from_secs(seconds),
    };
    for (samples, expected) in [
        (vec![], soaking(0, 0)),
        (vec![good(0), good(1), good(2)], soaking(3, 2)),
        (vec![good(0), good(10)], soaking(2, 10)),
        (vec![good(0), good(5), good(10)], SoakState::Passed),
        (
            vec![good(0), sample(5, 1, unknown()), good(10)],
            soaking(2, 10),
        ),
        (
            vec![good(0), sample(5, 1, unknown()), good(10), good(11)],
            SoakState::Passed,
        ),
    ] {
        assert_eq!(soak(RULE, &samples), expected);
    }
    for samples in [
        vec![good(0), good(5), sample(9, 1, fail())],
        vec![good(0), good(5), sample(10, 2, Answer::Pass)],
    ] {
        let state = soak(RULE, &samples);
        assert!(matches!(state, SoakState::Failed { .. }), "{state}");
    }
}

#[test]
fn a_soak_that_sees_nothing_ends_and_is_not_passed() {
    let mut samples = vec![good(0)];
    samples.extend((1..=61).map(|second| sample(second, 1, unknown())));
    assert_eq!(
        soak(RULE, &samples).to_string(),
        "not known to hold out: 1 good samples over 0 s in 1 min 1 s, and 3 over 10 s are needed"
    );
    let nobody = Sample {
        process: None,
        ..good(0)
    };
    let blind: Vec<_> = (0..5)
        .map(|n| Sample {
            at: Millis::from_secs(n * 5),
            ..nobody.clone()
        })
        .collect();
    assert!(matches!(
        soak(RULE, &blind),
        SoakState::Soaking { good: 0, .. }
    ));
}

proptest! {
    #[test]
    fn a_verdict_is_good_only_if_every_required_probe_passed(
        answers in prop::collection::vec((any::<bool>(), 0u8..3), 0..12)
    ) {
        let answers: Vec<_> = answers.into_iter().map(|(required, answer)| {
            let need = if required { Need::Required } else { Need::Wanted };
            probed(need, match answer { 0 => Answer::Pass, 1 => fail(), _ => unknown() })
        }).collect();
        let mut required = answers.iter().filter(|one| one.probe.need == Need::Required).peekable();
        let all = required.peek().is_some() && required.all(|one| one.answer == Answer::Pass);
        prop_assert_eq!(verdict(&answers).is_good(), all);
    }

    #[test]
    fn a_soak_passes_only_if_nothing_failed_before(
        looks in prop::collection::vec((0u64..4, 0u8..8, 1u32..3), 0..40)
    ) {
        let mut at = 0;
        let samples: Vec<_> = looks.iter().map(|(gap, answer, pid)| {
            at += gap;
            let answer = match answer { 0 => fail(), 1 => unknown(), _ => Answer::Pass };
            sample(at, (*pid).max(u32::from(at > 20)), answer)
        }).collect();
        if soak(RULE, &samples) == SoakState::Passed {
            let broken = |sample: &Sample| matches!(sample.verdict, Verdict::Broken { .. });
            let until_first_failure = samples.iter().position(broken).unwrap_or(samples.len());
            let kept = samples[..until_first_failure].iter().filter(|s| s.verdict.is_good()).count();
            prop_assert!(kept >= 3);
        }
    }
}
