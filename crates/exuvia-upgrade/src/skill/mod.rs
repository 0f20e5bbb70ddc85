//! Replacing a skill.
//!
//! The new version is made ready in the directory that keeps what is replaced
//! (`<state>/skill-backups/<name>/`), which OpenClaw loads nothing from, and exchanged with the live
//! one in one rename. The gateway goes on: it watches the directories of skills and takes a new
//! `SKILL.md` up on the next turn (`skills.load.watch`, OpenClaw's `tools/skills`). What belongs to
//! a skill outside of its directory is its entry in the client's lock file, and that goes both ways
//! with it.

mod check;
mod live;
mod merge;
mod plan;
mod prove;
mod settle;
mod source;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;

use exuvia_model::Digest;
use exuvia_model::journal::RunId;
use exuvia_model::upgrade::{Phase, State};
use exuvia_openclaw::skill::{LockEntry, put_lock_entry};
use serde::{Deserialize, Serialize};

use crate::run::Upgrades;
use crate::tree::{TreeId, bring_in};
use crate::{Facts, Plan, SkillPlan, Subject, Trouble, UpgradeError, Works};

pub use plan::{Refusal, plan_rollback, plan_upgrade, revision};
pub(crate) use plan::{dated, plain};

use stage::Ready;

/// What is found out of a skill on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkillFacts {
    /// Of all that was in it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_content: Option<Digest>,
    /// Of all that is in what takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_content: Option<Digest>,
    /// What the lock file said of it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_lock: Option<LockEntry>,
    /// What it says afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_lock: Option<LockEntry>,
    /// Files that the user changed and that stay so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
}

/// The effects of a transaction on a skill.
#[derive(Debug)]
pub struct SkillWorks {
    upgrades: Upgrades,
    run: RunId,
    dir: PathBuf,
    plan: Arc<Plan>,
    skill: SkillPlan,
    facts: Facts,
    /// What the check made ready to be staged, in the same process.
    ready: Option<Ready>,
}

impl SkillWorks {
    pub(crate) fn open(upgrades: &Upgrades, run: RunId, plan: Plan) -> Result<Self, UpgradeError> {
        let Subject::Skill(skill) = plan.subject.clone() else {
            let why = "it is not about a skill".to_owned();
            return Err(UpgradeError::Unreadable { run, why });
        };
        let dir = upgrades.dir(&run);
        Ok(Self {
            facts: Facts::read(upgrades.host.as_ref(), &dir)?,
            upgrades: upgrades.clone(),
            run,
            dir,
            plan: Arc::new(plan),
            skill: *skill,
            ready: None,
        })
    }

    /// Keeps what was found out, before anything depends on it.
    fn learn(&mut self, learn: impl FnOnce(&mut Facts)) -> Result<(), Trouble> {
        learn(&mut self.facts);
        self.facts.write(self.upgrades.host.as_ref(), &self.dir)?;
        Ok(())
    }

    fn learn_of_skill(&mut self, learn: impl FnOnce(&mut SkillFacts)) -> Result<(), Trouble> {
        self.learn(|facts| learn(facts.skill.get_or_insert_default()))
    }

    fn known(&self) -> Result<&SkillFacts, Trouble> {
        let missing = || Trouble::new("what was found out of the skill was not kept");
        self.facts.skill.as_ref().ok_or_else(missing)
    }

    /// The directory that is not live: what was replaced has a name of its own once it is kept.
    fn other(&self) -> Result<PathBuf, Trouble> {
        let kept = TreeId::of(self.upgrades.host.as_ref(), &self.skill.kept)?;
        if kept.is_some() && kept == self.facts.old_tree {
            return Ok(self.skill.kept.clone());
        }
        Ok(self.plan.other())
    }

    /// The directory that a fact says, made the live one.
    fn exchange(&self, wanted: Option<TreeId>) -> Result<(), Trouble> {
        let wanted = wanted.ok_or_else(|| Trouble::new("which directory it is was not kept"))?;
        let Upgrades { host, disk, .. } = &self.upgrades;
        let other = self.other()?;
        bring_in(host.as_ref(), disk, &self.plan.live, &other, wanted)
    }

    /// Has the client's lock file say this.
    fn record(&self, lock: Option<&LockEntry>) -> Result<(), Trouble> {
        if let Some(lock) = lock {
            put_lock_entry(self.upgrades.host.as_ref(), lock)?;
        }
        Ok(())
    }
}

impl Works for SkillWorks {
    async fn perform(&mut self, state: &State) -> Result<(), Trouble> {
        match state.phase {
            Phase::Check => self.check().await,
            Phase::Stage => self.stage().await,
            Phase::Rehearse => self.would_load(),
            Phase::Preserve => self.is_untouched(),
            Phase::Swap => self.exchange(self.facts.new_tree),
            Phase::Start => self.record(self.known()?.new_lock.as_ref()),
            Phase::Prove => self.prove().await,
            Phase::Commit => self.commit(),
            Phase::Discard => self.discard(),
            Phase::Unswap => self.exchange(self.facts.old_tree),
            Phase::Restore => self.record(self.known()?.old_lock.as_ref()),
            Phase::Verify => self.verify().await,
            // The gateway goes on, and nothing else of the state is touched.
            Phase::Quiesce
            | Phase::Adopt
            | Phase::Revive
            | Phase::Halt
            | Phase::Keep
            | Phase::Relaunch
            | Phase::Ended(_) => Ok(()),
        }
    }
}
