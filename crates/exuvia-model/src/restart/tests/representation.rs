//! How it is written and said.

use super::*;

#[test]
fn the_state_is_written_in_a_form_that_stays() {
    let mut driver = Driver::new();
    driver.ask(hooked("run_1", 1000));
    driver.pass(1000);
    driver.work(PENDING);
    let written = serde_json::to_value(&driver.state).unwrap();
    let expected = serde_json::json!({
        "version": 1,
        "policy": {
            "longestDelayMs": 86_400_000, "deferralMs": 300_000, "cooldownMs": 30_000,
            "hooksMs": 30_000, "tryMs": 180_000, "tries": 3
        },
        "epoch": "first",
        "generation": 1,
        "stage": "deferring",
        "open": {
            "generation": 1,
            "lead": {
                "request": {
                    "id": "run_1", "kind": "config", "delayMs": 1000, "force": false,
                    "reason": "config.patch", "actor": "gateway", "hooks": "run_1",
                    "replaces": { "pid": 1, "boot": "b", "started": 1 }
                },
                "due": { "set": 1_000_000, "setAt": "1970-01-01T00:00:00Z", "lengthMs": 1000 }
            },
            "joined": []
        },
        "until": { "set": 1_001_000, "setAt": "1970-01-01T00:00:01Z", "lengthMs": 300_000 },
        "work": { "state": "pending", "count": 5 },
        "cooldown": null,
        "ended": []
    });
    assert_eq!(written, expected);
    let read: State = serde_json::from_value(written).unwrap();
    assert_eq!(read, driver.state);
}

#[test]
fn a_state_of_another_version_is_refused_with_words() {
    let mut written = serde_json::to_value(State::new(Policy::default())).unwrap();
    written["version"] = 2.into();
    let refused = serde_json::from_value::<State>(written).unwrap_err();
    assert!(refused.to_string().contains("use the exuvia that wrote it"));
}

#[test]
fn ids_that_could_be_paths_or_orders_are_no_ids() {
    for bad in ["", "../x", "a b", "a\nb", "ä", &"x".repeat(65)] {
        assert!(bad.parse::<RequestId>().is_err(), "{bad:?}");
    }
    assert!("run_0123456789abcdef".parse::<RequestId>().is_ok());
}

#[test]
fn the_state_is_said_in_words() {
    let mut driver = Driver::new();
    assert_eq!(driver.state.to_string(), "no restart is under way");
    driver.ask(request("c\n".trim(), 1000));
    assert_eq!(
        driver.state.to_string(),
        "restart 1, asked for by c (config change, config.patch) by gateway is scheduled"
    );
    driver.ask(forced("u", 0));
    assert_eq!(
        driver.state.to_string(),
        "restart 1, asked for by u (forced, upgrade, update.run) by gateway and 1 more: the \
         gateway is being replaced (try 1)"
    );
    driver.restarted(2).unwrap();
    assert_eq!(
        driver.state.to_string(),
        "no restart is under way; restart 1 is done: process 2 runs now"
    );
}
