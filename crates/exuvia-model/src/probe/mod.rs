//! Probes: health questions with three answers, and what follows from all of them together.
//!
//! A pass is something that was seen. What could not be asked, was not answered in time, or was
//! never asked at all is *unknown*, and unknown never counts as pass.

mod builtin;
mod soak;
mod verdict;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use builtin::Builtin;
pub use soak::{Sample, Soak, SoakState, soak};
pub use verdict::{Verdict, against_gate, verdict};

use crate::restart::Millis;
use crate::text;

/// How much of a reason or a remedy is kept, in characters.
const MAX_WORDS: usize = 400;

/// How much of a name is kept, in characters.
const MAX_NAME: usize = 64;

/// Whether an install can do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// A gateway that does not pass does not work.
    Required,
    /// A gateway that does not pass works, and somebody should look.
    Wanted,
}

/// What a probe is called: one of [`Builtin`]'s names, or that of the user's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ProbeName(String);

impl From<&str> for ProbeName {
    /// Cleaned, and cut.
    fn from(name: &str) -> Self {
        Self(text::one_line(name, MAX_NAME))
    }
}

impl From<String> for ProbeName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<ProbeName> for String {
    fn from(name: ProbeName) -> Self {
        name.0
    }
}

impl fmt::Display for ProbeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One health question.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// What it is called.
    pub name: ProbeName,
    /// Whether an install can do without.
    pub need: Need,
    /// How long the answer may take.
    #[serde(rename = "deadlineMs")]
    pub deadline: Millis,
}

/// What a probe said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "answer",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Answer {
    /// It was seen to work.
    Pass,
    /// It was seen not to work.
    Fail {
        /// What was seen.
        why: String,
        /// What to do about it.
        remedy: String,
    },
    /// It could not be told.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl Answer {
    /// A failure. What was seen and what to do are cleaned and cut.
    pub fn fail(why: &str, remedy: &str) -> Self {
        Self::Fail {
            why: text::one_line(why, MAX_WORDS),
            remedy: text::one_line(remedy, MAX_WORDS),
        }
    }

    /// No answer. The reason is cleaned and cut.
    pub fn unknown(why: &str) -> Self {
        Self::Unknown {
            why: text::one_line(why, MAX_WORDS),
        }
    }
}

/// A probe and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probed {
    /// Which probe.
    #[serde(flatten)]
    pub probe: Probe,
    /// What it said.
    #[serde(flatten)]
    pub answer: Answer,
    /// How long that took.
    #[serde(rename = "tookMs")]
    pub took: Millis,
}

impl Probed {
    /// A pass that came after the deadline is unknown: a gateway that answers too late is not known
    /// to work. A failure is a failure, however late.
    pub fn new(probe: Probe, answer: Answer, took: Millis) -> Self {
        let answer = match answer {
            Answer::Pass if took > probe.deadline => Answer::unknown(&format!(
                "the answer took {took}, longer than {}",
                probe.deadline
            )),
            answer => answer,
        };
        Self {
            probe,
            answer,
            took,
        }
    }

    /// A probe that nobody asked.
    pub fn not_asked(probe: Probe) -> Self {
        Self::new(probe, Answer::unknown("it was not asked"), Millis::ZERO)
    }
}

impl fmt::Display for Probed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = |words: &str| text::one_line(words, MAX_WORDS);
        match &self.answer {
            Answer::Pass => write!(f, "{}: ok", self.probe.name),
            Answer::Fail { why, remedy } => {
                write!(f, "{}: {}. {}", self.probe.name, clean(why), clean(remedy))
            }
            Answer::Unknown { why } => {
                write!(f, "{}: not known: {}", self.probe.name, clean(why))
            }
        }
    }
}
