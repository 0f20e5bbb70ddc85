//! What can happen next.

use exuvia_model::restart::{HooksId, Kind, Millis, Request, Work};

use crate::checks;
use crate::world::{Obeys, World};

/// One thing that can happen.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    Perform { times: u32, obeys: Obeys },
    Crash { jump: i64 },
    Ask(Wish),
    Deliver { index: usize, again: bool },
    Pass(u64),
    Work(Work),
    GatewayDiesOrComesBack,
}

impl Move {
    pub(crate) fn once(obeys: Obeys) -> Self {
        Self::Perform { times: 1, obeys }
    }

    pub(crate) fn first_answer() -> Self {
        Self::Deliver {
            index: 0,
            again: false,
        }
    }
}

/// A request without its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) kind: Kind,
    pub(crate) force: bool,
    pub(crate) delay: u64,
    pub(crate) hooks: bool,
    pub(crate) patience: Option<u64>,
}

/// Plain and forced ones, early and late, of different kinds.
pub(crate) const WISHES: [Wish; 6] = [
    wish(Kind::Restart, false, 0, true),
    Wish {
        patience: Some(2),
        ..wish(Kind::Restart, false, 5, true)
    },
    wish(Kind::Upgrade, false, 3, true),
    wish(Kind::Upgrade, true, 0, true),
    wish(Kind::Restart, true, 4, false),
    wish(Kind::Config, true, 0, false),
];

const fn wish(kind: Kind, force: bool, delay: u64, hooks: bool) -> Wish {
    Wish {
        kind,
        force,
        delay,
        hooks,
        patience: None,
    }
}

impl Wish {
    pub(crate) fn request(self, number: u32) -> Request {
        let id = format!("r{number}").parse().unwrap();
        Request {
            delay: Millis::new(self.delay),
            force: self.force,
            patience: self.patience.map(Millis::new),
            hooks: self
                .hooks
                .then(|| HooksId::new(&format!("hooks of r{number}"))),
            ..Request::new(id, self.kind, "why", "who")
        }
    }
}

pub(crate) fn play(world: &mut World, next: &Move) {
    match next {
        Move::Perform { times, obeys } => world.perform(*times, *obeys),
        Move::Crash { jump } => world.crash(*jump),
        Move::Ask(wish) => world.ask(wish.request(world.past.asked)),
        Move::Deliver { index, again } => world.deliver(*index, *again),
        Move::Pass(span) => world.pass(*span),
        Move::Work(work) => world.set_work(work.clone()),
        Move::GatewayDiesOrComesBack => world.gateway_dies_or_comes_back(),
    }
    if world.effects.is_empty() {
        checks::at_leisure(world);
    }
}
