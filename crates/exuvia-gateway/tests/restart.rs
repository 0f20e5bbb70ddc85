//! Restarts of a stand-in gateway under the real keeper.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the tests' own ground is the machine, and they may panic"
)]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use exuvia_gateway::restart::{Ask, Drove, RestartError, Restarts};
use exuvia_host::process::{Processes, Signal};
use exuvia_host::testing::Fault;
use exuvia_model::journal;
use exuvia_model::restart::{Millis, Policy, RequestId};
use exuvia_model::sentinel::{Delivery, Outcome, Sentinel};
use serde_json::json;

use support::{
    Ground, ask, ask_and_wait, forced, is_restarted, play_driver, play_keeper, policy, until, wait,
};

#[test]
fn role_keeper() {
    play_keeper();
}

#[test]
fn role_driver() {
    play_driver();
}

fn was_told(sentinel: &Sentinel) -> bool {
    let note = sentinel.note.as_ref().unwrap();
    matches!(note.delivery, Delivery::Delivered { .. })
}

fn busy(ground: &Ground, is_busy: bool) {
    let work = json!({ "kind": "task", "count": 1, "message": "a task" });
    ground.installed.behave(|behaviour| {
        behaviour.work = if is_busy { vec![work] } else { Vec::new() };
    });
}

#[tokio::test]
async fn another_process_runs_afterwards_and_the_session_is_told_once() {
    let ground = Ground::kept().await;
    let before = ground.until_running().await;
    let sentinel = ask_and_wait(&ground.restarts(), ask()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    let after = ground.until_running().await;
    assert_ne!(before, after);
    assert_eq!(ground.gateways(), [after]);
    assert!(was_told(&sentinel), "{sentinel}");
    assert_eq!(ground.told("MARK done"), 1);
    assert_eq!(ground.journal_outcomes(), [Some(journal::Outcome::Done)]);
    assert!(!ground.restarts().is_left_behind().unwrap());
}

#[tokio::test]
async fn a_forced_one_does_not_wait_for_work() {
    let ground = Ground::kept().await;
    busy(&ground, true);
    let sentinel = ask_and_wait(&ground.restarts(), forced()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
}

#[tokio::test]
async fn a_deferral_ends_with_the_work() {
    let ground = Ground::kept().await;
    busy(&ground, true);
    let restarts = ground.restarts();
    let run = restarts.ask(ask()).await.unwrap();
    let watch = async {
        let deferred = async || {
            let sentinel = ground.restarts().sentinel(&run).unwrap().unwrap();
            matches!(sentinel.outcome, Outcome::Deferred { .. }).then_some(())
        };
        until(deferred).await;
        assert_eq!(ground.starts(), 1, "it waits");
        busy(&ground, false);
    };
    let (sentinel, ()) = tokio::join!(wait(&restarts, &run), watch);
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(ground.starts(), 2);
}

#[tokio::test]
async fn a_deferral_ends_by_itself_though_work_is_pending() {
    let ground = Ground::kept().await;
    busy(&ground, true);
    let policy = Policy {
        deferral: Millis::new(300),
        ..policy()
    };
    let restarts = ground.restarts_on(ground.host(), policy);
    let sentinel = ask_and_wait(&restarts, ask()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
}

#[tokio::test]
async fn requests_of_several_processes_are_answered_by_one_restart() {
    let ground = Ground::kept().await;
    let later = || Ask {
        delay: Millis::new(1000),
        ..ask()
    };
    let (one, other) = (ground.restarts(), ground.restarts());
    let runs = (
        one.ask(later()).await.unwrap(),
        other.ask(later()).await.unwrap(),
    );
    let (one, other) = tokio::join!(wait(&one, &runs.0), wait(&other, &runs.1));
    assert!(is_restarted(&one) && is_restarted(&other));
    assert_eq!(ground.starts(), 2);
    assert_eq!(ground.told("MARK done"), 2, "each session is told");
}

#[tokio::test]
async fn a_wrong_version_is_no_success() {
    let ground = Ground::kept().await;
    let sentinel = ask_and_wait(
        &ground.restarts(),
        Ask {
            expected: "2026.9.9".parse().unwrap(),
            ..ask()
        },
    )
    .await;
    let Outcome::Failed { why } = &sentinel.outcome else {
        panic!("{sentinel}")
    };
    assert!(why.starts_with("2026.9.9 was expected"), "{why}");
    assert_eq!(ground.told("IT FAILED"), 1);
}

#[tokio::test]
async fn a_gateway_that_ignores_being_asked_to_stop_is_replaced_all_the_same() {
    let ground = Ground::kept().await;
    ground.installed.behave(|it| it.ignores_term = true);
    let sentinel = ask_and_wait(&ground.restarts(), ask()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    ground.installed.behave(|it| it.ignores_term = false);
    let again = ask_and_wait(&ground.restarts(), ask()).await;
    assert!(is_restarted(&again), "{again}");
    assert_eq!(ground.gateways().len(), 1);
}

#[tokio::test]
async fn a_session_that_is_not_there_is_told_nothing_and_the_sentinel_says_so() {
    let ground = Ground::kept().await;
    let nowhere = Ask {
        session: Some("agent:nobody:none".parse().unwrap()),
        ..ask()
    };
    let sentinel = ask_and_wait(&ground.restarts(), nowhere).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert!(!was_told(&sentinel), "{sentinel}");
}

#[tokio::test]
async fn what_nobody_can_restart_is_refused_and_nothing_changes() {
    let ground = Ground::new();
    let running = ground.installed.run();
    let refused = ground.restarts().ask(ask()).await.unwrap_err();
    assert!(matches!(refused, RestartError::Nobody(_)), "{refused}");
    assert!(
        refused.to_string().contains("exuvia gateway run"),
        "{refused}"
    );
    assert_eq!(ground.gateway().unwrap().pid, running.pid());
    assert!(!ground.home.root().exists());
}

fn hook(ground: &Ground, name: &str, script: &str, mode: u32) {
    let dir = ground.home.root().join("hooks/before-restart.d");
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn hooks_run_in_order_and_only_what_is_ours() {
    let ground = Ground::kept().await;
    let out = ground.root.join("ran");
    for name in ["10-a", "20-b"] {
        hook(
            &ground,
            name,
            &format!("echo {name} >>{}", out.display()),
            0o700,
        );
    }
    hook(&ground, "30-not-executable", "exit 1", 0o600);
    let sentinel = ask_and_wait(&ground.restarts(), ask()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "10-a\n20-b\n");
    hook(
        &ground,
        "05-anybodys",
        &format!("echo no >>{}", out.display()),
        0o777,
    );
    let sentinel = ask_and_wait(&ground.restarts(), ask()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "10-a\n20-b\n");
    let state = ground.restarts().state().unwrap().unwrap();
    assert!(
        state.to_string().contains("may be written by others"),
        "{state}"
    );
}

/// The points at which a driver writes, in the order that they were reached.
fn steps(reached: &[(&'static str, std::path::PathBuf)]) -> Vec<(&'static str, String, usize)> {
    let mut steps: Vec<(&'static str, String, usize)> = Vec::new();
    for (point, path) in reached {
        let path = path.to_string_lossy();
        let changes = matches!(
            *point,
            "write.create" | "write.rename" | "write.sync-dir" | "remove"
        );
        if !changes || path.contains("journal") || path.contains("run_") && *point == "write.create"
        {
            continue;
        }
        // Names of requests are new each time.
        let place = [
            "sentinels/",
            "inbox/",
            "restart.json",
            "overseer.json",
            "hooks.json",
        ];
        let Some(place) = place.into_iter().find(|place| path.contains(place)) else {
            continue;
        };
        let skip = steps
            .iter()
            .filter(|(p, at, _)| p == point && at == place)
            .count();
        steps.push((point, place.to_owned(), skip));
    }
    steps
}

#[tokio::test]
async fn a_driver_that_is_killed_at_any_step_is_followed_by_one_that_finishes() {
    let ground = Ground::kept().await;
    hook(
        &ground,
        "hook",
        &format!("echo >>{}", ground.root.join("ran").display()),
        0o700,
    );
    let host = ground.host();
    let sentinel = ask_and_wait(&ground.restarts_on(host.clone(), policy()), ask()).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    let steps = steps(&host.faults().reached());
    assert!(steps.len() > 15, "{steps:?}");
    let (mut seen, mut killed) = (vec![sentinel.run], 0);
    for (point, place, skip) in &steps {
        let what = format!("killed before {point} of {place}, time {skip}");
        let host = ground.host();
        host.faults().plan(point, place, *skip, Fault::Die);
        let dying = ground.restarts_on(host.clone(), policy());
        if let Ok(run) = dying.ask(ask()).await {
            // How often work is told of depends on the moment, so a last write may not come.
            killed += usize::from(dying.wait(&run, |_| ()).await.is_err());
        } else {
            killed += 1;
        }
        let runs = std::fs::read_to_string(ground.root.join("ran"))
            .unwrap()
            .len();
        let next = ground.restarts();
        drive(&next).await;
        match newest(&ground, &mut seen) {
            Some(sentinel) => {
                assert!(sentinel.outcome.is_final(), "{what}: {sentinel}");
                let told = ground.told(sentinel.run.as_str());
                assert_eq!(told, usize::from(was_told(&sentinel)), "{what}: {sentinel}");
                if is_restarted(&sentinel) {
                    assert_eq!(told, 1, "{what}: {sentinel}");
                }
            }
            None => assert_eq!(*place, "sentinels/", "{what}: nothing was kept of it"),
        }
        let after = std::fs::read_to_string(ground.root.join("ran"))
            .unwrap()
            .len();
        assert!(after <= runs + 1, "{what}: its hooks ran twice");
        assert_eq!(ground.gateways().len(), 1, "{what}");
        assert!(next.unsettled().unwrap().is_empty(), "{what}");
    }
    assert!(killed + 4 >= steps.len(), "{killed} of {}", steps.len());
}

/// Drives to the end. A program that another test is just starting holds the lock for a moment.
async fn drive(restarts: &Restarts) {
    let drove = async || (restarts.drive().await.unwrap() == Drove::Everything).then_some(());
    until(drove).await;
}

/// The sentinel that is there beside those that were seen before.
fn newest(ground: &Ground, seen: &mut Vec<RequestId>) -> Option<Sentinel> {
    let all = ground.restarts().sentinels().unwrap();
    let mut new: Vec<Sentinel> = all
        .into_iter()
        .filter(|it| !seen.contains(&it.run))
        .collect();
    assert!(new.len() <= 1);
    seen.extend(new.iter().map(|it| it.run.clone()));
    new.pop()
}

#[tokio::test]
async fn a_keeper_that_dies_with_its_gateway_is_started_again() {
    let ground = Ground::kept().await;
    let keeper = ground.keeper().await.unwrap();
    let gateway = ground.until_running().await;
    let restarts = ground.restarts();
    let run = restarts.ask(ask()).await.unwrap();
    for dead in [&keeper, &gateway] {
        Processes::new().signal(dead, Signal::Kill).unwrap();
        Processes::new().wait_gone(dead, support::DEADLINE).unwrap();
    }
    let sentinel = wait(&restarts, &run).await;
    assert!(is_restarted(&sentinel), "{sentinel}");
    assert_eq!(ground.gateways().len(), 1);
    assert_ne!(ground.keeper().await.unwrap(), keeper);
}
