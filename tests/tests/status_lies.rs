//! Lies that take long to tell, told by a stand-in at once, and `exuvia status` not believing them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests fail by panicking, too"
)]

use exuvia_e2e::{Ran, Stand, Terminal, until};
use exuvia_testkit::gateway::{Installed, Restart};
use serde_json::Value;

/// What a probe says that failed or could not be answered.
fn why<'s>(status: &'s Value, probe: &str) -> &'s str {
    let probes = status["probes"].as_array().unwrap();
    let one = probes.iter().find(|one| one["name"] == probe).unwrap();
    one["why"].as_str().unwrap_or_default()
}

#[track_caller]
fn says(status: &Value, probe: &str, words: &str) {
    assert!(why(status, probe).contains(words), "{words:?}: {status:#}");
}

#[test]
fn an_old_process_that_said_it_restarts_is_told_from_the_new_one() {
    let stand = Stand::new();
    let gateway = stand.installed.run();
    let _ = stand.exuvia(&["status"]).exits(0);
    stand.installed.behave(|it| it.restart = Restart::Ignored);
    stand.installed.set_version("2026.9.6");
    let ask = [
        "gateway",
        "call",
        "gateway.restart.request",
        "--json",
        "--params",
        "{}",
    ];
    let mut ask = stand.installed.openclaw(&ask);
    let said = Ran::of(ask.env("OPENCLAW_GATEWAY_TOKEN", Installed::TOKEN));
    assert_eq!(said.exits(0).json()["ok"], true);
    let status = stand.broken();
    assert_eq!(status["process"]["pid"], gateway.pid());
    let words = "2026.9.5 runs and 2026.9.6 is installed: the old process";
    says(&status, "version", words);
    says(&status, "status", words);
}

#[test]
fn a_gateway_that_takes_a_minute_to_start_is_not_said_to_work() {
    let stand = Stand::new();
    stand.installed.behave(|it| it.ready_after_ms = 60_000);
    let _gateway = stand.installed.run();
    let status = stand.broken();
    says(&status, "ready", "it is starting");
    let _ = stand.exuvia(&["status", "--wait", "1"]).exits(1);
    // And is, as soon as it does.
    stand.installed.behave(|it| it.ready_after_ms = 0);
    let _ = stand.exuvia(&["status", "--wait", "60"]).exits(0);
}

#[test]
fn a_gateway_that_does_not_listen_for_a_minute_is_not_said_to_work() {
    let stand = Stand::new();
    stand.installed.behave(|it| it.listens_after_ms = 60_000);
    let _keeper = stand.keep();
    let status = stand.broken();
    says(&status, "ready", "does not listen yet");
}

#[test]
fn a_gateway_that_dies_soon_is_not_believed_when_it_is_up_again() {
    let stand = Stand::new();
    stand.installed.behave(|it| it.dies_after_ms = Some(300));
    let _keeper = stand.keep();
    until("it has died, and more than once", || {
        (stand.installed.book().starts().len() > 2).then_some(())
    });
    stand.installed.behave(|it| it.dies_after_ms = None);
    let status = until("another one is up", || {
        let status = stand.broken();
        status["version"]["running"].is_string().then_some(status)
    });
    says(&status, "process", "those before it ended too soon");
    says(&status, "process", "whether this one stays is not known");
}

#[test]
fn who_waits_for_the_slow_checks_sees_what_is_being_waited_for() {
    let stand = Stand::new();
    let _gateway = stand.installed.run();
    stand
        .installed
        .behave(|it| it.hanging = vec!["plugins doctor".to_owned()]);
    let mut person = Terminal::start(&mut stand.command(&["status"]));
    person.sees(" s, no answer yet of plugins");
    stand.installed.behave(|it| it.hanging.clear());
    let (code, shown) = person.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("healthy"), "{shown}");
}

#[test]
fn a_gateway_that_has_died_is_not_said_to_work() {
    let stand = Stand::new();
    let mut gateway = stand.installed.run();
    let _ = stand.exuvia(&["status"]).exits(0);
    gateway.signal("KILL");
    gateway.wait();
    says(
        &stand.broken(),
        "process",
        "no gateway of this install runs",
    );
}

#[test]
fn what_the_checks_of_openclaw_leave_behind_does_not_stay() {
    let stand = Stand::new();
    let _gateway = stand.installed.run();
    let temporary = tempfile::tempdir().unwrap();
    let _ = Ran::of(stand.command(&["status"]).env("TMPDIR", temporary.path())).exits(0);
    let left = std::fs::read_dir(temporary.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}
