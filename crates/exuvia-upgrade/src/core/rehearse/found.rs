//! What a rehearsal found.

use std::time::Duration;

use exuvia_model::journal::RunId;
use serde::{Deserialize, Serialize};

use crate::core::recipe::Recipe;

/// What a rehearsal found. One that failed has none: its run says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsed {
    /// How far it was cut off, in words.
    pub isolation: String,
    /// What was not cut off, where isolation was partial; nothing where it was full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_isolated: Vec<String>,
    /// From the start until everything was answered.
    pub took: Duration,
    /// How the new version was brought to run, and will be.
    #[serde(default)]
    pub recipe: Recipe,
    /// From the start of the new version until it said that it is ready: it migrates first.
    #[serde(default)]
    pub ready: Duration,
    /// What is otherwise than in the live install, and no loss.
    #[serde(default)]
    pub changes: Vec<String>,
    /// What the new version logged at the level of errors, the first of it. What speaks of channels
    /// may come of their being out of reach.
    #[serde(default)]
    pub errors: Vec<String>,
    /// How many such lines there were.
    #[serde(default)]
    pub error_count: usize,
    /// A turn of an agent.
    #[serde(default)]
    pub turn: Proof,
    /// The version that is live, on the state as it was: what going back leads to.
    #[serde(default)]
    pub way_back: Proof,
    /// The run in which it was rehearsed ahead of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<RunId>,
}

/// What became of a part that can be left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Proof {
    /// It works.
    Works {
        /// After so long.
        took: Duration,
    },
    /// It was not rehearsed.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl Default for Proof {
    fn default() -> Self {
        Self::unknown("an earlier exuvia did not rehearse it")
    }
}

impl Proof {
    pub(super) fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }
}
