//! Our own keeper, over its socket.

use std::ffi::OsString;
use std::time::Duration;

use exuvia_host::HostError;
use exuvia_host::process::{Child, Ending, Processes, Seen, Signal, Sink};
use exuvia_model::restart::Manner;
use exuvia_model::supervision::State;
use tokio::time::{Instant, sleep};

use super::{Overseer, SupervisorError};
use crate::keeper::{Asked, Client, Places, Told};

/// How often a keeper that was just started is asked whether it listens.
const LOOK: Duration = Duration::from_millis(20);

/// How long a keeper that broke off may take to end.
const LAST: Duration = Duration::from_secs(2);

/// The words that a keeper was started with, its program left out; by them it can be started again
/// after it was killed.
pub fn keeper_words(processes: &Processes, told: &Told) -> Option<Vec<OsString>> {
    let keeper = processes.find(told.keeper)?;
    Some(keeper.words.into_iter().skip(1).collect())
}

impl Overseer {
    pub(super) async fn keeper_starts(&self, within: Duration) -> Result<(), SupervisorError> {
        self.ask_keeper(Asked::Start, within).await
    }

    pub(super) async fn keeper_stops(&self, within: Duration) -> Result<(), SupervisorError> {
        self.ask_keeper(Asked::Stop, within).await
    }

    pub(super) async fn keeper_restarts(
        &self,
        manner: Manner,
        gateway: &Seen,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        if manner == Manner::Killed {
            // It leads a group when the keeper started it; what it started goes with it then.
            if gateway.group == gateway.id.pid {
                self.processes.signal_group(&gateway.id, Signal::Kill)?;
            } else {
                self.processes.signal(&gateway.id, Signal::Kill)?;
            }
        }
        self.ask_keeper(Asked::Restart, within).await
    }

    async fn ask_keeper(&self, asked: Asked, within: Duration) -> Result<(), SupervisorError> {
        let client = Client::at(Places::of(&self.home, &self.install).socket());
        let told = match client.ask(asked, within).await? {
            Some(told) => told,
            None => self.revive(&client, asked, within).await?,
        };
        match told.state {
            State::Ended { code } => Err(SupervisorError::KeeperEnded {
                how: format!("exit code {code}"),
            }),
            _ => Ok(()),
        }
    }

    /// Starts the keeper that has died again, as it was started before, and asks that one.
    async fn revive(
        &self,
        client: &Client,
        asked: Asked,
        within: Duration,
    ) -> Result<Told, SupervisorError> {
        let command = self.revival.as_ref().ok_or(SupervisorError::NoKeeper)?;
        self.host.create_private_dir(&self.home.logs())?;
        let log = self
            .home
            .logs()
            .join(format!("keeper-{}.log", self.install.id()));
        let mut keeper = self.processes.spawn(command, &Sink::Append(log))?;
        let end = Instant::now() + within;
        loop {
            let told = match client.ask(asked, within).await {
                Ok(told) => told,
                // One that ends while it is asked says nothing more.
                Err(error) => {
                    let ending = until_ended(&mut keeper).await?;
                    return Err(ending.map_or_else(|| error.into(), ended));
                }
            };
            if let Some(told) = told {
                return Ok(told);
            }
            if let Some(ending) = keeper.ended()? {
                return Err(ended(ending));
            }
            if Instant::now() >= end {
                return Err(SupervisorError::NoKeeper);
            }
            sleep(LOOK).await;
        }
    }
}

async fn until_ended(keeper: &mut Child) -> Result<Option<Ending>, HostError> {
    let end = Instant::now() + LAST;
    loop {
        let ending = keeper.ended()?;
        if ending.is_some() || Instant::now() >= end {
            return Ok(ending);
        }
        sleep(LOOK).await;
    }
}

fn ended(ending: Ending) -> SupervisorError {
    SupervisorError::KeeperEnded {
        how: match ending {
            Ending::Exit(code) => format!("exit code {code}"),
            Ending::Signal(number) => format!("signal {number}"),
        },
    }
}
