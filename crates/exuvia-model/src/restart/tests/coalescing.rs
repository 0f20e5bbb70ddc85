//! How requests share one restart.

use proptest::prelude::*;

use super::*;

#[test]
fn of_two_of_the_same_kind_the_earlier_wins_and_one_restart_answers_both() {
    for (first, second, winner) in [(1000, 2000, "a"), (2000, 1000, "b"), (1000, 1000, "a")] {
        let mut driver = Driver::new();
        driver.ask(hooked("a", first));
        driver.ask(hooked("b", second));
        driver.pass(1000);
        driver.work(Work::None);
        assert_eq!(driver.hooks_run(), Some(winner));
    }
}

#[test]
fn a_request_that_waits_for_less_makes_the_forced_one_no_later() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 5000));
    let answer = driver.ask(request("c", 1000));
    let lead = "u".parse().unwrap();
    let (generation, wait) = (driver.generation(), Millis::new(1000));
    assert_eq!(
        answer,
        Answer::Joins {
            generation,
            wait,
            lead
        }
    );
    driver.pass(1000);
    assert!(driver.restarts());
}

#[test]
fn the_same_request_told_again_is_the_same_request() {
    let mut driver = Driver::new();
    let first = driver.ask(request("c", 1000));
    let state = driver.state.clone();
    assert_eq!(driver.ask(request("c", 0)), first);
    assert_eq!(driver.state, state);
    driver.ask(forced("u", 0));
    driver.restarted(2).unwrap();
    let ended = driver.ask(request("c", 0));
    assert!(matches!(ended, Answer::Ended { .. }));
    assert_eq!(driver.state.stage(), &Stage::Idle);
}

#[test]
fn a_flood_of_requests_is_refused_before_it_fills_the_disk() {
    let mut driver = Driver::new();
    for number in 0..256 {
        driver.ask(request(&format!("r{number}"), 1000));
    }
    let refused = driver.try_tell(What::Asked(request("one-more", 0)));
    assert!(matches!(
        refused,
        Err(IllegalTransition::TooMany { limit: 256, .. })
    ));
}

proptest! {
    #[test]
    fn what_comes_of_requests_does_not_depend_on_their_order(
        wishes in prop::collection::vec((1u64..5, any::<bool>(), 0usize..4), 1..7),
        seed in any::<u64>(),
    ) {
        let kinds = [Kind::Restart, Kind::Config, Kind::Upgrade, Kind::Recovery];
        let mut requests: Vec<_> = wishes.iter().map(|(delay, force, kind)| Request {
            force: *force,
            kind: kinds[*kind],
            ..request("x", delay * 1000)
        }).collect();
        let outcome = |requests: &[Request]| {
            let mut driver = Driver::new();
            for (number, wish) in requests.iter().enumerate() {
                let id = format!("r{number}").parse().unwrap();
                driver.ask(Request { id, ..wish.clone() });
            }
            let open = driver.state.stage().open().unwrap().clone();
            let lead = open.lead.request;
            (open.joined.len(), lead.force, lead.kind, lead.delay, driver.effects.last().cloned())
        };
        let before = outcome(&requests);
        let length = requests.len();
        for place in 0..length {
            let other = usize::try_from(seed >> (place * 8) & 0xff).unwrap() % length;
            requests.swap(place, other);
        }
        prop_assert_eq!(outcome(&requests), before);
    }
}
