//! One look at a gateway: all that `status` and `doctor` tell.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use exuvia_gateway::probe::{Examination, Examiner};
use exuvia_gateway::{running, supervisor, vitals};
use exuvia_host::process::Processes;
use exuvia_model::probe::{Verdict, verdict};
use exuvia_model::restart::Restartability;
use exuvia_model::vitals::{Part, Vitals};
use exuvia_openclaw::Install;
use exuvia_openclaw::gateway::Address;
use tokio::time::Instant;

use crate::session::Machine;

/// What was seen.
pub(crate) struct Look {
    pub(super) machine: Machine,
    pub(super) examiner: Examiner,
    pub(crate) install: Install,
    pub(crate) examination: Examination,
    pub(crate) vitals: Vitals,
    pub(crate) verdict: Verdict,
    pub(crate) supervisor: Restartability,
    /// How long it was waited until the gateway was ready; nothing where it did not get there, or
    /// was not waited for.
    pub(super) started_after: Option<Duration>,
}

impl Look {
    /// Who asks the gateway of the install that the command line names.
    pub(crate) fn examiner(machine: &Machine) -> Result<Examiner> {
        let (host, install) = (machine.host.clone(), machine.install()?);
        Ok(Examiner::new(host, &machine.home, install)?)
    }

    /// Looks for the first time; before that, waits for a gateway that is starting. `whole` asks
    /// OpenClaw's own checks, too.
    pub(crate) async fn open(
        machine: &Machine,
        examiner: Examiner,
        wait: Option<Duration>,
        whole: bool,
    ) -> Result<Self> {
        let install = machine.install()?;
        let began = Instant::now();
        let has_started = match wait {
            Some(patience) => examiner.wait_until_started(patience).await,
            None => false,
        };
        let started_after = has_started.then(|| began.elapsed());
        // Before what keeps a processor busy for seconds.
        let (vitals, supervisor) = tokio::join!(
            vitals::take(&machine.host, &install),
            supervisor(machine, &install),
        );
        let examination = if whole {
            examiner.examine(None).await
        } else {
            examiner.examine_running().await
        };
        Ok(Self {
            machine: machine.clone(),
            verdict: verdict(&examination.probed),
            examiner,
            install,
            examination,
            vitals,
            supervisor,
            started_after,
        })
    }

    /// Looks again; `whole` asks OpenClaw's own checks, too, which take seconds.
    pub(crate) async fn again(&mut self, whole: bool) {
        let examine = async {
            if whole {
                self.examiner.examine(None).await
            } else {
                self.examiner.examine_again(&self.examination).await
            }
        };
        let vitals = vitals::take(&self.machine.host, &self.install);
        let supervisor = supervisor(&self.machine, &self.install);
        let (examination, vitals, supervisor) = tokio::join!(examine, vitals, supervisor);
        self.verdict = verdict(&examination.probed);
        self.examination = examination;
        self.vitals = vitals;
        self.supervisor = supervisor;
    }

    /// The version that the process says it is; nothing when none runs or it does not say.
    pub(crate) fn running_version(&self) -> Option<String> {
        match &self.vitals.gateway {
            Part::Known(gateway) => Some(gateway.as_ref()?.version.to_string()),
            Part::Unknown(_) => None,
        }
    }

    /// The version on disk.
    pub(crate) fn installed_version(&self) -> Option<String> {
        self.examination.installed.as_ref().map(ToString::to_string)
    }

    /// Where it listens, or would.
    pub(crate) fn address(&self) -> Option<Address> {
        self.examiner.address()
    }

    /// What there is, with how many of it; `None` where it could not be counted.
    pub(crate) fn counts(&self) -> [(&'static str, Option<usize>); 5] {
        let vitals = &self.vitals;
        [
            ("plugin", count(&vitals.plugins, BTreeMap::len)),
            ("skill", count(&vitals.skills, BTreeMap::len)),
            ("cron job", count(&vitals.cron, BTreeMap::len)),
            ("session", count(&vitals.sessions, BTreeMap::len)),
            ("channel", count(&vitals.channels, BTreeMap::len)),
        ]
    }
}

async fn supervisor(machine: &Machine, install: &Install) -> Restartability {
    let presence = running::presence(&*machine.host, install, &Processes::new());
    supervisor::detect(&machine.host, &machine.home, install, &presence).await
}

fn count<T>(part: &Part<T>, len: impl FnOnce(&T) -> usize) -> Option<usize> {
    match part {
        Part::Known(all) => Some(len(all)),
        Part::Unknown(_) => None,
    }
}
