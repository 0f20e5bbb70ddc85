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
