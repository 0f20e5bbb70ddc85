//! Which process the gateway of an install is, and what it says of itself.

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::Host;
use exuvia_host::disk::Holder;
use exuvia_host::process::{Processes, Seen};
use exuvia_model::Version;
use exuvia_model::restart::ProcessIdentity;
use exuvia_model::sentinel::{Found, Running};
use exuvia_openclaw::Install;
use exuvia_openclaw::config::Config;
use exuvia_openclaw::gateway::{Address, http};
use exuvia_openclaw::liveness::{self, Liveness};

/// How long `/startupz` may take; a gateway that works answers within milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// What `/startupz` says once it is done.
const STARTED: &str = "started";

/// Whether a gateway is there.
#[derive(Debug, Clone)]
pub enum Presence {
    /// This process is it.
    Runs(Box<Seen>),
    /// None is.
    Nothing,
    /// It cannot be told.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// One look at the gateway of an install.
#[derive(Debug, Clone)]
pub struct Look {
    /// Whether one is there.
    pub presence: Presence,
    /// The version that the process says it is.
    pub version: Option<Version>,
    /// Whether it says that it has started.
    pub has_started: bool,
}

/// Looks which process the gateway is. Nothing is asked of it.
pub fn presence(host: &dyn Host, install: &Install, processes: &Processes) -> Presence {
    match liveness::look(host, install) {
        Liveness::Stopped => Presence::Nothing,
        Liveness::Unknown { why } => Presence::Unknown { why },
        Liveness::Running { pid, .. } => match processes.find(pid) {
            Some(seen) => Presence::Runs(Box::new(seen)),
            None => Presence::Unknown {
                why: format!("process {pid} holds its state and cannot be seen from here"),
            },
        },
    }
}

/// Looks, and asks the process what it is.
pub async fn look(host: &Arc<dyn Host>, install: &Install, processes: &Processes) -> Look {
    let presence = presence(host.as_ref(), install, processes);
    let said = match &presence {
        Presence::Runs(seen) => ask(host, install, processes, seen).await,
        _ => None,
    };
    Look {
        presence,
        version: said
            .as_ref()
            .and_then(|said| said.version.as_deref()?.parse().ok()),
        has_started: said.is_some_and(|said| said.status.as_deref() == Some(STARTED)),
    }
}

/// What it says on the port that it wrote into its lock. What another process says there is not
/// its word.
async fn ask(
    host: &Arc<dyn Host>,
    install: &Install,
    processes: &Processes,
    gateway: &Seen,
) -> Option<http::Startup> {
    let config = Config::read(host.as_ref(), install);
    let address = Address::find(host.as_ref(), install, &config).ok()?;
    let page = http::startup(address, PATIENCE).await.ok()?;
    let listeners = processes.listeners(address.port());
    // Empty where it cannot be told.
    let is_it = listeners.is_empty() || listeners.iter().any(|seen| seen.id == gateway.id);
    is_it.then_some(page.body)
}

impl Presence {
    /// The process, if one is there.
    pub fn process(&self) -> Option<&Seen> {
        match self {
            Self::Runs(seen) => Some(seen),
            Self::Nothing | Self::Unknown { .. } => None,
        }
    }
}

impl Look {
    /// As a sentinel keeps it.
    pub fn found(&self, host: &dyn Host) -> Found {
        let running = match &self.presence {
            Presence::Runs(seen) => Running::Process {
                process: identity(&seen.id),
                version: self.version.clone(),
            },
            Presence::Nothing => Running::Nothing,
            Presence::Unknown { why } => Running::Unknown { why: why.clone() },
        };
        Found {
            at: host.now(),
            running,
        }
    }
}

/// The same process, in the model's words.
pub fn identity(holder: &Holder) -> ProcessIdentity {
    ProcessIdentity {
        pid: holder.pid,
        boot: holder.boot.clone(),
        started: holder.started,
    }
}
