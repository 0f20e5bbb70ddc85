//! Who waits for an answer, and until when.

use exuvia_model::supervision::{Event, State};
use tokio::sync::oneshot;

use super::{Asked, Told};

/// When a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    AtOnce,
    /// A gateway runs that is of a later generation than this.
    StartedAfter(u64),
    /// Some gateway runs.
    Started,
    /// None runs.
    Stopped,
}

impl Goal {
    fn is_reached(self, told: &Told) -> bool {
        let runs = matches!(told.state, State::Running { .. });
        // Nothing more will happen.
        let ended = matches!(told.state, State::Ended { .. });
        ended
            || match self {
                Self::AtOnce => true,
                Self::StartedAfter(generation) => runs && told.generation > generation,
                Self::Started => runs,
                Self::Stopped => told.state == State::Stopped,
            }
    }
}

/// Those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    list: Vec<(Goal, oneshot::Sender<Told>)>,
}

impl Waiting {
    /// What a question makes happen, and when it is answered.
    pub(super) fn understand(asked: Asked, generation: u64) -> (Option<Event>, Goal) {
        match asked {
            Asked::Status | Asked::Replace => (None, Goal::AtOnce),
            Asked::Start => (Some(Event::Start), Goal::Started),
            Asked::Stop => (Some(Event::Stop), Goal::Stopped),
            Asked::Restart => (Some(Event::Restart), Goal::StartedAfter(generation)),
        }
    }

    pub(super) fn push(&mut self, goal: Goal, answer: oneshot::Sender<Told>) {
        self.list.push((goal, answer));
    }

    /// Answers whoever waited for what is now so.
    pub(super) fn tell(&mut self, told: &Told) {
        let all = std::mem::take(&mut self.list);
        for (goal, answer) in all {
            if goal.is_reached(told) {
                // Whoever asked may have gone.
                let _ = answer.send(told.clone());
            } else {
                self.list.push((goal, answer));
            }
        }
    }
}
