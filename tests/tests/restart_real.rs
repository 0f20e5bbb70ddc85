//! Restarts of the real OpenClaw under `exuvia gateway run`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Stdio};

use exuvia_e2e::{Ran, World, read_json};
use exuvia_testkit::model::Provider;
use serde_json::{Value, json};

const SESSION: &str = "agent:main:main";

/// A world whose gateway `exuvia gateway run` keeps; both end with it.
struct Kept {
    world: World,
    keeper: Child,
    _provider: Provider,
}

impl Kept {
    fn new() -> Self {
        let (world, provider) = (World::fork(), Provider::start());
        world.home().use_model(&provider).unwrap();
        let port = free_port();
        let file = world.home().state().join("openclaw.json");
        let mut config = read_json(&file);
        let auth = json!({ "mode": "token", "token": "sandbox" });
        config["gateway"] = json!({ "mode": "local", "port": port, "auth": auth });
        std::fs::write(&file, config.to_string()).unwrap();
        let mut run = world.command(&["gateway", "run", "--quiet"]);
        let keeper = run
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let kept = Self {
            keeper: keeper.unwrap(),
            world,
            _provider: provider,
        };
        kept.until_it_answers();
        kept
    }

    /// The keeper listens before its gateway does.
    fn until_it_answers(&self) {
        let end = std::time::Instant::now() + std::time::Duration::from_mins(3);
        loop {
            let started = self.world.exuvia(&["gateway", "start", "--json"]);
            if started.code == Some(0) {
                return;
            }
            assert!(std::time::Instant::now() < end, "{started:?}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        let params = params.to_string();
        let call = ["gateway", "call", method, "--params", &params, "--json"];
        let ran = self.world.openclaw(&call);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    fn pid(&self) -> Value {
        self.call("system.info", &json!({}))["pid"].clone()
    }
}

/// Nobody listens on it any more when this returns.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The gateway goes with its keeper's orderly end.
        let pid = rustix::process::Pid::from_raw(self.keeper.id().cast_signed()).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.keeper.wait();
    }
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn a_restart_is_another_process_and_the_session_is_told_once() {
    let kept = Kept::new();
    let say = ["agent", "--agent", "main", "--message", "hello", "--json"];
    let said = kept.world.openclaw(&say);
    assert_eq!(said.code, Some(0), "{said:?}");
    let before = kept.pid();

    let restarted = kept.world.exuvia(&["restart", "--json"]);
    assert_eq!(restarted.code, Some(0), "{restarted:?}");
    let second = kept.pid();
    assert_ne!(before, second);

    let note = [
        "update",
        "run",
        "--note",
        "MARK done",
        "--session-key",
        SESSION,
        "--json",
    ];
    let updated = kept.world.exuvia(&note);
    assert_eq!(updated.code, Some(0), "{updated:?}");
    assert_ne!(kept.pid(), second);
    let run = document(&updated)["run"].as_str().unwrap().to_owned();
    let status = document(&kept.world.exuvia(&["update", "status", &run, "--json"]));
    assert_eq!(status["outcome"]["state"], "restarted", "{status}");
    assert_eq!(status["versionBefore"], status["versionExpected"]);
    assert_eq!(status["found"]["version"], status["versionExpected"]);
    assert_eq!(status["note"]["delivery"]["state"], "delivered", "{status}");
    let history = kept.call(
        "chat.history",
        &json!({ "sessionKey": SESSION, "limit": 200 }),
    );
    assert_eq!(
        history.to_string().matches("MARK done").count(),
        1,
        "{history}"
    );

    let stopped = kept.world.exuvia(&["gateway", "stop", "--json"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
}
