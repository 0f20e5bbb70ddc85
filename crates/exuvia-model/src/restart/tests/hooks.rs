//! Hooks hold nothing up.

use super::*;

#[test]
fn a_forced_request_does_not_wait_for_the_hooks_of_another() {
    let mut driver = Driver::new();
    driver.ask(hooked("c", 0));
    driver.work(Work::None);
    assert_eq!(driver.hooks_run(), Some("c"));
    driver.ask(forced("u", 0));
    assert!(driver.restarts());
    let generation = driver.generation();
    let request = "c".parse().unwrap();
    driver.tell(What::Prepared {
        generation,
        request,
        failed: None,
    });
    assert_eq!(driver.effects, [], "they ended too late to matter");
}

#[test]
fn hooks_that_fail_or_hang_do_not_hold_the_restart_up_and_it_is_said() {
    for hangs in [false, true] {
        let mut driver = Driver::new();
        driver.ask(Request {
            force: true,
            ..hooked("c", 0)
        });
        let generation = driver.generation();
        if hangs {
            driver.pass(30_000);
        } else {
            let (request, failed) = ("c".parse().unwrap(), Some("exit 1".to_owned()));
            driver.tell(What::Prepared {
                generation,
                request,
                failed,
            });
        }
        assert!(driver.restarts());
        driver.restarted(2).unwrap();
        let said = driver.state.to_string();
        let expected = if hangs {
            "its hooks were not done in time"
        } else {
            "its hooks failed: exit 1"
        };
        assert!(said.ends_with(expected), "{said}");
    }
}
