//! A world of the miniature in which a gateway is kept and an update was found.

use std::path::PathBuf;
use std::process::Command;

use exuvia_testkit::mini::{Flaw, Gateway, Mini, World};
use exuvia_testkit::tree::Snapshot;
use serde_json::Value;

use crate::{Ran, binary, entry};

/// What the user of a miniature would miss: cron jobs, sessions, and the schemas that the package
/// reads.
pub type Belongings = (Vec<Value>, Vec<String>, Vec<i64>);

/// Those of this world.
pub fn belongings(world: &World) -> Belongings {
    (world.jobs(), world.sessions(), world.schemas())
}

/// The words of an upgrade of OpenClaw as a report offers it, with a soak of so many seconds.
pub fn upgrade_words(report: &Value, soak: &str) -> Vec<String> {
    let number = entry(report, "openclaw")
        .get("number")
        .map(Value::to_string);
    let id = report.get("reportId").and_then(Value::as_str);
    let (number, id) = (number.unwrap_or_default(), id.unwrap_or_default());
    let words = ["upgrade", &number, "--report", id, "--soak", soak];
    let rest = ["--confirm", "openclaw", "--json"];
    words.into_iter().chain(rest).map(str::to_owned).collect()
}

/// A kept gateway of 2026.9.5, and a report that has a newer release in it.
#[derive(Debug)]
pub struct Offer {
    /// Ends before the world that it runs in.
    kept: Gateway,
    /// The world.
    pub world: World,
    /// The report.
    pub report: Value,
}

/// What an upgrade must not touch before the gateway is stopped.
#[derive(Debug, PartialEq)]
pub struct Live {
    pid: Option<u32>,
    package: Snapshot,
    config: Vec<u8>,
    belongings: Belongings,
}

impl Offer {
    /// Of this release.
    pub fn of(release: Mini) -> Self {
        Self::to(World::new(), release)
    }

    /// Of a release with this flaw, with the version 2026.9.6.
    pub fn broken(flaw: Flaw) -> Self {
        Self::of(Mini::release("2026.9.6").broken(flaw))
    }

    /// Of this release, to this world.
    pub fn to(world: World, release: Mini) -> Self {
        world.publish(release);
        let mut kept = world.keep(&binary());
        kept.wait_until_ready();
        let mut offer = Self {
            kept,
            world,
            report: Value::Null,
        };
        offer.check();
        offer
    }

    /// Checks again.
    pub fn check(&mut self) -> &Value {
        self.report = self.exuvia(&["check", "--json"]).exits(0).json();
        &self.report
    }

    /// Upgrades OpenClaw as the report offers it.
    pub fn upgrade(&self) -> Ran {
        Ran::of(&mut self.upgrade_command("0"))
    }

    /// The same as a command, with a soak of so many seconds.
    pub fn upgrade_command(&self, soak: &str) -> Command {
        let words = upgrade_words(&self.report, soak);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.world.exuvia_command(&binary(), &words)
    }

    /// Any other command.
    pub fn exuvia(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.world.exuvia_command(&binary(), arguments)).bears_it()
    }

    /// The version that runs, and the one that is installed.
    pub fn versions(&self) -> [Value; 2] {
        let status = self.exuvia(&["status", "--wait", "60", "--json"]);
        let status = status.exits(0).json();
        ["/version/running", "/version/installed"]
            .map(|which| status.pointer(which).cloned().unwrap_or_default())
    }

    /// What the user would miss.
    pub fn belongings(&self) -> Belongings {
        belongings(&self.world)
    }

    /// What is live: the process that runs, the package, the configuration and the belongings.
    pub fn live(&self) -> Live {
        let config = self.world.install.state.join("openclaw.json");
        Live {
            pid: self.kept.gateway_pid(),
            package: Snapshot::of(&self.world.install.package),
            config: std::fs::read(config).unwrap_or_default(),
            belongings: self.belongings(),
        }
    }

    /// What lies in a directory of `$EXUVIA_HOME`.
    pub fn own(&self, dir: &str) -> Vec<PathBuf> {
        listed(&self.world.exuvia_home().join(dir))
    }

    /// The packages that are not live.
    pub fn beside(&self) -> Vec<PathBuf> {
        listed(&self.world.install.package.with_file_name(".exuvia"))
    }
}

fn listed(dir: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
