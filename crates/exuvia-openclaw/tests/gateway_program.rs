//! The stand-in as a program, and the client's way round through `openclaw gateway call`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use exuvia_host::Host;
use exuvia_host::testing::TestHost;
use exuvia_openclaw::gateway::{Client, Delivery, GatewayError, Note, Target, Turn};
use exuvia_openclaw::{Install, LocateOptions, locate};
use exuvia_testkit::gateway::{Installed, Restart, Running};
use serde_json::{Value, json};

const MAIN: &str = "agent:main:main";
const SOON: Duration = Duration::from_secs(10);

struct World {
    _dir: tempfile::TempDir,
    installed: Installed,
    host: Arc<dyn Host>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let installed = Installed::at(dir.path());
        let host = TestHost::new()
            .with_env("HOME", installed.root())
            .with_env("PATH", installed.root().join("bin"));
        Self {
            _dir: dir,
            installed,
            host: Arc::new(host),
        }
    }

    fn install(&self) -> Install {
        locate(self.host.as_ref(), &LocateOptions::default()).unwrap()
    }

    async fn client(&self) -> Client {
        let target = Target::find(&self.host, &self.install()).unwrap();
        target.connect_within(SOON).await.unwrap()
    }

    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.installed.openclaw(arguments).output().unwrap();
        let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), said)
    }
}

fn code(running: &mut Running) -> Option<i32> {
    running.wait().code()
}

#[tokio::test]
async fn it_is_found_as_an_install_and_asked_with_the_token_of_its_config() {
    let world = World::new();
    let started = Instant::now();
    let running = world.installed.run();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    let client = world.client().await;
    assert_eq!(client.process().await.unwrap().pid, Some(running.pid()));
    assert_eq!(client.address().port(), world.installed.port());
}

#[tokio::test]
async fn it_stops_cleanly_when_told_and_takes_its_lock_along() {
    let world = World::new();
    let mut running = world.installed.run();
    let client = world.client().await;
    running.signal("TERM");
    assert_eq!(code(&mut running), Some(0));
    assert!(client.health().await.is_err());
    let mut again = world.installed.run();
    world.client().await;
    again.signal("INT");
    assert_eq!(code(&mut again), Some(0));
    assert_eq!(world.installed.book().starts().len(), 2);
}

#[tokio::test]
async fn without_a_supervisor_it_restarts_within_itself() {
    let world = World::new();
    let running = world.installed.run();
    let before = world.client().await;
    world.installed.set_version("2026.9.6");
    running.signal("USR1");
    let mut events = before.events().unwrap();
    // Its end, or that it had ended already.
    let _ = tokio::time::timeout(SOON, events.recv()).await.unwrap();
    let after = world.client().await;
    assert_ne!(after.hello().boot_id(), before.hello().boot_id());
    assert_eq!(after.process().await.unwrap().pid, Some(running.pid()));
    assert_eq!(
        after.hello().version(),
        Some("2026.9.5"),
        "the loaded code goes on"
    );
}

#[tokio::test]
async fn under_a_supervisor_it_leaves_a_handoff_and_ends() {
    let world = World::new();
    let mut command = world.installed.openclaw(&["gateway", "run"]);
    command.env("OPENCLAW_SUPERVISOR_MODE", "external");
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    world.installed.wait_until_it_listens();
    let client = world.client().await;
    let answer = client.request_restart("a test", true).await.unwrap();
    assert_eq!(answer.status.as_deref(), Some("scheduled"));
    let pid = child.id().to_string();
    let status = tokio::task::spawn_blocking(move || child.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let consume = [
        "gateway",
        "restart-handoff",
        "consume",
        "--json",
        "--expected-pid",
        &pid,
    ];
    let (rc, said) = world.json(&consume);
    assert_eq!((rc, &said["status"]), (Some(0), &json!("accepted")));
    assert_eq!(said["handoff"]["reason"], "a test");
    let (rc, said) = world.json(&consume);
    assert_eq!((rc, &said["status"]), (Some(0), &json!("none")));
    let (rc, said) = world.json(&["gateway", "restart-handoff", "consume", "--json"]);
    assert_eq!(
        (rc, &said["reason"]),
        (Some(2), &json!("invalid-expected-pid"))
    );
    let (rc, said) = world.json(&["gateway", "restart-handoff", "capabilities", "--json"]);
    assert_eq!((rc, &said["protocolVersion"]), (Some(0), &json!(1)));
}

#[tokio::test]
async fn a_restart_that_is_ignored_changes_nothing() {
    let world = World::new();
    world
        .installed
        .behave(|behaviour| behaviour.restart = Restart::Ignored);
    let running = world.installed.run();
    let client = world.client().await;
    running.signal("USR1");
    client.request_restart("a test", true).await.unwrap();
    assert_eq!(client.health().await.unwrap().ok, Some(true));
    assert_eq!(world.installed.book().starts().len(), 1);
}

#[test]
fn it_ends_with_78_where_the_config_is_bad_and_dies_when_it_is_to() {
    let world = World::new();
    world.installed.behave(|behaviour| {
        behaviour.dies_after_ms = Some(20);
        behaviour.dies_with = 7;
    });
    let rc = |arguments: &[&str]| world.installed.openclaw(arguments).status().unwrap().code();
    assert_eq!(rc(&["gateway", "run"]), Some(7));
    world
        .installed
        .behave(|behaviour| behaviour.bad_config = true);
    assert_eq!(rc(&["gateway", "run"]), Some(78));
    assert_eq!(rc(&["config", "validate"]), Some(1));
    world
        .installed
        .behave(|behaviour| behaviour.bad_config = false);
    assert_eq!(rc(&["config", "validate"]), Some(0));
    assert_eq!(rc(&["plugins", "doctor"]), Some(0));
    world
        .installed
        .behave(|b| b.plugin_problems = vec!["msteams: it throws".to_owned()]);
    assert_eq!(rc(&["plugins", "doctor"]), Some(1));
    let (_, listed) = world.json(&["plugins", "list", "--json"]);
    assert!(!listed["plugins"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_note_is_there_once_though_the_gateway_is_killed_again_and_again() {
    let world = World::new();
    let note = Note {
        session_key: MAIN.to_owned(),
        label: "exuvia run_0123456789abcdef".to_owned(),
        text: "MARK".to_owned(),
    };
    world
        .installed
        .behave(|behaviour| behaviour.sessions = vec![MAIN.to_owned()]);
    let mut written = 0;
    for _ in 0..5 {
        let mut running = world.installed.run();
        match world.client().await.deliver_note(&note).await.unwrap() {
            Delivery::Written(_) => written += 1,
            Delivery::AlreadyThere => {}
        }
        running.signal("KILL");
        running.wait();
    }
    assert_eq!(written, 1);
    assert_eq!(world.installed.book().count(MAIN, "MARK"), 1);
}

#[tokio::test]
async fn a_gateway_of_another_protocol_is_asked_through_its_own_command() {
    let world = World::new();
    world.installed.behave(|behaviour| behaviour.protocol = 9);
    let _running = world.installed.run();
    let client = world.client().await;
    assert!(client.is_fallback() && client.events().is_none());
    assert_eq!(client.hello().version(), None);
    let status = client.status().await.unwrap();
    assert_eq!(status.runtime_version.as_deref(), Some("2026.9.5"));
    let turn = Turn {
        session_key: MAIN.to_owned(),
        message: "it's \"quoted\"\n$(id)".to_owned(),
        idempotency_key: "t1".to_owned(),
    };
    assert!(client.take_turn(&turn, SOON).await.unwrap().is_ok());
    assert_eq!(world.installed.book().count(MAIN, &turn.message), 1);
    let error = client.call("nosuch", json!({}), SOON).await.unwrap_err();
    assert!(matches!(error, GatewayError::Refused { .. }), "{error}");
}

#[test]
fn two_gateways_of_one_state_directory_do_not_run_at_once() {
    let world = World::new();
    let first = world.installed.run();
    let mut second = world.installed.openclaw(&["gateway", "run"]);
    let mut second = second.stdout(std::process::Stdio::null()).spawn().unwrap();
    drop(first);
    // Only now can it have begun: the lock came free with the first one's death.
    let end = Instant::now() + SOON;
    while world.installed.book().starts().len() < 2 && Instant::now() < end {
        std::thread::yield_now();
    }
    let starts = world.installed.book().starts();
    assert_eq!(starts.last().unwrap().pid, second.id());
    second.kill().unwrap();
    second.wait().unwrap();
}
