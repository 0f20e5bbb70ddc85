//! What a transaction could not remove when it ended.

use exuvia_model::journal::{Operation, Outcome, RunRecord};
use exuvia_store::journal::{Filter, Journal};

use crate::core::clear;
use crate::run::{Upgrades, stored};
use crate::tree::TreeId;
use crate::{Facts, Generations, Subject, UpgradeError};

/// How many of the last runs are looked at: each is swept by the next one, so one would do.
const RUNS: u32 = 20;

impl Upgrades {
    /// Removes the stages and the copies that failed upgrades have left. Only whoever holds the lock
    /// may, and only while no transaction is open.
    pub(crate) fn sweep(&self, journal: &Journal) -> Result<(), UpgradeError> {
        let (host, install) = (self.host.as_ref(), self.install.id());
        let kept = Generations::read(host, &self.home, &install)?;
        let upgrades = journal.runs(&Filter {
            install: Some(install.clone()),
            operation: Some(Operation::Upgrade),
            limit: Some(RUNS),
        })?;
        let ours = |run: &RunRecord| run.install.as_deref() == Some(&install);
        for run in upgrades.iter().filter(|run| ours(run) && has_failed(run)) {
            // A run of another release of Exuvia is that one's to sweep.
            let Ok((plan, _)) = stored(journal, &run.id) else {
                continue;
            };
            // A skill's removes its own.
            if matches!(plan.subject, Subject::Skill(_)) {
                continue;
            }
            let is_kept = kept.kept.iter().any(|kept| kept.beside == plan.beside);
            let old = Facts::read(host, &self.dir(&run.id))?.old_tree;
            let is_old = old.is_some() && TreeId::of(host, &plan.other())? == old;
            if is_kept || is_old {
                continue;
            }
            clear(host, &self.home, &run.id)?;
            host.remove_tree(&plan.beside)?;
        }
        Ok(())
    }
}

fn has_failed(run: &RunRecord) -> bool {
    matches!(run.outcome, Some(Outcome::Failed | Outcome::RolledBack))
}
