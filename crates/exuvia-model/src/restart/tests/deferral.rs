//! Waiting for work.

use super::*;

#[test]
fn it_ends_when_the_work_does() {
    let mut driver = Driver::new();
    driver.ask(hooked("c", 0));
    driver.work(PENDING);
    let [Effect::Persist, Effect::Defer { at_most, .. }] = &driver.effects[..] else {
        panic!("{:?}", driver.effects);
    };
    assert_eq!(*at_most, Millis::new(DEFERRAL));
    driver.pass(1000);
    driver.work(Work::None);
    assert_eq!(driver.hooks_run(), Some("c"));
}

#[test]
fn work_that_cannot_be_seen_counts_as_pending() {
    let mut driver = Driver::new();
    driver.ask(request("c", 0));
    driver.work(Work::Unknown {
        why: "no answer".into(),
    });
    assert!(!driver.restarts());
    driver.pass(DEFERRAL);
    assert!(driver.restarts());
}

#[test]
fn requests_that_join_do_not_make_it_longer() {
    let mut driver = Driver::new();
    driver.ask(request("c", 0));
    driver.work(PENDING);
    for number in 0..10 {
        driver.pass(DEFERRAL / 10 - 1);
        driver.ask(request(&format!("r{number}"), 1000));
    }
    assert!(!driver.restarts());
    driver.pass(10);
    assert!(driver.restarts());
}

fn patient(id: &str, patience: u64) -> Request {
    Request {
        patience: Some(Millis::new(patience)),
        ..request(id, 0)
    }
}

#[test]
fn whoever_asks_says_how_long_it_may_take_at_most() {
    for patience in [1, 10, 2 * DEFERRAL] {
        let mut driver = Driver::new();
        driver.ask(patient("c", patience));
        driver.work(PENDING);
        driver.pass(patience - 1);
        assert!(!driver.restarts(), "{patience}");
        driver.pass(1);
        assert!(driver.restarts(), "{patience}");
    }
}

#[test]
fn the_least_patient_of_them_ends_it() {
    let mut driver = Driver::new();
    driver.ask(request("c", 0));
    driver.work(PENDING);
    driver.pass(1000);
    driver.ask(patient("hurry", 50));
    driver.ask(patient("none", 2 * DEFERRAL));
    driver.pass(49);
    assert!(!driver.restarts());
    driver.pass(1);
    assert!(driver.restarts());
}

#[test]
fn whoever_takes_over_goes_on_watching_the_work() {
    let mut driver = Driver::new();
    driver.ask(request("c", 0));
    driver.work(PENDING);
    driver.tell(What::Resumed);
    assert!(driver.asks_for_work());
    driver.work(Work::None);
    assert!(driver.restarts());
}
