//! Restarts of a gateway, carried through the death of everybody who has a part in them.
//!
//! [`exuvia_model::restart`] decides, this performs. A request is durable before anything happens:
//! first its sentinel, then itself, in the inbox. One driver at a time, by a lock, takes what is in
//! the inbox and does what the rules say; whoever is killed is followed by the next one, which goes
//! on from the stored state.
//!
//! ```text
//! $EXUVIA_HOME/installs/<id>/
//!   sentinels/<run>.json   what came of each request
//!   inbox/<run>.json       requests that no driver has taken yet
//!   restart.json           the state of the rules
//!   restart.lock           held by the one who drives
//!   asking.lock            held while a request is being written
//!   overseer.json          who restarts the gateway, as found when it was last asked for
//!   hooks.json             which hooks were begun last
//! ```

mod ask;
mod driver;
mod error;
mod gateway;
mod handoff;
mod hooks;
mod ledger;
mod note;
mod overseer;
mod places;
mod replace;
mod session;
mod settle;
mod sweep;
mod update;
mod wait;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::process::Processes;
use exuvia_host::{Home, Host};
use exuvia_model::restart::{Policy, RequestId, State};
use exuvia_model::sentinel::Sentinel;
use exuvia_openclaw::Install;

pub use ask::Ask;
pub use driver::Drove;
pub use error::RestartError;
pub use handoff::Inside;
pub use update::AskedUpdate;
pub use wait::Progress;

use crate::running::{self, Look, Presence};
use places::Places;

/// How often is looked at what cannot be waited for.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The inbox, by whoever drives.
    pub inbox: Duration,
    /// Whether work is pending.
    pub work: Duration,
    /// Whether another gateway has started.
    pub gateway: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            inbox: Duration::from_millis(200),
            work: Duration::from_millis(500),
            gateway: Duration::from_millis(100),
        }
    }
}

/// The program that is run to [drive](Restarts::drive) outside of the gateway. It is also that of a
/// keeper that must be started again.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// The program.
    pub program: PathBuf,
    /// What it is given, to drive the restarts of this install.
    pub arguments: Vec<OsString>,
}

/// How restarts are carried out.
#[derive(Debug, Clone)]
pub struct RestartOptions {
    /// The limits, for an install of which there is no state yet.
    pub policy: Policy,
    /// How often things are looked at.
    pub pace: Pace,
    /// What carries on what was asked for, as a process of its own.
    pub carrier: Carrier,
}

impl RestartOptions {
    /// The usual ones, with this carrier.
    pub fn new(carrier: Carrier) -> Self {
        Self {
            policy: Policy::default(),
            pace: Pace::default(),
            carrier,
        }
    }
}

/// The restarts of one install's gateway.
#[derive(Debug, Clone)]
pub struct Restarts {
    host: Arc<dyn Host>,
    home: Home,
    install: Arc<Install>,
    processes: Processes,
    options: Arc<RestartOptions>,
    places: Places,
}

impl Restarts {
    /// Of this install.
    pub fn new(
        host: Arc<dyn Host>,
        home: Home,
        install: Install,
        processes: Processes,
        options: RestartOptions,
    ) -> Self {
        Self {
            places: Places::of(&home, &install),
            host,
            home,
            install: Arc::new(install),
            processes,
            options: Arc::new(options),
        }
    }

    /// What came of a request; nothing where there was none of that name.
    pub fn sentinel(&self, run: &RequestId) -> Result<Option<Sentinel>, RestartError> {
        self.places.sentinel(self.host.as_ref(), run)
    }

    /// What came of every request, the newest first.
    pub fn sentinels(&self) -> Result<Vec<Sentinel>, RestartError> {
        let mut all = self.places.sentinels(self.host.as_ref())?;
        all.sort_by_key(|sentinel| std::cmp::Reverse(sentinel.asked_at));
        Ok(all)
    }

    /// Where things stand; nothing where no restart was ever asked for.
    pub fn state(&self) -> Result<Option<State>, RestartError> {
        self.places.state(self.host.as_ref())
    }

    /// Where what a carrier prints goes.
    pub fn log(&self) -> PathBuf {
        let name = format!("restart-{}.log", self.install.id());
        self.home.logs().join(name)
    }

    fn presence(&self) -> Presence {
        running::presence(self.host.as_ref(), &self.install, &self.processes)
    }

    async fn look(&self) -> Look {
        running::look(&self.host, &self.install, &self.processes).await
    }
}
