//! Who keeps the gateway of an install, and doing with it what only they can do.
//!
//! [`detect`] says who that is, or that it is nobody. An [`Overseer`] starts, stops and restarts
//! the gateway through them. A gateway that Exuvia killed comes back through its supervisor, never
//! beside it: two gateways of one install harm each other.

mod detect;
mod engine;
mod error;
mod kept;
mod launchd;
mod systemd;

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::process::{Processes, Seen};
use exuvia_host::{Command, Home, Host, HostError, Output};
use exuvia_model::restart::{Manner, Supervisor};
use exuvia_openclaw::Install;

pub use detect::detect;
pub use error::SupervisorError;
pub use kept::keeper_words;
pub(crate) use systemd::reaching;

/// Acts on a gateway through whoever keeps it.
#[derive(Debug, Clone)]
pub struct Overseer {
    host: Arc<dyn Host>,
    home: Home,
    install: Arc<Install>,
    processes: Processes,
    supervisor: Supervisor,
    revival: Option<Command>,
}

impl Overseer {
    /// Through this supervisor.
    pub fn new(
        host: Arc<dyn Host>,
        home: Home,
        install: Arc<Install>,
        processes: Processes,
        supervisor: Supervisor,
    ) -> Self {
        Self {
            host,
            home,
            install,
            processes,
            supervisor,
            revival: None,
        }
    }

    /// With the command by which an `exuvia gateway run` that has died is started again.
    #[must_use]
    pub fn with_revival(self, revival: Option<Command>) -> Self {
        Self { revival, ..self }
    }

    /// Who it is.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Has a gateway started, if none runs.
    pub async fn start(&self, within: Duration) -> Result<(), SupervisorError> {
        match &self.supervisor {
            Supervisor::Exuvia => self.keeper_starts(within).await,
            Supervisor::SystemdUser { .. } | Supervisor::SystemdSystem { .. } => {
                self.systemctl(["start"], within).await
            }
            Supervisor::Launchd { label } => self.launchd_starts(label, within).await,
            Supervisor::Container { .. } => self.engine_starts(within).await,
        }
    }

    /// Has the gateway stopped, and kept stopped.
    pub async fn stop(&self, within: Duration) -> Result<(), SupervisorError> {
        match &self.supervisor {
            Supervisor::Exuvia => self.keeper_stops(within).await,
            Supervisor::SystemdUser { .. } | Supervisor::SystemdSystem { .. } => {
                self.systemctl(["stop"], within).await
            }
            Supervisor::Launchd { label } => self.launchd_stops(label, within).await,
            Supervisor::Container { .. } => self.engine_stops(within).await,
        }
    }

    /// Has another gateway started in place of this one.
    pub async fn restart(
        &self,
        manner: Manner,
        gateway: &Seen,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        match &self.supervisor {
            Supervisor::Exuvia => self.keeper_restarts(manner, gateway, within).await,
            Supervisor::SystemdUser { .. } | Supervisor::SystemdSystem { .. } => {
                self.systemd_restarts(manner, within).await
            }
            Supervisor::Launchd { label } => self.launchd_restarts(label, manner, within).await,
            Supervisor::Container { .. } => self.engine_restarts(manner, within).await,
        }
    }

    fn out_of_reach(&self) -> SupervisorError {
        SupervisorError::OutOfReach {
            supervisor: self.supervisor.to_string(),
        }
    }

    /// Runs a program that must say yes.
    async fn order(&self, command: Command, words: &str) -> Result<(), SupervisorError> {
        let output = run(&self.host, command).await?;
        if output.status.success() {
            return Ok(());
        }
        Err(SupervisorError::Refused {
            command: words.to_owned(),
            status: output.status.to_string(),
            words: output.last_words(),
        })
    }
}

/// Runs a program to its end, on a thread of its own.
async fn run(host: &Arc<dyn Host>, command: Command) -> Result<Output, HostError> {
    let program = command.program().to_owned();
    let host = Arc::clone(host);
    let ran = tokio::task::spawn_blocking(move || host.run(&command)).await;
    ran.unwrap_or_else(|error| {
        Err(HostError::new(
            "run",
            &program,
            std::io::Error::other(error),
        ))
    })
}
