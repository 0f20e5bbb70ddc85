//! The transitions: one event, taken by the stage that it meets.

mod answers;
mod asked;
mod forward;
mod resume;
mod time;

use super::{Effect, Event, IllegalTransition, Now, Open, RequestId, State, What};

/// Takes an event. The effects are to be done in their order; [`Effect::Persist`] comes first
/// whenever the state is another than before.
pub fn step(state: &State, event: Event) -> Result<(State, Vec<Effect>), IllegalTransition> {
    let mut turn = Turn {
        state: state.clone(),
        now: event.at,
        effects: Vec::new(),
    };
    turn.state.anchor(&turn.now);
    turn.take(event.what)?;
    if turn.state != *state {
        turn.effects.insert(0, Effect::Persist);
    }
    Ok((turn.state, turn.effects))
}

/// One event being taken.
struct Turn {
    state: State,
    now: Now,
    effects: Vec<Effect>,
}

type Taken = Result<(), IllegalTransition>;

impl Turn {
    fn take(&mut self, what: What) -> Taken {
        match what {
            What::Asked(request) => self.asked(request),
            What::Tick => {
                self.tick();
                Ok(())
            }
            What::Work { generation, work } => self.work(generation, work),
            What::Prepared {
                generation,
                request,
                failed,
            } => self.prepared(generation, &request, failed),
            What::Restarted { generation, found } => self.restarted(generation, found),
            What::NotRestarted {
                generation,
                attempt,
                why,
            } => self.not_restarted(generation, attempt, &why),
            What::Settled { generation } => self.settled(generation),
            What::Resumed => {
                self.resume();
                Ok(())
            }
        }
    }
}

fn ids(open: &Open) -> Vec<RequestId> {
    open.all()
        .map(|accepted| accepted.request.id.clone())
        .collect()
}
