//! Every short history.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use exuvia_model::restart::{Effect, Stage, Work};

use crate::checks;
use crate::menu::{Move, WISHES, play};
use crate::world::{Obeys, World};

/// How far the search goes.
struct Bounds {
    moves: usize,
    requests: u32,
    crashes: u32,
    deaths: u32,
}

fn moves(world: &World, bounds: &Bounds) -> Vec<Move> {
    let mut moves = Vec::new();
    if world.past.crashes < bounds.crashes {
        moves.push(Move::Crash { jump: -50 });
    }
    if let Some(effect) = world.effects.front() {
        let obeys: &[Obeys] = match effect {
            Effect::Restart { .. } => &[Obeys::Yes, Obeys::SaysNo, Obeys::Silently],
            Effect::RunHooks { .. } => &[Obeys::Yes, Obeys::Silently],
            _ => &[Obeys::Yes],
        };
        for &obeys in obeys {
            moves.push(Move::once(obeys));
        }
        moves.push(Move::Perform {
            times: 2,
            obeys: Obeys::Yes,
        });
        return moves;
    }
    if world.past.asked < bounds.requests {
        moves.extend(WISHES.map(Move::Ask));
    }
    for index in 0..world.answers.len() {
        moves.push(Move::Deliver {
            index,
            again: false,
        });
    }
    if let Some(span) = world.until_timer() {
        moves.push(Move::Pass(span));
        if span > 2 {
            moves.push(Move::Pass(2));
        }
    }
    if let Stage::Deferring { .. } = world.memory.stage() {
        moves.push(Move::Work(match world.work {
            Work::None => Work::Pending { count: 1 },
            _ => Work::None,
        }));
    }
    if world.work == Work::None && world.memory.stage() == &Stage::Idle {
        moves.push(Move::Work(Work::Unknown { why: "?".into() }));
    }
    if world.past.deaths < bounds.deaths {
        moves.push(Move::GatewayDiesOrComesBack);
    }
    moves
}

fn fingerprint(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// Every world that an undisturbed restart comes through, for every wish, with what led there: the
/// search begins at each of them, and so reaches far with few moves.
fn roots() -> Vec<(World, Vec<Move>)> {
    let mut roots = vec![(World::new(), Vec::new())];
    for wish in WISHES {
        let (mut world, mut history) = (World::new(), vec![Move::Ask(wish)]);
        play(&mut world, &Move::Ask(wish));
        while !world.memory.is_at_rest() || !world.effects.is_empty() {
            roots.push((world.clone(), history.clone()));
            let next = if !world.effects.is_empty() {
                Move::once(Obeys::Yes)
            } else if !world.answers.is_empty() {
                Move::first_answer()
            } else {
                Move::Pass(world.until_timer().unwrap())
            };
            play(&mut world, &next);
            history.push(next);
        }
        roots.push((world, history));
    }
    roots
}

/// Breadth first, so that the first failure is a shortest one.
fn explore(bounds: &Bounds) -> usize {
    let mut front = roots();
    let mut seen: HashSet<u64> = front.iter().map(|(world, _)| fingerprint(world)).collect();
    for _ in 0..bounds.moves {
        let mut next_front = Vec::new();
        for (world, history) in &front {
            for next in moves(world, bounds) {
                let mut history = history.clone();
                history.push(next.clone());
                let after = attempt(world, &next, &history);
                if seen.insert(fingerprint(&after)) {
                    next_front.push((after, history));
                }
            }
        }
        front = next_front;
    }
    seen.len()
}

/// Plays a move, and says how it came to it when a promise is broken.
fn attempt(world: &World, next: &Move, history: &[Move]) -> World {
    let mut after = world.clone();
    let kept = catch_unwind(AssertUnwindSafe(|| {
        play(&mut after, next);
        if after.effects.is_empty() {
            checks::everything_ends(&after, Obeys::Yes);
            checks::everything_ends(&after, Obeys::Silently);
        }
    }));
    assert!(kept.is_ok(), "after {history:#?}");
    after
}

/// What is played with, and how far.
fn bounds(moves: usize) -> Bounds {
    Bounds {
        moves,
        requests: 3,
        crashes: 2,
        deaths: 1,
    }
}

#[test]
fn no_short_history_breaks_a_promise() {
    let histories = explore(&bounds(5));
    assert!(histories > 50_000, "only {histories} histories were tried");
}

#[test]
#[ignore = "a minute or more; run it after every change to a rule"]
fn no_longer_history_breaks_a_promise() {
    let histories = explore(&bounds(7));
    assert!(histories > 400_000, "only {histories} histories were tried");
}
