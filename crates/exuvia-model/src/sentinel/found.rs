//! What somebody saw when they looked.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::MAX_WORDS;
use crate::restart::ProcessIdentity;
use crate::{Version, text};

/// What was seen of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Running {
    /// It runs.
    Process {
        /// Which process it is.
        process: ProcessIdentity,
        /// The version that the process itself says it is; `None` when it did not answer. Never
        /// the version of the files: those may be newer than the process.
        version: Option<Version>,
    },
    /// It does not run.
    Nothing,
    /// It could not be told.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// What was seen of the gateway, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub running: Running,
}

impl Found {
    /// Whether this is the restarted gateway that was expected; if not, why not.
    pub(super) fn judge(
        &self,
        before: Option<&ProcessIdentity>,
        expected: &Version,
    ) -> Result<(), String> {
        let (process, version) = match &self.running {
            Running::Process { process, version } => (process, version),
            Running::Nothing => return Err("no gateway runs".to_owned()),
            Running::Unknown { why } => {
                return Err(format!("whether a gateway runs could not be told: {why}"));
            }
        };
        match before.map_or(Some(true), |before| process.is_other_than(before)) {
            Some(true) => {}
            Some(false) => return Err(format!("the old gateway, {process}, still runs")),
            None => {
                return Err(format!(
                    "{process} cannot be told from the gateway before, so it does not count as new"
                ));
            }
        }
        match version {
            Some(version) if version == expected => Ok(()),
            Some(version) => Err(format!(
                "{process} runs {version}, and {expected} was expected"
            )),
            None => Err(format!(
                "{process} runs and does not say which version it is"
            )),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.running {
            Running::Process {
                process,
                version: Some(version),
            } => write!(f, "{process} ran {version} at {}", self.at),
            Running::Process {
                process,
                version: None,
            } => write!(
                f,
                "{process} ran at {} and did not say its version",
                self.at
            ),
            Running::Nothing => write!(f, "no gateway ran at {}", self.at),
            Running::Unknown { why } => {
                let why = text::one_line(why, MAX_WORDS);
                write!(f, "could not be made at {}: {why}", self.at)
            }
        }
    }
}
