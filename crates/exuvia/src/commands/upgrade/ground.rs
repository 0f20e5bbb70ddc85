//! What a transaction is carried out with.

use std::sync::Arc;

use anyhow::Result;
use exuvia_host::Host;
use exuvia_host::disk::Disk;
use exuvia_openclaw::Install;
use exuvia_store::Progress;
use exuvia_upgrade::Upgrades;

use crate::commands::restart::restarts;
use crate::output::Output;
use crate::progress::StoreBar;
use crate::session::Machine;

pub(crate) struct Ground {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) install: Install,
    pub(crate) upgrades: Upgrades,
    pub(crate) bar: Arc<StoreBar>,
}

impl Ground {
    pub(crate) fn open(machine: &Machine, output: &Output) -> Result<Self> {
        let install = machine.install()?;
        let bar = StoreBar::new(output);
        let heard: Arc<dyn Progress> = bar.clone();
        let upgrades = Upgrades::new(
            machine.host.clone(),
            Disk::new(),
            machine.home.clone(),
            install.clone(),
            restarts(machine)?,
            Some(heard),
        );
        Ok(Self {
            host: machine.host.clone(),
            install,
            upgrades,
            bar,
        })
    }
}
