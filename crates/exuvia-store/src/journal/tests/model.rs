//! Whatever is done in whatever order, the journal tells what a list in memory would.

use exuvia_model::journal::{Outcome, RunId};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::journal::{Filter, Run};

#[derive(Debug, Clone)]
enum Act {
    Begin,
    Record(usize),
    Finish(usize, Outcome),
    Kill(usize),
    Resume(usize),
    Close(usize),
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    let outcome = prop::sample::select(Outcome::ALL.to_vec());
    prop_oneof![
        3 => Just(Act::Begin),
        3 => any::<usize>().prop_map(Act::Record),
        2 => (any::<usize>(), outcome).prop_map(|(at, outcome)| Act::Finish(at, outcome)),
        2 => any::<usize>().prop_map(Act::Kill),
        1 => any::<usize>().prop_map(Act::Resume),
        1 => any::<usize>().prop_map(Act::Close),
        1 => Just(Act::Reopen),
    ]
}

/// What should be known of a run.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    id: RunId,
    events: usize,
    outcome: Option<Outcome>,
    dead: bool,
}

struct World {
    lab: Lab,
    journal: Journal,
    known: Vec<Known>,
    /// What this process carries.
    runs: Vec<Option<Run>>,
}

impl World {
    fn act(&mut self, act: &Act) {
        let some = |at: usize| (!self.known.is_empty()).then(|| at % self.known.len());
        match act {
            Act::Begin => self.begin(),
            Act::Reopen => self.journal = self.lab.open().unwrap(),
            Act::Record(at) => {
                if let Some(at) = some(*at).filter(|at| self.runs[*at].is_some()) {
                    self.runs[at]
                        .as_ref()
                        .unwrap()
                        .record("step", json!(at))
                        .unwrap();
                    self.known[at].events += 1;
                }
            }
            Act::Finish(at, outcome) => {
                if let Some(at) = some(*at).filter(|at| self.runs[*at].is_some()) {
                    let run = self.runs[at].take().unwrap();
                    run.finish(*outcome, json!({ "error": "e" })).unwrap();
                    self.ended(at, 1, *outcome);
                }
            }
            Act::Kill(at) => {
                if let Some(at) = some(*at).filter(|at| self.runs[*at].is_some()) {
                    self.runs[at] = None;
                    kill(&self.lab.sql(), self.known[at].id.as_str());
                    self.known[at].dead = true;
                    self.known[at].events += 1;
                }
            }
            Act::Resume(at) => {
                if let Some(at) = some(*at) {
                    self.resume(at);
                }
            }
            Act::Close(at) => {
                if let Some(at) = some(*at).filter(|at| self.runs[*at].is_none()) {
                    let id = &self.known[at].id;
                    let closed = self.journal.close(id, Outcome::Interrupted, json!({}));
                    assert_eq!(closed.is_ok(), self.known[at].outcome.is_none());
                    if closed.is_ok() {
                        self.ended(at, 2, Outcome::Interrupted);
                    }
                }
            }
        }
    }

    fn begin(&mut self) {
        let run = self.journal.begin(new_run("x")).unwrap();
        self.known.push(Known {
            id: run.id().clone(),
            events: 1,
            outcome: None,
            dead: false,
        });
        self.runs.push(Some(run));
    }

    fn resume(&mut self, at: usize) {
        let resumed = self.journal.resume(&self.known[at].id);
        assert_eq!(resumed.is_ok(), self.known[at].outcome.is_none());
        if let Ok(run) = resumed {
            self.runs[at] = Some(run);
            self.known[at].dead = false;
            self.known[at].events += 1;
        }
    }

    fn ended(&mut self, at: usize, events: usize, outcome: Outcome) {
        let known = &mut self.known[at];
        known.events += events;
        known.outcome = Some(outcome);
        known.dead = false;
    }

    fn told(&self) -> Vec<Known> {
        let unfinished = self.journal.unfinished().unwrap();
        let mut runs = self.journal.runs(&Filter::default()).unwrap();
        runs.reverse();
        runs.into_iter()
            .map(|run| Known {
                events: self.journal.events(&run.id).unwrap().len(),
                dead: unfinished.contains(&run),
                outcome: run.outcome,
                id: run.id,
            })
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_order_of_acts_gives_the_states_that_a_list_gives(acts in prop::collection::vec(act(), 1..30)) {
        let lab = Lab::new();
        let mut world = World {
            journal: lab.open().unwrap(),
            lab,
            known: Vec::new(),
            runs: Vec::new(),
        };
        for act in &acts {
            world.act(act);
            prop_assert_eq!(&world.told(), &world.known, "after {:?}", act);
        }
    }
}
