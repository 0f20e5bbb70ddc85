//! Replacing OpenClaw itself, where npm, pnpm or bun installed it for a whole account or machine.

mod ahead;
mod check;
mod config;
mod gateway;
mod manager;
mod prove;
mod recipe;
pub(crate) mod rehearse;
mod remember;
mod settle;
mod stage;
mod state;

use std::path::PathBuf;
use std::sync::Arc;

use exuvia_gateway::probe::Examiner;
use exuvia_host::process::Processes;
use exuvia_model::journal::RunId;
use exuvia_model::upgrade::{Phase, State};
use exuvia_model::{Revision, Version};

use crate::run::Upgrades;
use crate::tree::{TreeId, bring_in};
use crate::{Facts, Plan, Trouble, UpgradeError, Works};

pub use check::{Refusal, may_be_replaced};
pub use config::Rewritten;
pub(crate) use manager::npm;
pub use recipe::Recipe;
pub(crate) use rehearse::clear;
pub use rehearse::{Proof, Rehearsed};

/// The effects of a transaction on OpenClaw's package.
#[derive(Debug)]
pub struct Core {
    pub(crate) upgrades: Upgrades,
    pub(crate) run: RunId,
    pub(crate) dir: PathBuf,
    pub(crate) plan: Arc<Plan>,
    from: Version,
    to: Version,
    pub(crate) facts: Facts,
    pub(crate) examiner: Examiner,
    processes: Processes,
}

impl Core {
    pub(crate) fn open(upgrades: &Upgrades, run: RunId, plan: Plan) -> Result<Self, UpgradeError> {
        let version = |revision: &Revision| {
            let version = revision.version().cloned();
            version.ok_or_else(|| UpgradeError::Unreadable {
                run: run.clone(),
                why: format!("{revision} is no version of OpenClaw"),
            })
        };
        let (from, to) = (version(&plan.from)?, version(&plan.to)?);
        Self::between(upgrades, run, plan, from, to)
    }

    /// What stands around a transaction that replaces something else: the gateway and its state,
    /// with OpenClaw staying the version that it is.
    pub(crate) fn around(
        upgrades: &Upgrades,
        run: RunId,
        plan: Plan,
    ) -> Result<Self, UpgradeError> {
        let found = upgrades.install.package_version(upgrades.host.as_ref());
        let version = found.as_ref().and_then(|found| found.version()).cloned();
        let version = version.ok_or_else(|| UpgradeError::Unreadable {
            run: run.clone(),
            why: "which version OpenClaw is cannot be told".to_owned(),
        })?;
        Self::between(upgrades, run, plan, version.clone(), version)
    }

    fn between(
        upgrades: &Upgrades,
        run: RunId,
        plan: Plan,
        from: Version,
        to: Version,
    ) -> Result<Self, UpgradeError> {
        let (host, dir) = (Arc::clone(&upgrades.host), upgrades.dir(&run));
        let examiner = Examiner::new(host, &upgrades.home, upgrades.install.clone())?;
        Ok(Self {
            facts: Facts::read(upgrades.host.as_ref(), &dir)?,
            upgrades: upgrades.clone(),
            run,
            dir,
            plan: Arc::new(plan),
            from,
            to,
            examiner,
            processes: Processes::new(),
        })
    }

    /// Keeps what was found out, before anything depends on it.
    pub(crate) fn learn(&mut self, learn: impl FnOnce(&mut Facts)) -> Result<(), Trouble> {
        learn(&mut self.facts);
        self.facts.write(self.upgrades.host.as_ref(), &self.dir)?;
        Ok(())
    }

    /// The package that a fact says, made the live one.
    fn exchange(&self, wanted: Option<TreeId>) -> Result<(), Trouble> {
        let wanted = wanted.ok_or_else(|| Trouble::new("which package it is was not kept"))?;
        let Upgrades { host, disk, .. } = &self.upgrades;
        let other = self.plan.other();
        bring_in(host.as_ref(), disk, &self.plan.live, &other, wanted)?;
        manager::follow(host.as_ref(), &self.plan)
    }
}

impl Works for Core {
    async fn perform(&mut self, state: &State) -> Result<(), Trouble> {
        match self.perform_once(state).await {
            Err(trouble) => Err(self.remember(state.phase, trouble)),
            Ok(()) => Ok(()),
        }
    }
}

impl Core {
    async fn perform_once(&mut self, state: &State) -> Result<(), Trouble> {
        match state.phase {
            Phase::Check => self.check().await,
            Phase::Stage if self.take_stage().await? => Ok(()),
            Phase::Stage => self.stage().await,
            Phase::Rehearse if self.was_rehearsed() => Ok(()),
            Phase::Rehearse => self.rehearse().await,
            Phase::Quiesce => self.quiesce().await,
            Phase::Preserve => {
                manager::must_be_the_same(self.upgrades.host.as_ref(), &self.plan)?;
                self.preserve().await
            }
            Phase::Swap => {
                self.must_be_still()?;
                self.exchange(self.facts.new_tree)
            }
            Phase::Adopt => self.adopt().await,
            Phase::Start => self.start_by_recipe().await,
            Phase::Prove => {
                // Before the gate, so that what is proven is the configuration that stays.
                self.keep_comments().await?;
                self.prove().await
            }
            Phase::Commit => self.commit(),
            Phase::Discard => self.discard(),
            Phase::Revive | Phase::Relaunch => self.start(&self.from).await,
            Phase::Halt => self.halt().await,
            Phase::Keep => self.keep().await,
            Phase::Unswap => {
                self.must_be_still()?;
                self.exchange(self.facts.old_tree)
            }
            Phase::Restore => self.put_back().await,
            Phase::Verify => self.verify(state).await,
            Phase::Ended(_) => Ok(()),
        }
    }
}
