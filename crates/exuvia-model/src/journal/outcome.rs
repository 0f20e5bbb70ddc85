//! How a run ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should.
    Done,
    /// It could not be done, and nothing is left of it.
    Failed,
    /// Its process died, and somebody else tidied up.
    Interrupted,
    /// It failed, and what it had changed was put back.
    RolledBack,
    /// It is half done, and somebody must look.
    Inconsistent,
}

/// The text says of no way to end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an outcome")]
pub struct NotAnOutcome(String);

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Failed,
        Self::Interrupted,
        Self::RolledBack,
        Self::Inconsistent,
    ];

    /// Its name, as the journal has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::RolledBack => "rolled-back",
            Self::Inconsistent => "inconsistent",
        }
    }
}

impl FromStr for Outcome {
    type Err = NotAnOutcome;

    fn from_str(name: &str) -> Result<Self, NotAnOutcome> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.name() == name)
            .ok_or_else(|| NotAnOutcome(name.chars().take(80).collect()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_the_one_in_json_and_is_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.name().parse(), Ok(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("{:?}", outcome.name()));
        }
        assert!("splendid".parse::<Outcome>().is_err());
    }
}
