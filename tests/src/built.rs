//! An install from the builder, checked against scripted sources: no OpenClaw, no network, no
//! minute to wait.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that is not there is null, and reading it does not panic"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use exuvia_testkit::install::{Builder, Install, Plugin, Skill};
use exuvia_testkit::{clawhub, github, npm};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Ran, binary};

/// What stands in every built install beside what a test adds, and must be in every report however
/// bad that is: names, installed and offered versions.
pub const BYSTANDERS: [(&str, &str, &str); 3] = [
    ("openclaw", "2026.9.5", "2026.9.6"),
    ("bystander", "1.0.0", "1.0.1"),
    ("bystander-skill", "1.0.0", "1.0.1"),
];

/// A built install and the sources that it is checked against.
#[derive(Debug)]
pub struct Built {
    /// The install.
    pub install: Install,
    /// npm, with the core and a plugin.
    pub npm: npm::Registry,
    /// ClawHub, with a skill.
    pub hub: clawhub::Registry,
    /// GitHub, with the core's releases.
    pub github: github::Api,
    dir: TempDir,
}

impl Built {
    /// The [`BYSTANDERS`] and nothing else.
    pub fn plain() -> Self {
        Self::new(|builder| builder)
    }

    /// The [`BYSTANDERS`], and what a test adds.
    pub fn new(add: impl FnOnce(Builder) -> Builder) -> Self {
        let dir = TempDir::new().unwrap_or_else(|error| panic!("no temporary directory: {error}"));
        let home = dir.path().join("home");
        let builder = Builder::new(&home)
            .plugin(Plugin::npm("bystander", "@acme/bystander", "1.0.0"))
            .skill(Skill::clawhub("acme", "bystander-skill", "1.0.0"));
        let install = add(builder).build();
        Self {
            install,
            npm: packages(),
            hub: skills(),
            github: releases(),
            dir,
        }
    }

    /// A directory for what a test needs beside the install.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// `EXUVIA_HOME`.
    pub fn exuvia_home(&self) -> PathBuf {
        self.dir.path().join("exuvia")
    }

    /// A command of `exuvia` in this install's environment, against its sources.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .envs(self.install.env())
            .env("LANG", "C.UTF-8")
            .env("EXUVIA_HOME", self.exuvia_home())
            .env("npm_config_registry", self.npm.url())
            .env("OPENCLAW_CLAWHUB_URL", self.hub.url())
            .env("EXUVIA_GITHUB_API_URL", self.github.url())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .current_dir(self.dir.path());
        command
    }

    /// Runs `exuvia` with these arguments.
    pub fn exuvia(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Checks the install, and gives the report if the check bore what it met and lost nothing of
    /// the rest.
    pub fn check(&self) -> Value {
        self.check_for(&BYSTANDERS)
    }

    /// As [`Built::check`], where the records of plugins cannot be read.
    pub fn check_without_plugins(&self) -> Value {
        let [core, _, skill] = BYSTANDERS;
        self.check_for(&[core, skill])
    }

    fn check_for(&self, bystanders: &[(&str, &str, &str)]) -> Value {
        let report = self.exuvia(&["check", "--json"]).exits(0).bears_it().json();
        for &(name, current, latest) in bystanders {
            let entry = entry(&report, name);
            assert_eq!(entry["update"]["current"], current, "{name}: {entry}");
            assert_eq!(entry["update"]["latest"], latest, "{name}: {entry}");
            assert_eq!(entry["evidence"]["state"], "available", "{name}: {entry}");
        }
        report
    }

    /// A document in the state directory.
    pub fn document(&self, name: &str) -> Value {
        crate::read_json(&self.install.state.join(name))
    }

    /// The one directory in which Exuvia keeps what is known of this install.
    pub fn own_dir(&self) -> PathBuf {
        crate::own_dir(&self.exuvia_home())
    }
}

/// The entry of a report for the asset of this name.
pub fn entry<'a>(report: &'a Value, name: &str) -> &'a Value {
    entry_of(report, name).unwrap_or_else(|| panic!("{name} is no candidate; {}", names(report)))
}

/// The same, if there is one.
pub fn entry_of<'a>(report: &'a Value, name: &str) -> Option<&'a Value> {
    in_list(report, "entries", |item| item["update"]["name"] == name)
}

/// What a report says of an asset in one of its other lists.
pub fn listed<'a>(report: &'a Value, list: &str, name: &str) -> &'a Value {
    in_list(report, list, |item| item["name"] == name)
        .unwrap_or_else(|| panic!("{name} is not in {list}; {}", names(report)))
}

fn in_list<'a>(report: &'a Value, list: &str, is_it: impl Fn(&Value) -> bool) -> Option<&'a Value> {
    report[list].as_array()?.iter().find(|item| is_it(item))
}

/// Which asset stands where, for the words of a failure.
fn names(report: &Value) -> String {
    let list = |list: &str| {
        let items = report[list].as_array().into_iter().flatten();
        let said = items.map(|item| {
            let name = &item.get("update").unwrap_or(item)["name"];
            format!("{name} {}", item.get("reason").unwrap_or(&Value::Null))
        });
        format!("{list}: {}", said.collect::<Vec<_>>().join(", "))
    };
    ["entries", "upToDate", "unreachable", "skipped"]
        .map(list)
        .join("\n")
}

fn packages() -> npm::Registry {
    let registry = npm::Registry::start();
    let repository =
        json!({ "type": "git", "url": "git+https://github.com/openclaw/openclaw.git" });
    let core = |version| npm::Release::new(version).with("repository", repository.clone());
    let core = npm::Package::new("openclaw")
        .release(core("2026.9.5"))
        .release(core("2026.9.6").file("CHANGELOG.md", CORE_CHANGELOG));
    let plugin = npm::Package::new("@acme/bystander")
        .release(npm::Release::new("1.0.0"))
        .release(npm::Release::new("1.0.1").file("CHANGELOG.md", PLUGIN_CHANGELOG));
    registry.publish(core).publish(plugin);
    registry
}

const CORE_CHANGELOG: &str = "# Changelog\n\n## 2026.9.6\n\n### Fixes\n\n- Shipped notes of the core.\n\n## 2026.9.5\n\n- Older.\n";
const PLUGIN_CHANGELOG: &str =
    "# Changelog\n\n## 1.0.1\n\n### Fixed\n\n- The plugin no longer waits for ever.\n\n## 1.0.0\n";

fn skills() -> clawhub::Registry {
    let registry = clawhub::Registry::start();
    let version = |number: &str| {
        clawhub::Release::new(number).skill_md("bystander-skill", "A skill from ClawHub")
    };
    let fixed = version("1.0.1").changelog("### Fixed\n\n- The skill says less.");
    registry.publish(
        clawhub::Skill::new("acme", "bystander-skill")
            .version(version("1.0.0").changelog("First."))
            .version(fixed),
    );
    registry
}

fn releases() -> github::Api {
    let api = github::Api::start();
    let notes = "### Fixes\n\n- Released notes of the core.";
    api.release(
        "openclaw/openclaw",
        github::Release::new("v2026.9.6", notes),
    );
    api
}
