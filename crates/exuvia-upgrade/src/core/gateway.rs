//! Stopping the gateway and starting it.

use std::time::Duration;

use exuvia_gateway::running::{self, Presence};
use exuvia_gateway::supervisor::Overseer;
use exuvia_gateway::vitals;
use exuvia_model::Version;
use exuvia_model::restart::Restartability;
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::Vitals;
use exuvia_openclaw::gateway::answer::Blocker;
use exuvia_openclaw::gateway::{Suspended, Target};
use tokio::time::{Instant, sleep};

use super::Core;
use crate::Trouble;

/// How long work that is under way may take to end.
const DRAIN: Duration = Duration::from_mins(5);
/// How long a supervisor may take to stop or start it. A clean stop takes 0.3 to 2 s
/// (2026.9.5).
const ORDER: Duration = Duration::from_mins(2);
/// How long a gateway may take until it says that it is ready: it migrates first. 8 to 20 s seen.
const READY: Duration = Duration::from_mins(5);
/// How often it is looked whether it has stopped.
const LOOK: Duration = Duration::from_millis(50);
/// How long the gateway may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);

impl Core {
    /// Lets work end, then stops the gateway. New work is refused meanwhile.
    pub(crate) async fn quiesce(&self) -> Result<(), Trouble> {
        self.drain().await?;
        self.halt().await
    }

    /// One that cannot be asked may be at work all the same, so no upgrade stops it. Going back must
    /// be possible with one that is broken.
    async fn drain(&self) -> Result<(), Trouble> {
        if !matches!(self.presence(), Presence::Runs(_)) {
            return Ok(());
        }
        let (host, install) = (&self.upgrades.host, &self.upgrades.install);
        let client = match Target::find(host, install) {
            Ok(target) => target.connect(PATIENCE).await,
            Err(error) => Err(error),
        };
        let client = match client {
            Ok(client) => client,
            Err(_) if self.plan.kind == Kind::Rollback => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match client.suspend(self.run.as_str(), DRAIN).await? {
            // Its lease ends with the gateway.
            Suspended::Held(_) => Ok(()),
            Suspended::Busy { blockers } => Err(Trouble::new(format!(
                "work did not end within {} minutes: {}",
                DRAIN.as_secs() / 60,
                words(&blockers)
            ))),
        }
    }

    /// Stops the gateway, and waits until nothing holds the state any more.
    pub(crate) async fn halt(&self) -> Result<(), Trouble> {
        if matches!(self.presence(), Presence::Nothing) && self.nobody_starts_it().await {
            return Ok(());
        }
        self.overseer().await?.stop(ORDER).await?;
        let end = Instant::now() + ORDER;
        loop {
            match self.presence() {
                Presence::Nothing => return Ok(()),
                Presence::Runs(seen) if Instant::now() >= end => {
                    return Err(Trouble::new(format!(
                        "process {} still holds the state though the gateway was told to stop",
                        seen.id.pid
                    )));
                }
                Presence::Unknown { why } if Instant::now() >= end => {
                    return Err(Trouble::new(format!(
                        "whether the gateway has stopped cannot be told: {why}"
                    )));
                }
                Presence::Runs(_) | Presence::Unknown { .. } => sleep(LOOK).await,
            }
        }
    }

    /// Starts the gateway of the version that was and stays installed.
    pub(crate) async fn start_again(&self) -> Result<(), Trouble> {
        self.start(&self.from).await
    }

    /// Starts the gateway, and waits until it says that it is ready and which version it is.
    pub(super) async fn start(&self, version: &Version) -> Result<(), Trouble> {
        self.overseer().await?.start(ORDER).await?;
        if !self.examiner.wait_until_started(READY).await {
            // A machine that does much else is no release's fault.
            return Err(Trouble::new(format!(
                "the gateway was not ready within {} minutes; its log: {}",
                READY.as_secs() / 60,
                self.log()
            )));
        }
        let found =
            running::look(&self.upgrades.host, &self.upgrades.install, &self.processes).await;
        if found.version.as_ref() == Some(version) {
            return Ok(());
        }
        let said = found.version.map_or_else(
            || "does not say which version it is".to_owned(),
            |found| format!("says that it is {found}"),
        );
        Err(Trouble::of_release(format!(
            "the gateway that runs should be {version} and {said}"
        )))
    }

    /// Refuses to go on while somebody uses the state: whoever keeps the gateway may have started
    /// it again.
    pub(crate) fn must_be_still(&self) -> Result<(), Trouble> {
        match self.presence() {
            Presence::Nothing => Ok(()),
            Presence::Runs(seen) => Err(Trouble::new(format!(
                "process {} started on the state in between",
                seen.id.pid
            ))),
            Presence::Unknown { why } => Err(Trouble::new(format!(
                "whether OpenClaw runs cannot be told: {why}"
            ))),
        }
    }

    pub(crate) async fn vitals(&self) -> Vitals {
        vitals::take(&self.upgrades.host, &self.upgrades.install).await
    }

    pub(crate) fn presence(&self) -> Presence {
        let host = self.upgrades.host.as_ref();
        running::presence(host, &self.upgrades.install, &self.processes)
    }

    /// Who keeps the gateway, also when they have died: a keeper can be started again.
    async fn overseer(&self) -> Result<Overseer, Trouble> {
        Ok(self.upgrades.restarts.overseer_in_charge().await?)
    }

    /// Whether it is known that nobody lives who could start it.
    async fn nobody_starts_it(&self) -> bool {
        let found = self.upgrades.restarts.restartability().await;
        matches!(found, Restartability::Nobody { .. })
    }

    fn log(&self) -> String {
        let logs = self.upgrades.home.logs();
        let name = format!("gateway-{}.log", self.upgrades.install.id());
        logs.join(name).display().to_string()
    }
}

fn words(blockers: &[Blocker]) -> String {
    let words = blockers
        .iter()
        .filter_map(|one| one.message.as_deref().or(one.kind.as_deref()));
    let words = words.collect::<Vec<_>>().join(", ");
    exuvia_model::text::one_line(&words, 300)
}
