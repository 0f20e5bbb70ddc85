//! Answers that come late, twice, or without a question.

use super::*;

#[test]
fn what_nobody_asked_is_refused_and_changes_nothing() {
    let mut driver = Driver::new();
    driver.ask(request("c", 1000));
    let generation = driver.generation();
    let to_come = generation.next();
    let found = process(2);
    let request: RequestId = "c".parse().unwrap();
    let why = String::new();
    for what in [
        What::Restarted {
            generation,
            found: found.clone(),
        },
        What::Restarted {
            generation: to_come,
            found,
        },
        What::NotRestarted {
            generation,
            attempt: 1,
            why,
        },
        What::Prepared {
            generation,
            request,
            failed: None,
        },
        What::Work {
            generation: to_come,
            work: Work::None,
        },
        What::Settled { generation },
    ] {
        let refused = driver.try_tell(what.clone());
        assert!(
            matches!(refused, Err(IllegalTransition::NotAsked { .. })),
            "{what:?}"
        );
    }
}

#[test]
fn what_was_over_long_ago_is_nothing_new() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    let generation = driver.generation();
    driver.restarted(2).unwrap();
    driver.tell(What::Settled { generation });
    for what in [
        What::Restarted {
            generation,
            found: process(2),
        },
        What::Settled { generation },
        What::Tick,
        What::Resumed,
    ] {
        driver.tell(what);
        assert_eq!(driver.effects, []);
    }
}

#[test]
fn who_was_not_told_yet_is_told_by_the_next_process() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    driver.restarted(2).unwrap();
    driver.tell(What::Resumed);
    assert_eq!(driver.settles().len(), 1);
}
