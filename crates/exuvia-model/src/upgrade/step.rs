//! The transitions.

use super::{End, Failure, Kind, Phase, State, TRIES};

/// What was cut short, in words.
const INTERRUPTED: &str = "the process that carried it out had ended";

/// What can happen to a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// What was being done is done.
    Done,
    /// It is not, and why.
    Failed(String),
    /// A new driver takes over: how far the one before came with what it was doing is not known. It
    /// takes up what was given up, too.
    Resumed,
    /// The user wants it no more.
    Cancelled,
}

/// What is to be done about it, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Make the state durable.
    Persist,
    /// Do what the state's phase says.
    Perform,
    /// Nothing is left to do.
    End(End),
}

/// What happened cannot happen here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransition {
    /// It had ended.
    #[error("the transaction had ended ({0:?})")]
    Ended(End),
    /// It is too late to call it off.
    #[error("{0} cannot be called off: the gateway is stopped; it goes on, and back if it fails")]
    TooLate(Phase),
}

/// What follows.
pub fn step(state: &State, event: Event) -> Result<(State, Vec<Effect>), IllegalTransition> {
    if let Phase::Ended(end) = state.phase {
        return match (&state.stuck, event) {
            (Some(stuck), Event::Resumed) => step(&taken_up(state, stuck), Event::Resumed),
            _ => Err(IllegalTransition::Ended(end)),
        };
    }
    let next = match event {
        Event::Done => to(state, after(state)),
        Event::Failed(why) => failed(state, why),
        Event::Resumed => resumed(state),
        Event::Cancelled => cancelled(state)?,
    };
    let effects = match next.phase {
        Phase::Ended(end) => vec![Effect::Persist, Effect::End(end)],
        _ => vec![Effect::Persist, Effect::Perform],
    };
    Ok((next, effects))
}

/// What comes after a phase that was done.
fn after(state: &State) -> Phase {
    let upgrades = state.kind == Kind::Upgrade;
    let rehearses = state.kind == Kind::Rehearsal;
    match state.phase {
        Phase::Check if upgrades || rehearses => Phase::Stage,
        Phase::Stage => Phase::Rehearse,
        Phase::Rehearse if rehearses => Phase::Commit,
        Phase::Check | Phase::Rehearse => Phase::Quiesce,
        Phase::Quiesce => Phase::Preserve,
        Phase::Preserve => Phase::Swap,
        Phase::Swap if upgrades => Phase::Start,
        Phase::Swap => Phase::Adopt,
        Phase::Adopt => Phase::Start,
        Phase::Start => Phase::Prove,
        Phase::Prove => Phase::Commit,
        Phase::Commit => Phase::Ended(End::Done),
        Phase::Halt => Phase::Keep,
        Phase::Keep => Phase::Unswap,
        Phase::Unswap => Phase::Restore,
        Phase::Restore => Phase::Relaunch,
        Phase::Relaunch => Phase::Verify,
        Phase::Revive | Phase::Verify => put_back(state),
        Phase::Discard => back_at(state),
        Phase::Ended(end) => Phase::Ended(end),
    }
}

/// What was staged is removed; the package of a generation is kept, it was there before.
fn put_back(state: &State) -> Phase {
    match state.kind {
        Kind::Upgrade | Kind::Rehearsal => Phase::Discard,
        Kind::Rollback => back_at(state),
    }
}

/// How what turned back has ended.
fn back_at(state: &State) -> Phase {
    let during = state.failure.as_ref().map(|failure| failure.during);
    let end = match during {
        _ if state.kind == Kind::Rehearsal => End::Untouched,
        Some(Phase::Swap | Phase::Adopt | Phase::Start | Phase::Prove | Phase::Commit) => {
            End::RolledBack
        }
        _ => End::Untouched,
    };
    Phase::Ended(end)
}

fn failed(state: &State, why: String) -> State {
    let during = state.phase;
    let failure = Failure { during, why };
    let turn = |phase| State {
        failure: Some(failure.clone()),
        ..to(state, phase)
    };
    match during {
        Phase::Check => turn(Phase::Ended(End::Blocked)),
        Phase::Stage | Phase::Rehearse => turn(Phase::Discard),
        Phase::Commit if state.kind == Kind::Rehearsal => turn(Phase::Discard),
        Phase::Quiesce | Phase::Preserve => turn(Phase::Revive),
        Phase::Swap | Phase::Adopt | Phase::Start | Phase::Prove | Phase::Commit => {
            turn(Phase::Halt)
        }
        // What could not be removed harms nobody, and the next command tries again.
        Phase::Discard => to(state, back_at(state)),
        _ if state.failed + 1 < TRIES => State {
            failed: state.failed + 1,
            ..state.clone()
        },
        _ => State {
            stuck: Some(failure),
            ..to(state, Phase::Ended(End::Inconsistent))
        },
    }
}

/// Forward from where the new version was being started already; back from anywhere else, and never
/// on to an exchange or a restore before the gateway was stopped again.
fn resumed(state: &State) -> State {
    let interrupted = || failed(state, INTERRUPTED.to_owned());
    match state.phase {
        Phase::Check => State {
            failure: interrupted().failure,
            ..to(state, Phase::Ended(End::Untouched))
        },
        Phase::Stage
        | Phase::Rehearse
        | Phase::Quiesce
        | Phase::Preserve
        | Phase::Swap
        | Phase::Adopt => interrupted(),
        Phase::Prove => to(state, Phase::Start),
        Phase::Keep | Phase::Unswap | Phase::Restore => to(state, Phase::Halt),
        Phase::Verify => to(state, Phase::Relaunch),
        Phase::Start
        | Phase::Commit
        | Phase::Discard
        | Phase::Revive
        | Phase::Halt
        | Phase::Relaunch
        | Phase::Ended(_) => state.clone(),
    }
}

/// A way back that was given up, before the step that failed: what was in its way may be gone.
fn taken_up(state: &State, stuck: &Failure) -> State {
    State {
        stuck: None,
        ..to(state, stuck.during)
    }
}

fn cancelled(state: &State) -> Result<State, IllegalTransition> {
    let why = "it was called off".to_owned();
    match state.phase {
        Phase::Check => Ok(State {
            failure: Some(Failure {
                during: Phase::Check,
                why,
            }),
            ..to(state, Phase::Ended(End::Untouched))
        }),
        Phase::Stage | Phase::Rehearse | Phase::Quiesce => Ok(failed(state, why)),
        Phase::Commit if state.kind == Kind::Rehearsal => Ok(failed(state, why)),
        late => Err(IllegalTransition::TooLate(late)),
    }
}

fn to(state: &State, phase: Phase) -> State {
    State {
        phase,
        failed: 0,
        ..state.clone()
    }
}
