//! What must hold, whatever happens.

use exuvia_model::restart::{
    Effect, Ended, Kind, Millis, Open, Outcome, Request, Stage, State, Work,
};

use crate::world::{Obeys, POLICY, Past, World};

/// Intent before effect.
pub(crate) fn effects_begin_with_persist(before: &State, after: &State, effects: &[Effect]) {
    let persists = effects.iter().filter(|e| **e == Effect::Persist).count();
    assert_eq!(
        persists,
        usize::from(before != after),
        "{before} -> {after}"
    );
    assert!(persists == 0 || effects.first() == Some(&Effect::Persist));
}

pub(crate) fn is_durable(world: &World) {
    assert_eq!(
        world.memory, world.durable,
        "an effect was done before it was written down"
    );
}

/// Every request of a state that is not answered yet.
pub(crate) fn requests(state: &State) -> Vec<&Request> {
    let mut all: Vec<_> = state
        .stage()
        .open()
        .into_iter()
        .flat_map(Open::all)
        .collect();
    if let Stage::Restarting { after, .. } = state.stage() {
        all.extend(after);
    }
    all.into_iter().map(|accepted| &accepted.request).collect()
}

/// Remembers who lost the lead, or did not get it, before any hooks began.
pub(crate) fn note_superseded(past: &mut Past, before: &State, after: &State) {
    let Some(open) = after.stage().open() else {
        return;
    };
    for joined in &open.joined {
        let id = &joined.request.id;
        let led_with_hooks_begun = matches!(before.stage(), Stage::Preparing { open, .. }
            if &open.lead.request.id == id);
        if !led_with_hooks_begun && !past.hooks.contains_key(id) {
            past.superseded.insert(id.clone());
        }
    }
}

/// Restarted means that the gateway the request saw is gone; and nobody is told two things.
pub(crate) fn settles_truly(past: &mut Past, ended: &Ended) {
    for id in &ended.requests {
        if let Outcome::Restarted { found } = &ended.outcome {
            assert!(past.promised.contains(id), "only who was promised is told");
            let saw = past.saw.get(id).expect("it was asked");
            assert!(
                found.pid > *saw,
                "{id} was told of a gateway older than itself"
            );
        }
        let told = past.settled.insert(id.clone(), ended.outcome.clone());
        assert!(
            told.is_none_or(|told| told == ended.outcome),
            "{id} was told two things"
        );
    }
}

/// What holds whenever the driver has nothing to do.
pub(crate) fn at_leisure(world: &World) {
    let now = world.now();
    let stage = world.memory.stage();
    if let Some(open) = stage.open() {
        let forced = open.all().any(|accepted| accepted.request.force);
        assert_eq!(open.lead.request.force, forced, "a forced one leads");
        assert!(world.timer.is_some(), "nothing ends {stage}");
        if forced {
            let waits = matches!(stage, Stage::Deferring { .. });
            assert!(!waits, "a forced one waits for work");
        }
    }
    match stage {
        Stage::Waiting { open } => {
            assert!(open.left(&now) > Millis::ZERO || world.until_timer() == Some(0));
            assert!(world.until_timer().unwrap() <= open.left(&now).get());
        }
        Stage::Deferring { open, until, .. } => {
            assert_eq!(world.watched, Some(open.generation), "nobody sees work end");
            assert!(until.left(&now) <= POLICY.deferral);
            assert!(world.until_timer().unwrap() <= until.left(&now).get());
        }
        _ => {}
    }
}

/// A request that may take the longest of all.
fn least_eager() -> Request {
    Request {
        delay: POLICY.longest_delay,
        patience: Some(POLICY.longest_delay),
        ..Request::new("r".parse().unwrap(), Kind::Restart, "", "")
    }
}

/// Left alone, everything ends: no request is lost and no deferral hangs, though work never ends,
/// and whether or not the gateway ever obeys.
pub(crate) fn everything_ends(world: &World, obeys: Obeys) {
    let mut world = world.clone();
    world.set_work(Work::Pending { count: 1 });
    let mut patience = POLICY.patience(&least_eager()).get();
    for _ in 0..200 {
        if !world.effects.is_empty() {
            world.perform(1, obeys);
        } else if !world.answers.is_empty() {
            world.deliver(0, false);
        } else if world.memory.stage() == &Stage::Idle {
            break;
        } else {
            let span = world.until_timer().expect("something ends it");
            patience = patience
                .checked_sub(span)
                .expect("it ends in the time that the policy allows");
            world.pass(span);
        }
    }
    assert!(world.memory.is_at_rest(), "{} is never over", world.memory);
    assert_eq!(world.memory, world.durable);
    for id in &world.past.promised {
        let told = world.past.settled.contains_key(id);
        assert!(told, "{id} was promised a restart and never heard again");
    }
}

/// The scheduler's state survives its own representation.
pub(crate) fn reads_back(state: &State) {
    let text = serde_json::to_string(state).unwrap();
    let back: State = serde_json::from_str(&text).unwrap();
    assert_eq!(&back, state, "{text}");
}
