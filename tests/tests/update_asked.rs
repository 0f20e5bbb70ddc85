//! An upgrade that is asked for from inside of the gateway that it has to stop.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::path::{Path, PathBuf};

use exuvia_e2e::{Ran, binary, entry, until};
use exuvia_testkit::mini::{Flaw, Gateway, Mini, World};
use serde_json::Value;

const SESSION: &str = "agent:main:main";
const NOTE: &str = "MARK done";

/// A gateway that runs a script of ours once it is there, as an agent's tool would.
struct Inside {
    /// Ends before the world that it runs in.
    _kept: Gateway,
    world: World,
    report: Value,
    script: PathBuf,
}

impl Inside {
    fn offering(release: Mini) -> Self {
        let world = World::new();
        world.publish(release);
        let script = world.install.home.join("ask.sh");
        wait_for(&world, &script);
        let mut kept = world.keep(&binary());
        kept.wait_until_ready();
        let report = exuvia(&world, &["check", "--json"]).exits(0).json();
        Self {
            _kept: kept,
            world,
            report,
            script,
        }
    }

    fn selection(&self) -> String {
        let number = &entry(&self.report, "openclaw")["number"];
        let report = self.report["reportId"].as_str().unwrap();
        format!("{number} --report {report} --confirm openclaw --soak 0 --json")
    }

    /// Has the gateway run it; the exit code, and what it said.
    fn runs(&self, words: &str) -> Said {
        let home = self.world.install.home.display();
        let text = format!(
            "{} {words} >{home}/said 2>{home}/noted\necho $? >{home}/code.new\nmv {home}/code.new {home}/code\n",
            binary().display()
        );
        let new = self.script.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &self.script).unwrap();
        let home = self.world.install.home.as_path();
        let read = |name: &str| std::fs::read_to_string(home.join(name));
        let code = until("the script has ended", || read("code").ok());
        Said {
            code: code.trim().to_owned(),
            output: read("said").unwrap(),
            errors: read("noted").unwrap(),
        }
    }

    /// What came of the update, once whoever asked was told.
    fn settled(&self, run: &str) -> Value {
        until("everybody was told", || {
            let status = exuvia(&self.world, &["update", "status", run, "--json"]).json();
            let told = &status["note"]["delivery"]["state"];
            (told != "owed" && told != "sending").then_some(status)
        })
    }

    fn runs_version(&self) -> Value {
        let status = exuvia(&self.world, &["status", "--wait", "60", "--json"]);
        status.exits(0).json()["version"]["running"].clone()
    }
}

fn exuvia(world: &World, arguments: &[&str]) -> Ran {
    Ran::of(&mut world.exuvia_command(&binary(), arguments)).bears_it()
}

/// The first gateway that is started waits for the script beside it, and runs it.
fn wait_for(world: &World, script: &Path) {
    let node = world.install.prefix.join("bin/node");
    let text = std::fs::read_to_string(&node).unwrap();
    let (script, home) = (script.display(), world.install.home.display());
    let waits = format!(
        "case \"$*\" in *'gateway run'*) if mkdir {home}/waits 2>/dev/null; then\n\
         (while [ ! -e {script} ]; do sleep 0.02; done; exec sh {script}) &\n\
         fi;; esac\n"
    );
    let text = text.replacen('\n', &format!("\n{waits}"), 1);
    std::fs::write(&node, text).unwrap();
}

/// What a command said that did not end with this test.
#[derive(Debug)]
struct Said {
    code: String,
    output: String,
    errors: String,
}

impl Said {
    /// The run that is carried on outside.
    fn handed_over(&self) -> String {
        assert_eq!(self.code, "75", "{self:?}");
        let told: Value = serde_json::from_str(&self.output).unwrap();
        assert_eq!(told["handedOver"], true, "{told}");
        told["run"].as_str().unwrap().to_owned()
    }

    fn refused(&self, words: &str) {
        assert_eq!(self.code, "3", "{self:?}");
        let told = format!("{}{}", self.output, self.errors);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn it_goes_on_outside_and_the_session_that_asked_is_told_once() {
    let inside = Inside::offering(Mini::release("2026.9.6"));
    let words = format!(
        "update run {} --note '{NOTE}' --session-key {SESSION}",
        inside.selection()
    );
    let run = inside.runs(&words).handed_over();
    let status = inside.settled(&run);
    assert_eq!(status["outcome"]["state"], "restarted", "{status:#}");
    assert_eq!(status["versionBefore"], "2026.9.5", "{status:#}");
    assert_eq!(status["versionExpected"], "2026.9.6", "{status:#}");
    assert_eq!(status["found"]["version"], "2026.9.6", "{status:#}");
    assert_eq!(status["note"]["delivery"]["state"], "delivered");
    assert_eq!(inside.runs_version(), "2026.9.6");
    assert_eq!(inside.world.book().count(SESSION, NOTE), 1);
}

#[test]
fn one_that_fails_is_told_with_the_reason() {
    let inside = Inside::offering(Mini::release("2026.9.6").broken(Flaw::GatewayRunBroken));
    let words = format!(
        "update run {} --note '{NOTE}' --session-key {SESSION}",
        inside.selection()
    );
    let run = inside.runs(&words).handed_over();
    let status = inside.settled(&run);
    assert_eq!(status["outcome"]["state"], "failed", "{status:#}");
    let why = status["outcome"]["why"].as_str().unwrap();
    assert!(why.contains("rehearsal"), "{why}");
    assert_eq!(status["found"]["version"], "2026.9.5", "{status:#}");
    assert_eq!(inside.runs_version(), "2026.9.5");
    assert_eq!(inside.world.book().count(SESSION, "FAILED"), 1);
}

#[test]
fn what_does_not_go_on_outside_is_refused_with_what_does() {
    let inside = Inside::offering(Mini::release("2026.9.6"));
    let said = inside.runs(&format!("upgrade {}", inside.selection()));
    said.refused("exuvia update run");
    assert_eq!(inside.runs_version(), "2026.9.5");
    let runs = exuvia(&inside.world, &["history", "--json"])
        .exits(0)
        .json();
    assert!(!runs.to_string().contains("\"upgrade\""), "{runs:#}");
}

#[test]
fn another_version_than_the_one_that_is_wanted_is_refused() {
    let inside = Inside::offering(Mini::release("2026.9.6"));
    let words = format!("update run {} --target 2026.9.7", inside.selection());
    inside.runs(&words).refused("2026.9.6 is selected");
    assert_eq!(inside.runs_version(), "2026.9.5");
}
