//! Somebody asks for a restart.

use super::{Taken, Turn};
use crate::restart::{
    Accepted, Answer, Deadline, Effect, IllegalTransition, Millis, Open, Request, RequestId, Stage,
};

/// How many requests one restart answers at most.
const MAX_REQUESTS: usize = 256;

impl Turn {
    pub(super) fn asked(&mut self, request: Request) -> Taken {
        if let Some(answer) = self.answer_again(&request.id) {
            self.answer(request.id, answer);
            return Ok(());
        }
        self.check_room()?;
        let wait = self.state.wait_of(&request, &self.now);
        self.admit(Accepted {
            due: Deadline::after(&self.now, wait),
            request,
        });
        Ok(())
    }

    /// A request that is told again, because whoever told it was killed, is the same request.
    pub(super) fn answer_again(&self, id: &RequestId) -> Option<Answer> {
        let is_it = |accepted: &Accepted| &accepted.request.id == id;
        if let Some(open) = self.state.stage.open()
            && open.all().any(is_it)
        {
            return Some(self.standing(open, id, None));
        }
        if let Stage::Restarting { open, after, .. } = &self.state.stage
            && after.iter().any(is_it)
        {
            return Some(Answer::UnderWay {
                generation: open.generation,
            });
        }
        let ended = self.state.ended.iter().rev();
        ended
            .filter(|ended| ended.requests.contains(id))
            .map(|ended| Answer::Ended {
                generation: ended.generation,
            })
            .next()
    }

    pub(super) fn standing(
        &self,
        open: &Open,
        id: &RequestId,
        instead_of: Option<RequestId>,
    ) -> Answer {
        let (generation, wait) = (open.generation, open.left(&self.now));
        if &open.lead.request.id == id {
            Answer::Leads {
                generation,
                wait,
                instead_of,
            }
        } else {
            Answer::Joins {
                generation,
                wait,
                lead: open.lead.request.id.clone(),
            }
        }
    }

    pub(super) fn check_room(&self) -> Taken {
        let after = match &self.state.stage {
            Stage::Restarting { after, .. } => after.len(),
            _ => 0,
        };
        match self.state.stage.open() {
            Some(open) if open.all().count() + after >= MAX_REQUESTS => {
                Err(IllegalTransition::TooMany {
                    generation: open.generation,
                    limit: MAX_REQUESTS,
                })
            }
            _ => Ok(()),
        }
    }

    /// Puts a request where it belongs.
    pub(super) fn admit(&mut self, accepted: Accepted) {
        let id = accepted.request.id.clone();
        let led = self
            .state
            .stage
            .open()
            .map(|open| open.lead.request.id.clone());
        match std::mem::replace(&mut self.state.stage, Stage::Idle) {
            Stage::Idle => {
                self.state.generation = self.state.generation.next();
                let open = Open {
                    generation: self.state.generation,
                    lead: accepted,
                    joined: Vec::new(),
                };
                self.answer_in(&open, id, None);
                self.wait(open);
            }
            Stage::Waiting { open } => {
                let open = open.with(accepted, &self.now);
                self.answer_in(&open, id, led);
                self.wait(open);
            }
            Stage::Deferring { open, until, work } => {
                let open = open.with(accepted, &self.now);
                self.answer_in(&open, id, led);
                if open.is_forced() {
                    self.prepare(open);
                } else {
                    let until = self.no_later(until, open.patience(&self.state.policy));
                    self.state.stage = Stage::Deferring { open, until, work };
                }
            }
            Stage::Preparing { open, until } => {
                let open = open.with_late(accepted);
                self.answer_in(&open, id, led.clone());
                if led.as_ref() == Some(&open.lead.request.id) {
                    self.state.stage = Stage::Preparing { open, until };
                } else {
                    self.prepare(open);
                }
            }
            Stage::Restarting {
                open,
                prepared,
                attempt,
                until,
                mut after,
            } => {
                self.answer(
                    id,
                    Answer::UnderWay {
                        generation: open.generation,
                    },
                );
                after.push(accepted);
                self.state.stage = Stage::Restarting {
                    open,
                    prepared,
                    attempt,
                    until,
                    after,
                };
            }
        }
    }

    /// Ends a deferral earlier where one who joined bears less; never later.
    fn no_later(&mut self, until: Deadline, patience: Millis) -> Deadline {
        if until.left(&self.now) <= patience {
            return until;
        }
        self.effects.push(Effect::ArmTimer { after: patience });
        Deadline::after(&self.now, patience)
    }

    pub(super) fn answer_in(&mut self, open: &Open, id: RequestId, led: Option<RequestId>) {
        let answer = self.standing(open, &id, led);
        self.answer(id, answer);
    }

    pub(super) fn answer(&mut self, request: RequestId, answer: Answer) {
        self.effects.push(Effect::Answer { request, answer });
    }

    /// Requests that the restart came too early for open the next one.
    pub(super) fn readmit(&mut self, early: Vec<Accepted>) {
        for accepted in early {
            let left = accepted.due.left(&self.now);
            let wait = left.max(self.state.wait_of(
                &Request {
                    delay: Millis::ZERO,
                    ..accepted.request.clone()
                },
                &self.now,
            ));
            self.admit(Accepted {
                due: Deadline::after(&self.now, wait),
                request: accepted.request,
            });
        }
    }
}
