//! What is done so that a new version runs on the state.

use std::time::Duration;

use exuvia_gateway::running::Presence;
use exuvia_host::{Command, Links, Output, read_limited};
use exuvia_model::text;
use exuvia_model::upgrade::Kind;
use exuvia_openclaw::Install;
use serde::{Deserialize, Serialize};

use super::Core;
use crate::{Trouble, orphans};

/// What OpenClaw says where a start alone does not migrate (2026.9.5 on a state of 2026.9.4).
const WANTED: &str = "openclaw doctor --fix";
/// How long the doctor may take: 21 s seen.
const PATIENCE: Duration = Duration::from_mins(10);
/// The most that is read of a log.
const MAX_LOG: u64 = 64 << 20;

/// How a new version is brought to run; the shortest that works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// It is started, and migrates.
    #[default]
    Start,
    /// Its own doctor migrates first.
    DoctorThenStart,
}

/// OpenClaw's doctor, which migrates and asks nothing. As in an update of OpenClaw's own it leaves
/// the configuration alone (`OPENCLAW_UPDATE_IN_PROGRESS`, 2026.9.5).
pub(super) fn doctor(install: &Install) -> Result<Command, Trouble> {
    let command = install.openclaw(["doctor", "--fix", "--non-interactive"])?;
    Ok(command
        .env("OPENCLAW_UPDATE_IN_PROGRESS", "1")
        .env("OPENCLAW_NO_AUTO_UPDATE", "1")
        .env("NO_COLOR", "1")
        .timeout(PATIENCE))
}

/// What became of it.
pub(super) fn succeeded(output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines.iter().rev().take(3).rev().copied();
    let last = text::one_line(&last.collect::<Vec<_>>().join(" / "), 500);
    Err(format!("`{WANTED}` failed: {last}"))
}

impl Core {
    /// Whether the new version said, in the rehearsal, that its doctor has to migrate first.
    pub(super) fn wants_its_doctor(&self) -> bool {
        let log = self.dir.join("rehearsal.log");
        let said = read_limited(self.upgrades.host.as_ref(), &log, MAX_LOG, Links::Refuse);
        said.is_ok_and(|said| String::from_utf8_lossy(&said).contains(WANTED))
    }

    /// Starts the new version by the recipe that the rehearsal proved. Done twice it does no more
    /// than once: a doctor finds nothing to migrate, and leaves alone what runs.
    pub(super) async fn start_by_recipe(&self) -> Result<(), Trouble> {
        let recipe = self.facts.rehearsed.as_ref().map(|found| found.recipe);
        let migrates = self.plan.kind == Kind::Upgrade && recipe == Some(Recipe::DoctorThenStart);
        // One that runs was started after its doctor, by whoever was killed then.
        let runs = matches!(self.presence(), Presence::Runs(_));
        if migrates && !runs {
            self.must_be_still()?;
            let command = orphans::marked(doctor(&self.upgrades.install)?, &self.run);
            let host = self.upgrades.host.clone();
            let ran = tokio::task::spawn_blocking(move || host.run(&command)).await??;
            succeeded(&ran).map_err(Trouble::of_release)?;
        }
        self.start(&self.to).await
    }
}
