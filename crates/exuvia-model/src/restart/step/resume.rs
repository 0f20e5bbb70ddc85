//! Another process takes over.

use super::Turn;
use crate::restart::{Effect, Ended, Stage};

impl Turn {
    pub(super) fn resume(&mut self) {
        let unsettled: Vec<Ended> = self.state.ended.clone();
        for ended in unsettled.into_iter().filter(|ended| !ended.settled) {
            self.effects.push(Effect::Settle(ended));
        }
        match self.state.stage.clone() {
            Stage::Idle => {}
            Stage::Waiting { open } => self.wait(open),
            Stage::Deferring { open, until, work } => {
                self.effects.push(Effect::WatchWork {
                    generation: open.generation,
                });
                if let Some(work) = work {
                    self.say_deferred(&open, until, work);
                }
                let after = until.left(&self.now);
                self.effects.push(Effect::ArmTimer { after });
            }
            Stage::Preparing { open, until } => self.order_hooks(&open, until),
            Stage::Restarting {
                open,
                attempt,
                until,
                ..
            } => self.order_restart(&open, attempt, until),
        }
    }
}
