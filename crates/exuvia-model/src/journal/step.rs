//! What the steps of a run are called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The first event of every run.
pub const BEGIN: &str = "begin";
/// Another process carries the run on.
pub const RESUME: &str = "resume";
/// The last event of a run.
pub const FINISH: &str = "finish";

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// The name of a step: lower-case words with hyphens or dots between them, at most 64 bytes, and
/// none of [`BEGIN`], [`RESUME`] and [`FINISH`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Step(String);

/// The text cannot be the name of a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the name of a step (lower-case words with hyphens between them, not begin, \
     resume or finish)"
)]
pub struct NotAStep(String);

impl Step {
    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Step {
    type Err = NotAStep;

    fn from_str(name: &str) -> Result<Self, NotAStep> {
        if is_name(name) && ![BEGIN, RESUME, FINISH].contains(&name) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NotAStep(name.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for Step {
    type Error = NotAStep;

    fn try_from(name: String) -> Result<Self, NotAStep> {
        name.parse()
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.0
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this is fit to be a name: it begins with a letter, and words are set apart by one
/// hyphen or dot.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split(['-', '.']).all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_marks_a_run_cannot_be_a_step_of_it() {
        for good in ["swap", "gate-1", "gate-1.integrity"] {
            assert_eq!(good.parse::<Step>().unwrap().as_str(), good);
        }
        for bad in [
            "", "begin", "resume", "finish", "1st", "a--b", "a-", "A", "a b", "宁",
        ] {
            assert!(bad.parse::<Step>().is_err(), "{bad}");
        }
        assert!("x".repeat(65).parse::<Step>().is_err());
    }
}
