//! Upgrades and their undoing, on the miniature: a real npm, real namespaces, a real journal.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use exuvia_e2e::{Ran, Struck, Watch, binary, entry, strike, wanted_kills};
use exuvia_testkit::mini::{Gateway, Mini, World};
use serde_json::Value;

/// Cron jobs, sessions, and the databases' versions.
type Belongings = (Vec<Value>, Vec<String>, Vec<i64>);

/// A world in which a gateway is kept and an update was found.
struct Ground {
    /// Ends before the world that it runs in.
    _kept: Gateway,
    world: World,
    report: Value,
}

impl Ground {
    fn offering(release: Mini) -> Self {
        let world = World::new();
        world.publish(release);
        let mut kept = world.keep(&binary());
        kept.wait_until_ready();
        let report = exuvia(&world, &["check", "--json"]).exits(0).json();
        Self {
            _kept: kept,
            world,
            report,
        }
    }

    fn upgrade(&self) -> Ran {
        let number = entry(&self.report, "openclaw")["number"].to_string();
        let report = self.report["reportId"].as_str().unwrap();
        let words = [
            "upgrade",
            &number,
            "--report",
            report,
            "--confirm",
            "openclaw",
            "--soak",
            "0",
            "--json",
        ];
        self.exuvia(&words)
    }

    fn exuvia(&self, arguments: &[&str]) -> Ran {
        exuvia(&self.world, arguments)
    }

    /// The version that runs, and that is installed.
    fn versions(&self) -> (Value, Value) {
        let status = self.exuvia(&["status", "--wait", "60", "--json"]);
        let status = status.exits(0).json();
        let version = |which: &str| status["version"][which].clone();
        (version("running"), version("installed"))
    }

    /// What the user would miss.
    fn belongings(&self) -> Belongings {
        (
            self.world.jobs(),
            self.world.sessions(),
            self.world.schemas(),
        )
    }

    /// Nothing is left of what a transaction needs only while it runs.
    fn leaves_nothing(&self) {
        let rehearsals = self.world.exuvia_home().join("rehearsals");
        let left = std::fs::read_dir(rehearsals).map_or(0, Iterator::count);
        assert_eq!(left, 0, "a copy of the state was left");
    }
}

fn exuvia(world: &World, arguments: &[&str]) -> Ran {
    Ran::of(&mut world.exuvia_command(&binary(), arguments)).bears_it()
}

fn both(version: &str) -> (Value, Value) {
    (version.into(), version.into())
}

#[test]
fn an_upgrade_is_undone_with_its_state_and_the_undoing_too() {
    let ground = Ground::offering(Mini::release("2026.9.6"));
    let before = ground.belongings();
    let upgraded = ground.upgrade().exits(0).json();
    assert_eq!(ground.versions(), both("2026.9.6"), "{upgraded:#}");
    let report = std::fs::read_to_string(upgraded["report"].as_str().unwrap()).unwrap();
    for words in [
        "# Upgrade of OpenClaw 2026.9.5 to 2026.9.6\n",
        "OpenClaw 2026.9.6 runs, and nothing was lost.",
        "goes back to 2026.9.5 with its state.",
        "| staging 2026.9.6 beside 2026.9.5, and comparing its bytes |",
        "## The rehearsal\n\n- Rehearsed in ",
        "- the way back works",
    ] {
        assert!(report.contains(words), "{words:?} is missing:\n{report}");
    }
    let after = ground.belongings();
    assert_ne!(before.2, after.2, "the databases were migrated");
    let names =
        |jobs: &[Value]| -> Vec<Value> { jobs.iter().map(|job| job["name"].clone()).collect() };
    assert_eq!(names(&before.0), names(&after.0));
    assert_eq!(before.1, after.1);
    let back = ground.exuvia(&["rollback", "--json"]).exits(0).json();
    assert_eq!(ground.versions(), both("2026.9.5"), "{back:#}");
    assert_eq!(ground.belongings(), before);
    let run = back["run"].as_str().unwrap();
    let _ = ground.exuvia(&["rollback", run, "--json"]).exits(0);
    assert_eq!(ground.versions(), both("2026.9.6"));
    assert_eq!(ground.belongings(), after);
    ground.leaves_nothing();
}

#[test]
fn nothing_is_upgraded_without_a_selection() {
    let ground = Ground::offering(Mini::release("2026.9.6"));
    let before = ground.belongings();
    let report = ground.report["reportId"].as_str().unwrap();
    for words in [
        &["upgrade"][..],
        &["upgrade", "--report", report, "--json"],
        &["upgrade", "9", "--report", report],
    ] {
        let _ = ground.exuvia(words).exits(3);
    }
    assert_eq!(ground.versions(), both("2026.9.5"));
    assert_eq!(ground.belongings(), before);
}

#[test]
fn a_second_upgrade_in_the_middle_of_one_is_refused_and_harms_nothing() {
    let ground = Ground::offering(Mini::release("2026.9.6"));
    let number = entry(&ground.report, "openclaw")["number"].to_string();
    let report = ground.report["reportId"].as_str().unwrap();
    let words = [
        "upgrade",
        &number,
        "--report",
        report,
        "--confirm",
        "openclaw",
        "--soak",
        "0",
        "--json",
    ];
    let mut first = ground.world.exuvia_command(&binary(), &words);
    let mut first = first
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let runs = ground.world.exuvia_home().join("runs");
    while !runs.exists() {
        assert_eq!(first.try_wait().unwrap(), None, "it ended before it began");
    }
    let second = ground.upgrade();
    assert_eq!(second.code, Some(3), "{second:?}");
    assert!(first.wait().unwrap().success());
    assert_eq!(ground.versions(), both("2026.9.6"));
}

/// Kills upgrades and rollbacks at some moment of their course, over and over. The package is there
/// at every instant, and the next command leaves the install whole in one version or the other.
#[test]
fn a_kill_at_any_moment_leaves_a_working_install() {
    let ground = Ground::offering(Mini::release("2026.9.6"));
    let old = ground.belongings();
    let _ = ground.upgrade().exits(0);
    let new = ground.belongings();
    let watch = Watch::begin(ground.world.install.package.clone());
    let mut stricken = Stricken { ground, old, new };
    strike(&mut stricken, wanted_kills(12));
    println!("looked {} times", watch.saw_it_always());
}

/// A world with what belongs to each of its versions.
struct Stricken {
    ground: Ground,
    old: Belongings,
    new: Belongings,
}

impl Struck for Stricken {
    const NAME: &'static str = "mini";
    const SPAN: Duration = Duration::from_millis(1500);

    fn command(&self, words: &[&str]) -> Command {
        self.ground.world.exuvia_command(&binary(), words)
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        self.ground.exuvia(words)
    }

    fn upgrade_words(&self) -> Vec<String> {
        let report = self.ground.exuvia(&["check", "--json"]).exits(0).json();
        let number = entry(&report, "openclaw")["number"].to_string();
        let report = report["reportId"].as_str().unwrap();
        let rest = ["--confirm", "openclaw", "--soak", "0", "--json"];
        let words = ["upgrade", &number, "--report", report];
        words.into_iter().chain(rest).map(str::to_owned).collect()
    }

    fn home(&self) -> PathBuf {
        self.ground.world.install.home.clone()
    }

    fn exuvia_home(&self) -> PathBuf {
        self.ground.world.exuvia_home()
    }

    fn package(&self) -> PathBuf {
        self.ground.world.install.package.clone()
    }

    fn is_whole(&mut self, what: &str) -> String {
        let (running, installed) = self.ground.versions();
        assert_eq!(running, installed, "{what}");
        let version = installed.as_str().unwrap().to_owned();
        let wanted = if self.is_old(&version) {
            &self.old
        } else {
            &self.new
        };
        assert_eq!(self.ground.belongings(), *wanted, "{what}: {version}");
        version
    }

    fn is_old(&self, version: &str) -> bool {
        version == "2026.9.5"
    }
}
