//! Replacing a plugin that OpenClaw installed from npm.
//!
//! OpenClaw keeps each version of such a plugin in a directory of its own, a project of npm's below
//! `<state>/npm/projects`, and its index of plugins names the one that is loaded. A new version gets
//! a directory beside the live one, and one transaction in OpenClaw's database has the index name it:
//! so files and index belong together at every moment, whoever dies when. What was replaced goes to
//! `<state>/extensions-backup/<plugin>/`, which OpenClaw loads nothing from and snapshots leave out.
//!
//! A gateway that runs is stopped for it, by what stops it for OpenClaw's own upgrade ([`Core`]), and
//! the state is restored as a whole where the new version fails. Of one that has been committed only
//! the plugin goes back: what was said and done since stays.

mod check;
mod compare;
mod place;
mod plan;
mod prove;
mod settle;
mod source;
mod stage;

use exuvia_model::Digest;
use exuvia_model::journal::RunId;
use exuvia_model::upgrade::{Phase, State};
use exuvia_openclaw::plugin::RecordText;
use serde::{Deserialize, Serialize};

use crate::core::Core;
use crate::run::Upgrades;
use crate::{ExtensionPlan, Facts, Plan, Subject, Trouble, UpgradeError, Works};

pub use plan::{Refusal, plan_rollback, plan_upgrade, revision};

use source::Offered;

/// What is found out of a plugin on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionFacts {
    /// Whether a gateway ran before, and is to run afterwards.
    #[serde(default)]
    pub runs: bool,
    /// What the index said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_record: Option<RecordText>,
    /// What it says afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_record: Option<RecordText>,
    /// Of the plugin's own files before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_content: Option<Digest>,
    /// Of those of the version that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_content: Option<Digest>,
}

/// The effects of a transaction on a plugin.
#[derive(Debug)]
pub struct ExtensionWorks {
    /// The gateway and the state around it.
    core: Core,
    extension: ExtensionPlan,
    /// What the check fetched to be staged, in the same process.
    offered: Option<Offered>,
}

impl ExtensionWorks {
    pub(crate) fn open(upgrades: &Upgrades, run: RunId, plan: Plan) -> Result<Self, UpgradeError> {
        let Subject::Extension(extension) = plan.subject.clone() else {
            let why = "it is not about a plugin".to_owned();
            return Err(UpgradeError::Unreadable { run, why });
        };
        Ok(Self {
            core: Core::around(upgrades, run, plan)?,
            extension: *extension,
            offered: None,
        })
    }

    fn facts(&self) -> &Facts {
        &self.core.facts
    }

    /// Keeps what was found out, before anything depends on it.
    fn learn(&mut self, learn: impl FnOnce(&mut ExtensionFacts)) -> Result<(), Trouble> {
        self.core
            .learn(|facts| learn(facts.extension.get_or_insert_default()))
    }

    fn known(&self) -> Result<&ExtensionFacts, Trouble> {
        let missing = || Trouble::new("what was found out of the plugin was not kept");
        self.facts().extension.as_ref().ok_or_else(missing)
    }

    /// What the index said before, and what it says afterwards.
    fn records(&self) -> Result<(&RecordText, &RecordText), Trouble> {
        let known = self.known()?;
        let missing = || Trouble::new("the plugin's records were not kept");
        let both = known.old_record.as_ref().zip(known.new_record.as_ref());
        both.ok_or_else(missing)
    }

    /// Stops the gateway that ran; where none did none may run now.
    async fn halt(&self) -> Result<(), Trouble> {
        if self.known()?.runs {
            return self.core.halt().await;
        }
        self.core.must_be_still()
    }

    async fn quiesce(&self) -> Result<(), Trouble> {
        if self.known()?.runs {
            return self.core.quiesce().await;
        }
        self.core.must_be_still()
    }

    /// Starts the gateway where one ran.
    async fn start(&self) -> Result<(), Trouble> {
        if self.known()?.runs {
            return self.core.start_again().await;
        }
        Ok(())
    }

    async fn perform_once(&mut self, state: &State) -> Result<(), Trouble> {
        match state.phase {
            Phase::Check => self.check().await,
            Phase::Stage => self.stage().await,
            Phase::Rehearse => self.rehearse().await,
            Phase::Quiesce => self.quiesce().await,
            Phase::Preserve => {
                self.is_untouched().await?;
                self.core.preserve().await
            }
            Phase::Swap => self.bring_in().await,
            Phase::Start | Phase::Revive | Phase::Relaunch => self.start().await,
            Phase::Prove => self.prove().await,
            Phase::Commit => self.commit(),
            Phase::Discard => self.discard(),
            Phase::Halt => self.halt().await,
            Phase::Keep => self.core.keep().await,
            Phase::Unswap => self.bring_back(),
            Phase::Restore => self.core.put_back().await,
            Phase::Verify => self.verify(state).await,
            // What was said and done since stays.
            Phase::Adopt | Phase::Ended(_) => Ok(()),
        }
    }
}

impl Works for ExtensionWorks {
    async fn perform(&mut self, state: &State) -> Result<(), Trouble> {
        match self.perform_once(state).await {
            Err(trouble) => Err(self.core.remember(state.phase, trouble)),
            Ok(()) => Ok(()),
        }
    }
}
