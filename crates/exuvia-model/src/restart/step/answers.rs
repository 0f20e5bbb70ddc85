//! What an effect came to is told.

use super::{Taken, Turn, ids};
use crate::restart::{
    Deadline, Effect, Generation, IllegalTransition, Open, Outcome, Prepared, ProcessIdentity,
    RequestId, Stage, Work,
};
use crate::text;

impl Turn {
    /// Whether an answer is for the restart under way. One that is past is past; one that is to
    /// come cannot have been asked.
    pub(super) fn concerns(
        &self,
        generation: Generation,
        what: &'static str,
    ) -> Result<bool, IllegalTransition> {
        if generation > self.state.generation {
            return Err(IllegalTransition::NotAsked { generation, what });
        }
        let open = self.state.stage.open();
        Ok(open.is_some_and(|open| open.generation == generation))
    }

    pub(super) fn work(&mut self, generation: Generation, work: Work) -> Taken {
        if !self.concerns(generation, "work changed")? {
            return Ok(());
        }
        let work = match work {
            Work::Unknown { why } => Work::Unknown { why: short(&why) },
            work => work,
        };
        match std::mem::replace(&mut self.state.stage, Stage::Idle) {
            Stage::Deferring { open, .. } if work == Work::None => self.prepare(open),
            Stage::Deferring {
                open,
                until,
                work: known,
            } => {
                if known.as_ref() != Some(&work) {
                    self.say_deferred(&open, until, work.clone());
                }
                self.state.stage = Stage::Deferring {
                    open,
                    until,
                    work: Some(work),
                };
            }
            stage => self.state.stage = stage,
        }
        Ok(())
    }

    pub(super) fn say_deferred(&mut self, open: &Open, until: Deadline, work: Work) {
        self.effects.push(Effect::Defer {
            requests: ids(open),
            at_most: until.left(&self.now),
            work,
        });
    }

    pub(super) fn prepared(
        &mut self,
        generation: Generation,
        request: &RequestId,
        failed: Option<String>,
    ) -> Taken {
        let what = "hooks ended";
        if !self.concerns(generation, what)? {
            return Ok(());
        }
        match std::mem::replace(&mut self.state.stage, Stage::Idle) {
            Stage::Preparing { open, .. } if &open.lead.request.id == request => {
                let prepared =
                    failed.map_or(Prepared::Ran, |why| Prepared::Failed { why: short(&why) });
                self.restart(open, prepared);
                Ok(())
            }
            Stage::Waiting { .. } | Stage::Deferring { .. } => {
                Err(IllegalTransition::NotAsked { generation, what })
            }
            // The hooks of one that has lost the lead since, or that took too long.
            stage => {
                self.state.stage = stage;
                Ok(())
            }
        }
    }

    pub(super) fn restarted(&mut self, generation: Generation, found: ProcessIdentity) -> Taken {
        let what = "the gateway was restarted";
        if !self.concerns(generation, what)? {
            return Ok(());
        }
        let Stage::Restarting {
            open,
            prepared,
            after,
            ..
        } = std::mem::replace(&mut self.state.stage, Stage::Idle)
        else {
            return Err(IllegalTransition::NotAsked { generation, what });
        };
        if !found.is_none_of(&open.replaces()) {
            return Err(IllegalTransition::NotAnother { generation, found });
        }
        let (served, early): (Vec<_>, Vec<_>) = after
            .into_iter()
            .partition(|accepted| accepted.request.is_served_by(&found));
        let mut requests = ids(&open);
        requests.extend(served.into_iter().map(|accepted| accepted.request.id));
        self.end(generation, requests, Outcome::Restarted { found }, prepared);
        self.readmit(early);
        Ok(())
    }

    pub(super) fn not_restarted(
        &mut self,
        generation: Generation,
        attempt: u32,
        why: &str,
    ) -> Taken {
        let what = "the gateway was not restarted";
        if !self.concerns(generation, what)? {
            return Ok(());
        }
        match std::mem::replace(&mut self.state.stage, Stage::Idle) {
            Stage::Restarting {
                open,
                prepared,
                attempt: current,
                after,
                ..
            } if attempt == current => self.try_again(open, prepared, current, after, &short(why)),
            stage @ Stage::Restarting {
                attempt: current, ..
            } if attempt < current => {
                self.state.stage = stage;
            }
            _ => return Err(IllegalTransition::NotAsked { generation, what }),
        }
        Ok(())
    }

    pub(super) fn settled(&mut self, generation: Generation) -> Taken {
        if self.concerns(generation, "it was settled")? {
            return Err(IllegalTransition::NotAsked {
                generation,
                what: "it was settled",
            });
        }
        for ended in &mut self.state.ended {
            ended.settled |= ended.generation == generation;
        }
        self.state.forget();
        Ok(())
    }
}

/// What is said from outside is kept, not all of it.
fn short(why: &str) -> String {
    text::one_line(why, 300)
}
