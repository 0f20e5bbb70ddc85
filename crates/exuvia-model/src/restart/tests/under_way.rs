//! Requests and failures while a restart is under way.

use super::*;

#[test]
fn a_request_that_saw_the_old_gateway_is_answered_by_the_new_one() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    let answer = driver.ask(request("c", 0));
    assert!(matches!(answer, Answer::UnderWay { .. }));
    driver.restarted(2).unwrap();
    let found = process(2);
    assert_eq!(
        driver.settles(),
        [(vec!["u", "c"], &Outcome::Restarted { found })]
    );
    assert_eq!(driver.state.stage(), &Stage::Idle);
}

#[test]
fn a_request_that_saw_the_new_gateway_already_gets_a_restart_of_its_own() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    let late = Request {
        replaces: Some(process(2)),
        ..forced("v", 0)
    };
    driver.ask(late);
    driver.restarted(2).unwrap();
    assert_eq!(driver.settles().len(), 1);
    assert!(driver.restarts(), "its files may be newer than process 2");
    driver.restarted(3).unwrap();
    let found = process(3);
    assert_eq!(
        driver.settles(),
        [(vec!["v"], &Outcome::Restarted { found })]
    );
}

#[test]
fn the_old_process_never_counts_as_restarted() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    let before = driver.state.clone();
    assert!(matches!(
        driver.restarted(1),
        Err(IllegalTransition::NotAnother { .. })
    ));
    assert_eq!(driver.state, before);
}

#[test]
fn a_gateway_that_ignores_the_order_is_killed_and_then_given_up_and_the_next_restart_works() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    let mut manners = Vec::new();
    for _ in 0..3 {
        manners.extend(driver.effects.iter().filter_map(|effect| match effect {
            Effect::Restart {
                attempt, manner, ..
            } => Some((*attempt, *manner)),
            _ => None,
        }));
        driver.pass(180_000);
    }
    assert_eq!(
        manners,
        [(1, Manner::Asked), (2, Manner::Killed), (3, Manner::Killed)]
    );
    let [(requests, Outcome::Abandoned { why })] = &driver.settles()[..] else {
        panic!("{:?}", driver.effects);
    };
    assert_eq!(requests, &["u"]);
    assert_eq!(
        why,
        "no new gateway was found running within 3 min (tries: 3)"
    );
    driver.ask(forced("v", 0));
    assert!(driver.restarts());
    driver.restarted(2).unwrap();
    assert_eq!(driver.settles().len(), 1);
}

#[test]
fn a_try_that_is_told_twice_to_have_failed_failed_once() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    let generation = driver.generation();
    let failed = What::NotRestarted {
        generation,
        attempt: 1,
        why: "exit 1".into(),
    };
    driver.tell(failed.clone());
    assert!(driver.restarts());
    driver.tell(failed);
    assert_eq!(driver.effects, []);
}

#[test]
fn after_a_restart_only_a_forced_one_does_without_the_pause() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    driver.pass(1000);
    driver.restarted(2).unwrap();
    driver.ask(Request {
        replaces: Some(process(2)),
        ..request("c", 0)
    });
    let after = Millis::new(29_000);
    assert!(driver.effects.contains(&Effect::ArmTimer { after }));
    driver.ask(Request {
        replaces: Some(process(2)),
        ..forced("v", 0)
    });
    assert!(driver.restarts());
}
