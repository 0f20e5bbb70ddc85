//! From one stage to the next.

use super::{Turn, ids};
use crate::restart::{
    Accepted, Deadline, Effect, Ended, Generation, Manner, Millis, Open, Outcome, Prepared,
    RequestId, Stage,
};

impl Turn {
    /// Waits until the restart is due; when it is, goes on.
    pub(super) fn wait(&mut self, open: Open) {
        match open.left(&self.now) {
            Millis::ZERO if open.is_forced() => self.prepare(open),
            Millis::ZERO => self.defer(open),
            after => {
                self.effects.push(Effect::ArmTimer { after });
                self.state.stage = Stage::Waiting { open };
            }
        }
    }

    /// Asks whether work is pending.
    pub(super) fn defer(&mut self, open: Open) {
        let length = open.patience(&self.state.policy);
        self.effects.push(Effect::WatchWork {
            generation: open.generation,
        });
        self.effects.push(Effect::ArmTimer { after: length });
        self.state.stage = Stage::Deferring {
            open,
            until: Deadline::after(&self.now, length),
            work: None,
        };
    }

    /// Runs the hooks of the one that leads, if it has any.
    pub(super) fn prepare(&mut self, open: Open) {
        if open.lead.request.hooks.is_none() {
            self.restart(open, Prepared::NoHooks);
            return;
        }
        let until = Deadline::after(&self.now, self.state.policy.hooks);
        self.order_hooks(&open, until);
        self.state.stage = Stage::Preparing { open, until };
    }

    /// Replaces the gateway, for the first time.
    pub(super) fn restart(&mut self, open: Open, prepared: Prepared) {
        self.state.cooldown = Some(Deadline::after(&self.now, self.state.policy.cooldown));
        self.attempt(open, prepared, 1, Vec::new());
    }

    pub(super) fn attempt(
        &mut self,
        open: Open,
        prepared: Prepared,
        attempt: u32,
        after: Vec<Accepted>,
    ) {
        let until = Deadline::after(&self.now, self.state.policy.one_try);
        self.order_restart(&open, attempt, until);
        self.state.stage = Stage::Restarting {
            open,
            prepared,
            attempt,
            until,
            after,
        };
    }

    pub(super) fn order_hooks(&mut self, open: &Open, until: Deadline) {
        let within = until.left(&self.now);
        if let Some(hooks) = open.lead.request.hooks.clone() {
            self.effects.push(Effect::RunHooks {
                generation: open.generation,
                request: open.lead.request.id.clone(),
                hooks,
                within,
            });
        }
        self.effects.push(Effect::ArmTimer { after: within });
    }

    pub(super) fn order_restart(&mut self, open: &Open, attempt: u32, until: Deadline) {
        let within = until.left(&self.now);
        let manner = if attempt == 1 {
            Manner::Asked
        } else {
            Manner::Killed
        };
        self.effects.push(Effect::Restart {
            generation: open.generation,
            attempt,
            replaces: open.replaces(),
            manner,
            within,
        });
        self.effects.push(Effect::ArmTimer { after: within });
    }

    pub(super) fn try_again(
        &mut self,
        open: Open,
        prepared: Prepared,
        attempt: u32,
        after: Vec<Accepted>,
        why: &str,
    ) {
        if attempt < self.state.policy.tries {
            self.attempt(open, prepared, attempt.saturating_add(1), after);
            return;
        }
        let why = format!("{why} (tries: {attempt})");
        self.end(
            open.generation,
            ids(&open),
            Outcome::Abandoned { why },
            prepared,
        );
        self.readmit(after);
    }

    pub(super) fn end(
        &mut self,
        generation: Generation,
        requests: Vec<RequestId>,
        outcome: Outcome,
        prepared: Prepared,
    ) {
        let ended = Ended {
            generation,
            requests,
            outcome,
            prepared,
            settled: false,
        };
        self.state.ended.push(ended.clone());
        self.state.forget();
        self.effects.push(Effect::Settle(ended));
    }
}
