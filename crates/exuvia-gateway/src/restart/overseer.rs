//! Who restarts the gateway, also after they have died themselves.

use std::ffi::OsString;
use std::time::Duration;

use exuvia_host::Command;
use exuvia_model::restart::{Restartability, Supervisor};
use serde::{Deserialize, Serialize};

use super::places::{read, write};
use super::{RestartError, Restarts};
use crate::keeper::{Asked, Client, Places, kept};
use crate::running::Presence;
use crate::supervisor::{Overseer, detect, keeper_words};

const PATIENCE: Duration = Duration::from_secs(10);

/// Who it was when a restart was last asked for, and how our own keeper was started then.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    supervisor: Supervisor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keeper: Option<Vec<String>>,
}

impl Restarts {
    /// Whether anybody can restart the gateway that runs now, or none.
    pub async fn restartability(&self) -> Restartability {
        self.detect(&self.presence()).await
    }

    /// Acts on the gateway through whoever keeps it.
    pub async fn overseer(&self) -> Result<Overseer, RestartError> {
        let found = self.restartability().await;
        Ok(self.overseer_of(found.supervisor()?.clone()))
    }

    /// Finds out who restarts the gateway, and writes it down for those who must know it when they
    /// have died themselves.
    pub async fn secure_overseer(&self) -> Result<(), RestartError> {
        self.places.prepare(self.host.as_ref())?;
        let found = self.restartability().await;
        self.remember_overseer(found.supervisor()?).await
    }

    pub(super) async fn detect(&self, presence: &Presence) -> Restartability {
        detect(&self.host, &self.home, &self.install, presence).await
    }

    /// Whether the gateway that runs is of a keeper that has died, and that can be started again.
    pub(super) fn has_lost_its_keeper(&self, presence: &Presence) -> Result<bool, RestartError> {
        let known: Option<Known> = read(self.host.as_ref(), &self.places.overseer())?;
        let can_return = known
            .is_some_and(|known| known.supervisor == Supervisor::Exuvia && known.keeper.is_some());
        let record = Places::of(&self.home, &self.install).record();
        let kept = kept(self.host.as_ref(), &record, &self.processes);
        let runs = presence.process().map(|seen| &seen.id);
        Ok(can_return && runs.is_some() && kept.as_ref() == runs)
    }

    /// Writes down who it is, while that can be seen.
    pub(super) async fn remember_overseer(&self, who: &Supervisor) -> Result<(), RestartError> {
        let known = Known {
            supervisor: who.clone(),
            keeper: match who {
                Supervisor::Exuvia => self.keeper_words().await,
                _ => None,
            },
        };
        write(self.host.as_ref(), &self.places.overseer(), &known)
    }

    async fn keeper_words(&self) -> Option<Vec<String>> {
        let client = Client::at(Places::of(&self.home, &self.install).socket());
        let told = client.ask(Asked::Status, PATIENCE).await.ok()??;
        let words = keeper_words(&self.processes, &told)?;
        // Words that are no text cannot be kept; then nobody can start it again but its owner.
        words
            .into_iter()
            .map(|word| word.into_string().ok())
            .collect()
    }

    /// Who it is now, or who it was: a keeper that was killed can be started again.
    pub async fn overseer_in_charge(&self) -> Result<Overseer, RestartError> {
        let known: Option<Known> = read(self.host.as_ref(), &self.places.overseer())?;
        let found = self.restartability().await;
        let (supervisor, words) = match (found, known) {
            (Restartability::By { supervisor }, known) => {
                (supervisor, known.and_then(|k| k.keeper))
            }
            (_, Some(known)) => (known.supervisor, known.keeper),
            (found, None) => (found.supervisor()?.clone(), None),
        };
        let program = &self.options.carrier.program;
        let revival = words.map(|words| {
            let words = words.into_iter().map(OsString::from);
            self.outside(Command::new(program).args(words))
        });
        Ok(self.overseer_of(supervisor).with_revival(revival))
    }

    fn overseer_of(&self, supervisor: Supervisor) -> Overseer {
        let (host, home) = (self.host.clone(), self.home.clone());
        let (install, processes) = (self.install.clone(), self.processes.clone());
        Overseer::new(host, home, install, processes, supervisor)
    }
}
