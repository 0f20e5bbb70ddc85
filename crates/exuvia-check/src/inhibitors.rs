//! `inhibitors.json`: for how long nothing is to be upgraded.

use exuvia_model::journal::RunId;
use exuvia_model::policy::Term;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lists::{List, Listed};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inhibitor {
    /// The run that it was made by, which is also what it is called.
    pub run: RunId,
    /// Who made it.
    pub who: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For how long.
    #[serde(flatten)]
    pub term: Term,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Listed for Inhibitor {
    const FILE: &'static str = "inhibitors.json";
    const KEY: &'static str = "inhibitors";

    /// What is over needs no place.
    fn replaces(&self, other: &Self) -> bool {
        !other.term.is_in_force(self.term.from)
    }
}

impl Inhibitor {
    /// One that was made by a run.
    pub fn of_run(run: RunId, who: String, reason: Option<String>, term: Term) -> Self {
        Self {
            run,
            who,
            reason,
            term,
            others: Map::new(),
        }
    }
}

impl List<Inhibitor> {
    /// Those that are in force.
    pub fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Inhibitor> {
        let all = self.all().iter();
        all.filter(move |one| one.term.is_in_force(now))
    }
}
