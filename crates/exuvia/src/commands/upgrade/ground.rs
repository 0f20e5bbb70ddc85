//! What a transaction is carried out with.

use std::sync::Arc;

use anyhow::{Result, bail};
use exuvia_gateway::restart::Restarts;
use exuvia_host::disk::Disk;
use exuvia_host::{Home, Host};
use exuvia_openclaw::Install;
use exuvia_upgrade::{Plan, Upgrades};

use crate::commands::restart::restarts;
use crate::exit::Blocked;
use crate::session::Machine;

pub(crate) struct Ground {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) home: Home,
    pub(crate) install: Install,
    pub(crate) upgrades: Upgrades,
    pub(crate) restarts: Restarts,
}

/// What to do where nothing of ours goes on outside of the gateway by itself.
pub(super) const FROM_A_TERMINAL: &str = "run it from a terminal of your own";

impl Ground {
    pub(crate) fn open(machine: &Machine) -> Result<Self> {
        let install = machine.install()?;
        let restarts = restarts(machine)?;
        let upgrades = Upgrades::new(
            machine.host.clone(),
            Disk::new(),
            machine.home.clone(),
            install.clone(),
            restarts.clone(),
        );
        Ok(Self {
            host: machine.host.clone(),
            home: machine.home.clone(),
            install,
            upgrades,
            restarts,
        })
    }

    /// The same, for a transaction that has the gateway stopped.
    pub(crate) async fn must_be_outside_for(&self, plan: &Plan, instead: &str) -> Result<()> {
        if plan.stops_the_gateway() {
            return self.must_be_outside(instead).await;
        }
        Ok(())
    }

    /// Refuses what would end with the gateway that asked for it.
    pub(crate) async fn must_be_outside(&self, instead: &str) -> Result<()> {
        if self.restarts.inside().await.is_none() {
            return Ok(());
        }
        bail!(Blocked(format!(
            "this was asked for from inside of the gateway, which has to be stopped for it; \
             {instead}; nothing was changed"
        )))
    }
}
