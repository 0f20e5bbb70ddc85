//! The rules one by one, through a driver that performs nothing.

mod answers;
mod clocks;
mod coalescing;
mod deferral;
mod hooks;
mod representation;
mod the_commit;
mod under_way;

use jiff::Timestamp;

use super::*;

const DEFERRAL: u64 = 300_000;

/// A driver that keeps every effect and performs none.
struct Driver {
    state: State,
    epoch: &'static str,
    clock: u64,
    wall: i64,
    effects: Vec<Effect>,
}

fn process(pid: u32) -> ProcessIdentity {
    ProcessIdentity {
        pid,
        boot: "b".into(),
        started: u64::from(pid),
    }
}

fn request(id: &str, delay: u64) -> Request {
    Request {
        delay: Millis::new(delay),
        replaces: Some(process(1)),
        ..Request::new(id.parse().unwrap(), Kind::Config, "config.patch", "gateway")
    }
}

fn hooked(id: &str, delay: u64) -> Request {
    Request {
        hooks: Some(HooksId::new(id)),
        ..request(id, delay)
    }
}

fn forced(id: &str, delay: u64) -> Request {
    Request {
        force: true,
        kind: Kind::Upgrade,
        reason: "update.run".into(),
        ..request(id, delay)
    }
}

impl Driver {
    fn new() -> Self {
        Self {
            state: State::new(Policy::default()),
            epoch: "first",
            clock: 1_000_000,
            wall: 0,
            effects: Vec::new(),
        }
    }

    fn try_tell(&mut self, what: What) -> Result<(), IllegalTransition> {
        let at = Now {
            epoch: Epoch::new(self.epoch),
            monotonic: Millis::new(self.clock),
            wall: Timestamp::from_millisecond(self.wall).unwrap(),
        };
        let (state, effects) = step(&self.state, Event { at, what })?;
        self.state = state;
        self.effects = effects;
        Ok(())
    }

    fn tell(&mut self, what: What) {
        self.try_tell(what).unwrap();
    }

    fn ask(&mut self, request: Request) -> Answer {
        self.tell(What::Asked(request));
        let answer = |effect: &Effect| match effect {
            Effect::Answer { answer, .. } => Some(answer.clone()),
            _ => None,
        };
        self.effects.iter().find_map(answer).unwrap()
    }

    fn pass(&mut self, span: u64) {
        self.clock += span;
        self.wall += i64::try_from(span).unwrap();
        self.tell(What::Tick);
    }

    fn generation(&self) -> Generation {
        self.state.generation
    }

    fn work(&mut self, work: Work) {
        let generation = self.generation();
        self.tell(What::Work { generation, work });
    }

    fn restarted(&mut self, pid: u32) -> Result<(), IllegalTransition> {
        let generation = self.generation();
        let found = process(pid);
        self.try_tell(What::Restarted { generation, found })
    }

    fn asks_for_work(&self) -> bool {
        let asks = |effect: &Effect| matches!(effect, Effect::WatchWork { .. });
        self.effects.iter().any(asks)
    }

    fn restarts(&self) -> bool {
        let restarts = |effect: &Effect| matches!(effect, Effect::Restart { .. });
        self.effects.iter().any(restarts)
    }

    fn hooks_run(&self) -> Option<&str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::RunHooks { hooks, .. } => Some(hooks.as_str()),
            _ => None,
        })
    }

    fn reason(&self) -> &str {
        &self.state.stage().open().unwrap().lead.request.reason
    }

    fn settles<'a>(&'a self) -> Vec<(Vec<&'a str>, &'a Outcome)> {
        let settle = |effect: &'a Effect| match effect {
            Effect::Settle(ended) => Some((
                ended.requests.iter().map(RequestId::as_str).collect(),
                &ended.outcome,
            )),
            _ => None,
        };
        self.effects.iter().filter_map(settle).collect()
    }
}

const PENDING: Work = Work::Pending { count: 5 };
