//! The world around a sandbox, after time has passed since the install.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::hub::{publish_first, publish_later};
use super::{Gateway, Home, Sandbox};
use crate::clawhub::Registry;
use crate::github::{Api, Release};

/// The stand-ins that a home is checked against; they stop when this is dropped.
///
/// npm and git are the real ones. GitHub's releases say what OpenClaw's own changelog says.
#[derive(Debug)]
pub struct World {
    /// ClawHub, with newer versions than the home has of some skills.
    pub hub: Registry,
    /// GitHub, with OpenClaw's releases.
    pub github: Api,
    sandbox: Sandbox,
    home: Home,
}

impl World {
    /// Starts the stand-ins, and points the records in `home` at them.
    pub fn start(sandbox: &Sandbox, home: Home) -> Result<Self> {
        let (hub, github) = (Registry::start(), Api::start());
        publish_first(&hub);
        publish_later(&hub);
        for section in &sandbox.changelogs {
            let tag = format!("v{}", section.version);
            github.release("openclaw/openclaw", Release::new(&tag, section.body.trim()));
        }
        home.point_at(&hub.url())?;
        home.run_from(sandbox)?;
        Ok(Self {
            hub,
            github,
            sandbox: sandbox.clone(),
            home,
        })
    }

    /// The home that is checked.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// `EXUVIA_HOME` in this world, inside the home.
    pub fn exuvia_home(&self) -> std::path::PathBuf {
        self.home.path().join(".exuvia")
    }

    /// A command of the program at `exuvia`, in the sandbox's environment and against the stand-ins.
    pub fn exuvia(&self, exuvia: &Path) -> Command {
        let mut command = self
            .sandbox
            .tools()
            .command(&exuvia.display().to_string(), self.home.path());
        command
            .env("EXUVIA_HOME", self.exuvia_home())
            .env("OPENCLAW_CLAWHUB_URL", self.hub.url())
            .env("EXUVIA_GITHUB_API_URL", self.github.url());
        command
    }

    /// A command of the sandbox's OpenClaw in this world.
    pub fn openclaw(&self) -> Command {
        let mut command = self.sandbox.tools().command("openclaw", self.home.path());
        command.envs(self.hub.env());
        command
    }

    /// Starts a real gateway on this home and waits until it listens.
    pub fn gateway(&self) -> Result<Gateway> {
        Gateway::start(self.openclaw())
    }
}
