//! The driver of a transaction: the state durable, then the effect, then what follows.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use exuvia_model::upgrade::{Effect, End, Event, Phase, State, step};
use exuvia_store::journal::Run;
use serde_json::json;
use tokio::time::Instant;

use crate::UpgradeError;

/// What is done in each phase. Every one may be performed twice, and finds out by what is there
/// whether it was done before.
pub trait Works {
    /// Does what this phase is for.
    fn perform(&mut self, state: &State) -> impl Future<Output = Result<(), Trouble>>;
}

/// Why an effect was not done, in words: what happened, to what, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    words: String,
    is_of_release: bool,
}

impl Trouble {
    /// With these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            is_of_release: false,
        }
    }

    /// One that the release itself is to blame for: it would come again with the same bytes.
    pub fn of_release(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            is_of_release: true,
        }
    }

    /// Whether the release itself is to blame.
    pub fn is_of_release(&self) -> bool {
        self.is_of_release
    }

    /// With more to say about it.
    #[must_use]
    pub fn and(self, words: &str) -> Self {
        Self {
            words: format!("{}; {words}", self.words),
            ..self
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        let mut words = error.to_string();
        let mut source = error.source();
        while let Some(deeper) = source {
            let deeper_words = deeper.to_string();
            if !words.contains(&deeper_words) {
                words = format!("{words}: {deeper_words}");
            }
            source = deeper.source();
        }
        Self::new(words)
    }
}

/// What somebody who watches is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News<'n> {
    /// A phase begins.
    Begins(Phase),
    /// It is done, after so long.
    Done(Phase, Duration),
    /// It failed, and why.
    Failed(Phase, &'n str),
}

/// Carries a transaction from where it stands to its end.
pub async fn drive(
    run: Run,
    mut state: State,
    works: &mut impl Works,
    tell: &(dyn Fn(News<'_>) + Send + Sync),
) -> Result<State, UpgradeError> {
    loop {
        if let Some(end) = state.end() {
            return finish(run, state, end);
        }
        run.record(state.phase.name(), &state)?;
        let phase = state.phase;
        tell(News::Begins(phase));
        let began = Instant::now();
        let event = match works.perform(&state).await {
            Ok(()) => {
                tell(News::Done(phase, began.elapsed()));
                Event::Done
            }
            Err(trouble) => {
                let why = trouble.to_string();
                tell(News::Failed(phase, &why));
                Event::Failed(why)
            }
        };
        let (next, effects) = step(&state, event)?;
        debug_assert_eq!(effects.first(), Some(&Effect::Persist));
        state = next;
    }
}

/// The last event holds the last state: with it, the end is durable. Of a way back that was given up
/// the run stays open: the next command takes it up, when what was in its way may be gone.
fn finish(run: Run, state: State, end: End) -> Result<State, UpgradeError> {
    if end == End::Inconsistent {
        run.record(state.phase.name(), &state)?;
        return Ok(state);
    }
    let why = state.stuck.as_ref().or(state.failure.as_ref());
    let detail = match why {
        Some(failure) => json!({ "state": state, "error": failure.why }),
        None => json!({ "state": state }),
    };
    run.finish(end.outcome(), detail)?;
    Ok(state)
}
