//! The world: what is on disk, what the driver has in memory, and the gateway.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use exuvia_model::restart::{
    Effect, Epoch, Event, Generation, Millis, Now, Outcome, Policy, ProcessIdentity, Request,
    RequestId, State, What, Work, step,
};
use jiff::Timestamp;

use crate::checks;

/// Small limits, so that few steps reach all of them.
pub(crate) const POLICY: Policy = Policy {
    longest_delay: Millis::new(100),
    deferral: Millis::new(20),
    cooldown: Millis::new(10),
    hooks: Millis::new(6),
    one_try: Millis::new(8),
    tries: 2,
};

/// What the gateway does when it is ordered to restart, and hooks when they are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obeys {
    Yes,
    SaysNo,
    Silently,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// What a crash leaves.
    pub(crate) durable: State,
    /// What it does not.
    pub(crate) memory: State,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) answers: Vec<What>,
    pub(crate) timer: Option<u64>,
    pub(crate) watched: Option<Generation>,

    epoch: u32,
    pub(crate) clock: u64,
    wall: i64,

    /// The newest gateway, and whether it still runs.
    process: u32,
    runs: bool,
    pub(crate) work: Work,

    pub(crate) past: Past,
}

/// What has happened, for the checks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Past {
    pub(crate) asked: u32,
    pub(crate) crashes: u32,
    /// How often the gateway ended by itself.
    pub(crate) deaths: u32,
    /// Hooks that were begun, with the restart they were begun for: the runner's own record.
    pub(crate) hooks: BTreeMap<RequestId, Generation>,
    /// Requests that lost the lead, or never had it, while no hooks were begun.
    pub(crate) superseded: BTreeSet<RequestId>,
    /// Restarts that ended a gateway.
    pub(crate) restarts: BTreeSet<Generation>,
    /// The newest gateway when a request was made.
    pub(crate) saw: BTreeMap<RequestId, u32>,
    /// Requests that were promised a restart.
    pub(crate) promised: BTreeSet<RequestId>,
    pub(crate) settled: BTreeMap<RequestId, Outcome>,
}

pub(crate) fn identity(process: u32) -> ProcessIdentity {
    ProcessIdentity {
        pid: process,
        boot: "boot".into(),
        started: u64::from(process),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            durable: State::new(POLICY),
            memory: State::new(POLICY),
            effects: VecDeque::new(),
            answers: Vec::new(),
            timer: None,
            watched: None,
            epoch: 0,
            clock: 0,
            wall: 0,
            process: 1,
            runs: true,
            work: Work::None,
            past: Past::default(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            epoch: Epoch::new(self.epoch.to_string()),
            monotonic: Millis::new(self.clock),
            wall: Timestamp::from_millisecond(self.wall).unwrap(),
        }
    }

    pub(crate) fn tell(&mut self, what: What) {
        assert!(
            self.effects.is_empty(),
            "the driver does one thing at a time"
        );
        let event = Event {
            at: self.now(),
            what,
        };
        let (next, effects) = step(&self.memory, event).expect("an honest driver is never refused");
        checks::effects_begin_with_persist(&self.memory, &next, &effects);
        self.memory = next;
        self.effects = effects.into();
        self.skip_what_a_crash_undoes(Obeys::Yes);
    }

    pub(crate) fn ask(&mut self, mut request: Request) {
        self.past.asked += 1;
        request.replaces = self.runs.then(|| identity(self.process));
        self.past.saw.insert(request.id.clone(), self.process);
        self.tell(What::Asked(request));
    }

    /// Does the next effect, as often as is said.
    pub(crate) fn perform(&mut self, times: u32, obeys: Obeys) {
        let effect = self.effects.pop_front().expect("there is one");
        for _ in 0..times {
            self.perform_once(&effect, obeys);
        }
        self.skip_what_a_crash_undoes(obeys);
    }

    /// Between effects that leave nothing behind, a crash makes no difference.
    fn skip_what_a_crash_undoes(&mut self, obeys: Obeys) {
        while let Some(
            Effect::Answer { .. }
            | Effect::Defer { .. }
            | Effect::ArmTimer { .. }
            | Effect::WatchWork { .. },
        ) = self.effects.front()
        {
            if let Some(effect) = self.effects.pop_front() {
                self.perform_once(&effect, obeys);
            }
        }
    }

    fn perform_once(&mut self, effect: &Effect, obeys: Obeys) {
        match effect {
            Effect::Persist => self.persist(),
            Effect::Answer { .. } | Effect::Defer { .. } => {}
            Effect::ArmTimer { after } => self.timer = Some(self.clock + after.get()),
            Effect::WatchWork { generation } => {
                self.watched = Some(*generation);
                self.tell_work();
            }
            Effect::RunHooks {
                generation,
                request,
                ..
            } => {
                checks::is_durable(self);
                self.run_hooks(*generation, request, obeys);
            }
            Effect::Restart {
                generation,
                attempt,
                replaces,
                ..
            } => {
                checks::is_durable(self);
                match obeys {
                    Obeys::Yes => self.restart(*generation, replaces),
                    Obeys::SaysNo => self.answer(What::NotRestarted {
                        generation: *generation,
                        attempt: *attempt,
                        why: "no".into(),
                    }),
                    Obeys::Silently => {}
                }
            }
            Effect::Settle(ended) => {
                checks::is_durable(self);
                checks::settles_truly(&mut self.past, ended);
                self.answer(What::Settled {
                    generation: ended.generation,
                });
            }
        }
    }

    fn persist(&mut self) {
        checks::note_superseded(&mut self.past, &self.durable, &self.memory);
        self.durable = self.memory.clone();
        for request in checks::requests(&self.durable) {
            self.past.promised.insert(request.id.clone());
        }
    }

    /// The runner of hooks records the key before it begins, and never begins a recorded one.
    fn run_hooks(&mut self, generation: Generation, request: &RequestId, obeys: Obeys) {
        if let Some(earlier) = self.past.hooks.insert(request.clone(), generation) {
            assert_eq!(earlier, generation, "the hooks of {request} ran twice");
        } else {
            let superseded = self.past.superseded.contains(request);
            assert!(!superseded, "{request} lost the lead, and its hooks ran");
        }
        if obeys != Obeys::Silently {
            self.answer(What::Prepared {
                generation,
                request: request.clone(),
                failed: (obeys == Obeys::SaysNo).then(|| "no".into()),
            });
        }
    }

    fn restart(&mut self, generation: Generation, replaces: &[ProcessIdentity]) {
        if self.runs && !identity(self.process).is_none_of(replaces) {
            let first = self.past.restarts.insert(generation);
            assert!(first, "{generation} ended the gateway twice");
            self.runs = false;
        }
        if !self.runs {
            self.process += 1;
            self.runs = true;
        }
        self.answer(What::Restarted {
            generation,
            found: identity(self.process),
        });
    }

    fn answer(&mut self, answer: What) {
        if !self.answers.contains(&answer) {
            self.answers.push(answer);
        }
    }

    fn tell_work(&mut self) {
        if let Some(generation) = self.watched {
            let is_work = |answer: &What| matches!(answer, What::Work { .. });
            self.answers.retain(|answer| !is_work(answer));
            self.answers.push(What::Work {
                generation,
                work: self.work.clone(),
            });
        }
    }

    pub(crate) fn set_work(&mut self, work: Work) {
        self.work = work;
        self.tell_work();
    }

    /// An answer reaches the scheduler; it may be told again later.
    pub(crate) fn deliver(&mut self, index: usize, again: bool) {
        let answer = if again {
            self.answers[index].clone()
        } else {
            self.answers.remove(index)
        };
        self.tell(answer);
    }

    pub(crate) fn pass(&mut self, span: u64) {
        self.clock += span;
        self.wall += i64::try_from(span).unwrap();
        // A timer may fire early, and has fired then.
        self.timer = None;
        self.tell(What::Tick);
    }

    /// The next thing that the timer was set for.
    pub(crate) fn until_timer(&self) -> Option<u64> {
        self.timer.map(|timer| timer.saturating_sub(self.clock))
    }

    /// The gateway ends, by nobody's order; or its supervisor brings it back.
    pub(crate) fn gateway_dies_or_comes_back(&mut self) {
        if self.runs {
            self.past.deaths += 1;
        } else {
            self.process += 1;
        }
        self.runs = !self.runs;
    }

    /// The driver is killed; another one loads what is durable, and the wall clock may have jumped.
    pub(crate) fn crash(&mut self, jump: i64) {
        self.past.crashes += 1;
        self.memory = self.durable.clone();
        self.effects.clear();
        self.answers.clear();
        self.timer = None;
        self.watched = None;
        self.epoch += 1;
        self.clock = 7;
        self.wall += jump;
        self.tell(What::Resumed);
    }
}
