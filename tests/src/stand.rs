//! An install whose OpenClaw is a stand-in: a gateway that does what a test wants, at once.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that is not there is null, and reading it does not panic"
)]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use exuvia_testkit::gateway::Installed;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Ran, binary, until};

/// The install, and where `exuvia` keeps its things about it.
#[derive(Debug)]
pub struct Stand {
    /// The install.
    pub installed: Installed,
    dir: TempDir,
}

impl Stand {
    /// Lays one out; nothing runs.
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap_or_else(|error| panic!("no temporary directory: {error}"));
        Self {
            installed: Installed::at(dir.path()),
            dir,
        }
    }

    /// `$EXUVIA_HOME`.
    pub fn exuvia_home(&self) -> PathBuf {
        self.dir.path().join("exuvia")
    }

    /// A command of `exuvia` about this install.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .env_clear()
            .env("HOME", self.installed.root())
            .env("EXUVIA_HOME", self.exuvia_home())
            .env("PATH", self.installed.root().join("bin"))
            .current_dir(self.dir.path())
            .args(arguments);
        command
    }

    /// Runs `exuvia` with these arguments.
    pub fn exuvia(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Starts `exuvia gateway run`, and returns as soon as it can be asked something.
    pub fn keep(&self) -> Keeper {
        let mut run = self.command(&["gateway", "run", "--quiet"]);
        let keeper = run
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let keeper = Keeper(keeper.unwrap_or_else(|error| panic!("no keeper: {error}")));
        until("there is a keeper", || {
            let status = self.exuvia(&["status", "--json"]).json();
            (status["supervisor"]["state"] == "by").then_some(())
        });
        keeper
    }

    /// What `exuvia status` says of a gateway that does not work.
    pub fn broken(&self) -> Value {
        let status = self.exuvia(&["status", "--json"]).exits(1).json();
        assert_eq!(status["good"], false, "{status:#}");
        status
    }

    /// The pid of the gateway, as `exuvia status` sees it; null where none runs.
    pub fn pid(&self) -> Value {
        let mut status = self.exuvia(&["status", "--json"]).json();
        status["process"]["pid"].take()
    }
}

impl Default for Stand {
    fn default() -> Self {
        Self::new()
    }
}

/// A keeper; it and its gateway end with this.
#[derive(Debug)]
pub struct Keeper(Child);

impl Drop for Keeper {
    fn drop(&mut self) {
        // One that ended before ends nothing.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}
