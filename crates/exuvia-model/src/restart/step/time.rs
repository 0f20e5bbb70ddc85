//! Time goes by.

use super::Turn;
use crate::restart::{Effect, Prepared, Stage};

impl Turn {
    pub(super) fn tick(&mut self) {
        match std::mem::replace(&mut self.state.stage, Stage::Idle) {
            Stage::Idle => {}
            Stage::Waiting { open } => self.wait(open),
            Stage::Deferring { open, until, .. } if until.has_passed(&self.now) => {
                self.prepare(open);
            }
            Stage::Preparing { open, until } if until.has_passed(&self.now) => {
                self.restart(open, Prepared::TooSlow);
            }
            Stage::Restarting {
                open,
                prepared,
                attempt,
                until,
                after,
            } if until.has_passed(&self.now) => {
                let why = format!(
                    "no new gateway was found running within {}",
                    self.state.policy.one_try
                );
                self.try_again(open, prepared, attempt, after, &why);
            }
            stage => self.stay(stage),
        }
    }

    /// Keeps a stage whose time has not come, and its timer.
    pub(super) fn stay(&mut self, stage: Stage) {
        if let Stage::Deferring { until, .. }
        | Stage::Preparing { until, .. }
        | Stage::Restarting { until, .. } = &stage
        {
            let after = until.left(&self.now);
            self.effects.push(Effect::ArmTimer { after });
        }
        self.state.stage = stage;
    }
}
