//! Keeping one gateway alive: what a supervisor does when it ends, hangs, or somebody asks.
//!
//! ```text
//!             Start                       Exited, unasked
//!  Stopped ──────────▶ Running ─────────────────────────────▶ Waiting
//!     ▲                 │   ▲  ◀──────────────────────────────── │
//!     │            Stop │   │ Exited, then Start        Wake     │
//!     │         Restart │   │                                    │
//!     │            Quit ▼   │                               Stop │
//!     └───────────── Stopping                                    │
//!     ▲   Exited, then Stay │ Exited, then Quit                  │
//!     │                     ▼                                    │
//!     └───────────────── Ended ◀── Exited with 78                │
//!     ▲──────────────────────────────────────────────────────────┘
//! ```
//!
//! Every event is taken in every state but those that cannot be: a process that is not there does
//! not end.

mod backoff;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use backoff::{LONGEST_WAIT, STEADY_AFTER, wait_after};

/// The exit code by which OpenClaw says that starting again cannot help: `EX_CONFIG` of
/// sysexits(3); its systemd unit has `RestartPreventExitStatus=78`.
pub const EXIT_CONFIG: i32 = 78;

/// A point in time: how long after the supervisor's own start. Never goes back.
pub type Moment = Duration;

/// How a gateway ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// By itself, with this code.
    Exit(i32),
    /// By a signal of this number.
    Signal(i32),
    /// It was started by another process than this one, so how it ended cannot be known.
    Unknown,
}

/// What follows once the gateway has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Then {
    /// Another one.
    Start,
    /// Nothing, until somebody asks.
    Stay,
    /// The supervisor ends.
    Quit,
}

/// Where things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum State {
    /// No gateway, and none is wanted.
    Stopped,
    /// One runs, as far as anybody knows.
    #[serde(rename_all = "camelCase")]
    Running {
        /// Since when.
        since: Moment,
        /// How many before it ended too soon, one after the other.
        failures: u32,
    },
    /// It was asked to stop.
    #[serde(rename_all = "camelCase")]
    Stopping {
        /// When it will be killed; `None` once it was.
        kill_at: Option<Moment>,
        /// What follows.
        then: Then,
    },
    /// It ended without being asked; another one comes.
    #[serde(rename_all = "camelCase")]
    Waiting {
        /// When.
        until: Moment,
        /// How many ended too soon, one after the other.
        failures: u32,
    },
    /// The supervisor is done.
    #[serde(rename_all = "camelCase")]
    Ended {
        /// With this exit code.
        code: i32,
    },
}

impl State {
    /// When [`Event::Wake`] is due, if nothing happens before.
    pub fn wakes_at(self) -> Option<Moment> {
        match self {
            Self::Stopping { kill_at, .. } => kill_at,
            Self::Waiting { until, .. } => Some(until),
            Self::Stopped | Self::Running { .. } | Self::Ended { .. } => None,
        }
    }
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants a gateway.
    Start,
    /// Somebody wants none.
    Stop,
    /// Somebody wants another one.
    Restart,
    /// The supervisor is told to end, and its gateway with it.
    Quit,
    /// The gateway ended.
    Exited {
        /// How.
        ending: Ending,
        /// Whether it left a restart handoff: it ended because it wants to be started again.
        handoff: bool,
    },
    /// The gateway could not be started.
    NotStarted,
    /// The moment of [`State::wakes_at`] has come.
    Wake,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Start a gateway.
    Spawn,
    /// Ask it to stop.
    Terminate,
    /// End it.
    Kill,
    /// End, with this exit code.
    Quit(i32),
}

/// An event that cannot be in that state: whoever feeds the machine has lost count of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen in {state:?}")]
pub struct IllegalTransition {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

/// What a supervisor may be told about its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long a gateway that was asked to stop has before it is killed.
    pub grace: Duration,
}

impl Default for Terms {
    /// OpenClaw stops within 0.3 to 2 s when idle, and drains work for as long as its supervisor
    /// lets it: 315 s under systemd. Whoever wants it to drain defers the restart instead.
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
        }
    }
}

/// What an event makes of a state, and what is to be done about it.
///
/// # Errors
/// [`IllegalTransition`] when the event cannot be in this state.
pub fn step(
    state: State,
    event: Event,
    now: Moment,
    terms: Terms,
) -> Result<(State, Vec<Effect>), IllegalTransition> {
    let next = match event {
        Event::Start => start(state, now),
        Event::Stop => stop(state, now, terms, Then::Stay),
        Event::Restart => match state {
            State::Stopped | State::Waiting { .. } => spawn(now, 0),
            State::Running { .. } | State::Stopping { .. } => stop(state, now, terms, Then::Start),
            State::Ended { .. } => unchanged(state),
        },
        Event::Quit => stop(state, now, terms, Then::Quit),
        Event::Exited { ending, handoff } => return exited(state, event, now, ending, handoff),
        Event::NotStarted => match state {
            State::Running { failures, .. } => wait(now, failures + 1),
            // Told to stop between being started and having failed to.
            State::Stopping { then, .. } => stopped(then, now),
            _ => return Err(IllegalTransition { state, event }),
        },
        Event::Wake => wake(state, now),
    };
    Ok(next)
}

fn unchanged(state: State) -> (State, Vec<Effect>) {
    (state, Vec::new())
}

fn spawn(now: Moment, failures: u32) -> (State, Vec<Effect>) {
    let since = now;
    (State::Running { since, failures }, vec![Effect::Spawn])
}

fn wait(now: Moment, failures: u32) -> (State, Vec<Effect>) {
    let until = now + wait_after(failures);
    unchanged(State::Waiting { until, failures })
}

fn start(state: State, now: Moment) -> (State, Vec<Effect>) {
    match state {
        State::Stopped | State::Waiting { .. } => spawn(now, 0),
        State::Stopping {
            kill_at,
            then: Then::Stay,
        } => unchanged(State::Stopping {
            kill_at,
            then: Then::Start,
        }),
        // A supervisor that was told to end does.
        State::Running { .. } | State::Stopping { .. } | State::Ended { .. } => unchanged(state),
    }
}

/// Stops what runs; the last word on what follows counts, but for the supervisor's own end.
fn stop(state: State, now: Moment, terms: Terms, then: Then) -> (State, Vec<Effect>) {
    match state {
        State::Running { .. } => {
            let kill_at = Some(now + terms.grace);
            (State::Stopping { kill_at, then }, vec![Effect::Terminate])
        }
        State::Stopping {
            then: Then::Quit, ..
        }
        | State::Ended { .. } => unchanged(state),
        State::Stopping { kill_at, .. } => unchanged(State::Stopping { kill_at, then }),
        State::Stopped | State::Waiting { .. } => stopped(then, now),
    }
}

fn stopped(then: Then, now: Moment) -> (State, Vec<Effect>) {
    match then {
        Then::Start => spawn(now, 0),
        Then::Stay => unchanged(State::Stopped),
        Then::Quit => (State::Ended { code: 0 }, vec![Effect::Quit(0)]),
    }
}

fn exited(
    state: State,
    event: Event,
    now: Moment,
    ending: Ending,
    handoff: bool,
) -> Result<(State, Vec<Effect>), IllegalTransition> {
    match state {
        State::Running { .. } if ending == Ending::Exit(EXIT_CONFIG) => {
            let code = EXIT_CONFIG;
            Ok((State::Ended { code }, vec![Effect::Quit(code)]))
        }
        State::Running { .. } if handoff => Ok(spawn(now, 0)),
        State::Running { since, failures } => {
            let was_steady = now.saturating_sub(since) >= STEADY_AFTER;
            Ok(wait(now, if was_steady { 1 } else { failures + 1 }))
        }
        State::Stopping { then, .. } => Ok(stopped(then, now)),
        State::Stopped | State::Waiting { .. } | State::Ended { .. } => {
            Err(IllegalTransition { state, event })
        }
    }
}

fn wake(state: State, now: Moment) -> (State, Vec<Effect>) {
    match state {
        State::Stopping {
            kill_at: Some(at),
            then,
        } if now >= at => {
            let kill_at = None;
            (State::Stopping { kill_at, then }, vec![Effect::Kill])
        }
        State::Waiting { until, failures } if now >= until => spawn(now, failures),
        // A moment that no longer matters.
        _ => unchanged(state),
    }
}

#[cfg(test)]
mod tests;
