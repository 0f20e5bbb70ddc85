//! The life of the real OpenClaw under `exuvia gateway run`, in two releases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::thread::JoinHandle;
use std::time::Duration;

use exuvia_e2e::{Kept, Ran, sandbox, until};
use exuvia_testkit::faults::Gate;
use exuvia_testkit::sandbox::{NEXT_OPENCLAW, OPENCLAW, Sandbox};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(5);

#[test]
fn the_gateway_is_started_restarted_and_stopped_as_it_is_told() {
    live(sandbox(), OPENCLAW);
}

#[test]
fn the_gateway_of_the_next_release_is_started_restarted_and_stopped_as_it_is_told() {
    let next = sandbox().on_next();
    live(
        &next.unwrap_or_else(|error| panic!("{error:#}")),
        NEXT_OPENCLAW,
    );
}

fn live(sandbox: &Sandbox, version: &'static str) {
    let mut life = Life {
        kept: Kept::start(sandbox),
        version,
    };
    life.works();
    life.is_restarted();
    life.is_restarted_by_force_whatever_it_does();
    life.is_restarted_when_its_work_is_done();
    life.is_restarted_when_patience_is_over();
    life.is_stopped();
}

struct Life {
    kept: Kept,
    version: &'static str,
}

/// A turn that goes on until the gate is opened.
struct Turn {
    gate: Gate,
    taking: JoinHandle<anyhow::Result<()>>,
}

impl Life {
    fn works(&self) {
        let status = self.kept.exuvia(&["status", "--json"]).exits(0).json();
        assert_eq!(status["verdict"], "healthy", "{status:#}");
        assert_eq!(status["version"]["running"], self.version);
        assert_eq!(status["version"]["installed"], self.version);
        assert_eq!(status["process"]["pid"], self.kept.pid());
        assert_eq!(
            status["supervisor"]["supervisor"]["kind"], "exuvia",
            "{status:#}"
        );
    }

    /// In a session of its own: OpenClaw resumes a turn that a restart cut off, and refuses another
    /// one in that session meanwhile.
    fn begins_a_turn(&self, name: &str) -> Turn {
        let gate = self.kept.provider.hold();
        let mut client = self.kept.client();
        let (session, message) = (format!("agent:main:{name}"), format!("think about {name}"));
        let said = message.clone();
        let taking = std::thread::spawn(move || client.turn(&session, &said));
        self.kept.provider.wait_until_asked(&message, PATIENCE);
        Turn { gate, taking }
    }

    /// What came of a restart: another process, and the version that is installed.
    fn found(&self, sentinel: &Value, before: &Value) {
        assert_eq!(sentinel["outcome"]["state"], "restarted", "{sentinel:#}");
        for version in ["versionBefore", "versionExpected"] {
            assert_eq!(sentinel[version], self.version, "{sentinel:#}");
        }
        assert_eq!(sentinel["found"]["version"], self.version, "{sentinel:#}");
        let now = self.kept.pid();
        assert_eq!(sentinel["found"]["process"]["pid"], now, "{sentinel:#}");
        assert_ne!(now, *before, "{sentinel:#}");
    }

    fn restart(&self, words: &[&str]) -> Ran {
        self.kept.exuvia(&[&["restart", "--json"], words].concat())
    }

    fn is_restarted(&self) {
        let before = self.kept.pid();
        let restarted = self.restart(&[]).exits(0).json();
        self.found(&restarted["sentinel"], &before);
    }

    fn is_restarted_by_force_whatever_it_does(&self) {
        let (before, turn) = (self.kept.pid(), self.begins_a_turn("force"));
        let restarted = self.restart(&["--force"]).exits(0).json();
        self.found(&restarted["sentinel"], &before);
        // It went down with the gateway, or it did not: that is OpenClaw's own.
        let _ = turn.ends();
    }

    fn is_restarted_when_its_work_is_done(&self) {
        let (before, turn) = (self.kept.pid(), self.begins_a_turn("deferral"));
        let asked = self.restart(&["--no-wait"]).exits(75).json();
        let run = asked["run"].as_str().unwrap();
        self.until(run, "deferred");
        assert_eq!(self.kept.pid(), before, "it waits for the turn");
        let turn = turn.ends();
        assert!(turn.is_ok(), "the turn is not cut off: {turn:?}");
        let sentinel = self.until(run, "restarted");
        self.found(&sentinel, &before);
    }

    fn is_restarted_when_patience_is_over(&self) {
        let (before, turn) = (self.kept.pid(), self.begins_a_turn("patience"));
        let restarted = self.restart(&["--defer", "1"]).exits(0).json();
        self.found(&restarted["sentinel"], &before);
        // As above.
        let _ = turn.ends();
    }

    /// Waits until it stands so with a restart.
    fn until(&self, run: &str, state: &str) -> Value {
        until(state, || {
            let ran = self.kept.exuvia(&["update", "status", run, "--json"]);
            let sentinel = ran.exits(0).json();
            (sentinel["outcome"]["state"] == state).then_some(sentinel)
        })
    }

    fn is_stopped(&mut self) {
        let stopped = self.kept.exuvia(&["gateway", "stop", "--json"]).exits(0);
        assert_eq!(stopped.json(), json!({ "stopped": true }));
        let status = self.kept.exuvia(&["status", "--json"]).exits(1).json();
        assert_eq!(status["verdict"], "broken", "{status:#}");
        let probes = status["probes"].as_array().unwrap();
        let process = probes.iter().find(|probe| probe["name"] == "process");
        let why = process.unwrap()["why"].as_str().unwrap();
        assert!(why.contains("its keeper was told to stop it"), "{why}");
        assert!(self.kept.is_kept(), "the keeper waits to be told otherwise");
    }
}

impl Turn {
    fn ends(self) -> anyhow::Result<()> {
        self.gate.open();
        self.taking.join().unwrap()
    }
}
