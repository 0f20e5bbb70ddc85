//! What a run is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a run: `run_` and sixteen hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// The text is not the name of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the id of a run (expected run_ and sixteen hexadecimal digits)")]
pub struct NotARunId(String);

impl RunId {
    /// What every one begins with.
    pub const PREFIX: &str = "run_";

    /// One made of sixty-four bits that nobody else has.
    pub fn from_bits(bits: u64) -> Self {
        Self(format!("{}{bits:016x}", Self::PREFIX))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, NotARunId> {
        let good = text.strip_prefix(Self::PREFIX).is_some_and(|digits| {
            digits.len() == 16
                && digits
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotARunId(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for RunId {
    type Error = NotARunId;

    fn try_from(text: String) -> Result<Self, NotARunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_nothing_else_is_taken_for_one() {
        let id = RunId::from_bits(0xab);
        assert_eq!(id.as_str(), "run_00000000000000ab");
        assert_eq!(id.as_str().parse(), Ok(id));
        for other in ["", "run_", "run_../../etc/passwd", "run_00000000000000AB"] {
            assert!(other.parse::<RunId>().is_err(), "{other}");
        }
    }
}
