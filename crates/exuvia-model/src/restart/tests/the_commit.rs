//! The cases of commit e131eae, by the names they have there.

use super::*;

#[test]
fn forces_an_immediate_restart_after_successful_package_manager_updates() {
    let asked = Request {
        kind: Kind::Restart,
        ..request("u", 5000)
    };
    let restart = restart_after(UpdateResult::Swapped, asked).unwrap();
    assert_eq!((restart.delay, restart.force), (Millis::ZERO, true));
    assert_eq!(restart.kind, Kind::Upgrade);
}

#[test]
fn keeps_the_callers_delay_and_the_deferral_after_a_git_update() {
    for result in [UpdateResult::CheckedOut, UpdateResult::InPlace] {
        let restart = restart_after(result, request("u", 5000)).unwrap();
        assert_eq!((restart.delay, restart.force), (Millis::new(5000), false));
    }
}

#[test]
fn restarts_nothing_after_a_failed_update() {
    for result in [UpdateResult::Failed, UpdateResult::Skipped] {
        assert_eq!(restart_after(result, forced("u", 0)), None);
    }
}

#[test]
fn blocks_global_package_installs_when_the_gateway_cannot_restart_afterward() {
    let nobody = Restartability::Nobody {
        why: "it runs in a terminal".into(),
        remedy: "exuvia gateway run".into(),
    };
    let refusal = nobody.supervisor().unwrap_err().to_string();
    assert_eq!(
        refusal,
        "nobody can restart this gateway: it runs in a terminal; nothing was changed. To \
         change that: exuvia gateway run"
    );
    let unknown = Restartability::Unknown {
        why: "no D-Bus".into(),
        remedy: "run it as the user".into(),
    };
    assert!(unknown.supervisor().is_err(), "unknown is not yes");
    let by = Restartability::By {
        supervisor: Supervisor::Exuvia,
    };
    assert_eq!(by.supervisor(), Ok(&Supervisor::Exuvia));
}

#[test]
fn bypasses_the_pre_restart_deferral_check_when_requested() {
    let mut driver = Driver::new();
    driver.ask(forced("u", 0));
    assert!(!driver.asks_for_work());
    assert!(driver.restarts());
    assert_eq!(driver.reason(), "update.run");
}

#[test]
fn upgrades_an_already_scheduled_restart_to_bypass_deferral() {
    let mut driver = Driver::new();
    driver.ask(request("c", 1000));
    let answer = driver.ask(forced("u", 1000));
    assert!(matches!(answer, Answer::Leads { .. }), "not coalesced");
    driver.pass(999);
    assert!(!driver.restarts());
    driver.pass(1);
    assert!(!driver.asks_for_work());
    assert!(driver.restarts());
    assert_eq!(driver.reason(), "update.run");
}

#[test]
fn bypasses_an_active_restart_deferral_when_a_forced_restart_arrives() {
    let mut driver = Driver::new();
    driver.ask(hooked("c", 0));
    driver.work(PENDING);
    assert!(!driver.restarts());
    let answer = driver.ask(forced("u", 0));
    assert!(matches!(answer, Answer::Leads { .. }), "not coalesced");
    assert!(driver.restarts());
    assert_eq!(driver.hooks_run(), None, "the stale hooks do not run");
    assert_eq!(driver.reason(), "update.run");
}

#[test]
fn restarts_after_the_default_deferral_timeout_while_work_is_still_pending() {
    let mut driver = Driver::new();
    driver.ask(request("c", 0));
    driver.work(PENDING);
    driver.pass(DEFERRAL - 1);
    assert!(!driver.restarts());
    driver.pass(1);
    assert!(driver.restarts());
}
