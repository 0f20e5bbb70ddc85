//! Clocks that jump, and processes that do not share one.

use super::*;

#[test]
fn a_deadline_from_before_a_reboot_is_read_off_the_wall_clock_and_never_longer_than_it_was() {
    // What the wall clock did while nobody watched, and what is left of five minutes.
    for (jump, left) in [
        (0, DEFERRAL),
        (100_000, DEFERRAL - 100_000),
        (DEFERRAL, 0),
        (u64::MAX >> 16, 0),
    ] {
        let mut driver = Driver::new();
        driver.ask(request("c", 0));
        driver.work(PENDING);
        driver.epoch = "after the reboot";
        driver.clock = 3;
        driver.wall += i64::try_from(jump).unwrap().min(1 << 40);
        driver.tell(What::Resumed);
        let after = Millis::new(left);
        assert!(
            driver.effects.contains(&Effect::ArmTimer { after }),
            "{jump}"
        );
    }
}

#[test]
fn a_wall_clock_that_went_back_makes_nobody_wait_for_ever() {
    let mut driver = Driver::new();
    driver.ask(request("c", 0));
    driver.work(PENDING);
    driver.epoch = "after the reboot";
    driver.clock = 0;
    driver.wall -= 1 << 40;
    driver.tell(What::Resumed);
    driver.pass(DEFERRAL);
    assert!(driver.restarts());
}

#[test]
fn a_wall_clock_that_jumps_while_somebody_watches_changes_nothing() {
    let mut driver = Driver::new();
    driver.ask(request("c", 1000));
    driver.wall += 1 << 40;
    driver.tell(What::Tick);
    assert!(!driver.asks_for_work());
    driver.wall -= 1 << 41;
    driver.pass(1000);
    assert!(driver.asks_for_work());
}

#[test]
fn a_delay_beyond_the_longest_is_cut() {
    let mut driver = Driver::new();
    driver.ask(request("c", u64::MAX));
    let after = Policy::default().longest_delay;
    assert!(driver.effects.contains(&Effect::ArmTimer { after }));
}
