//! What a person reads of it.

use std::fmt;

use super::{Ended, Open, Outcome, Prepared, Stage, State};
use crate::text;

/// How much of a reason is shown, in characters.
const MAX_WORDS: usize = 300;

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.stage, self.ended.last()) {
            (Stage::Idle, Some(ended)) => write!(f, "no restart is under way; {ended}"),
            (stage, _) => stage.fmt(f),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("no restart is under way"),
            Self::Waiting { open } => write!(f, "{open} is scheduled"),
            Self::Deferring { open, work, .. } => match work {
                Some(work) => write!(f, "{open} is deferred: {work}"),
                None => write!(f, "{open} is due; asking whether work is pending"),
            },
            Self::Preparing { open, .. } => write!(f, "{open}: its hooks are running"),
            Self::Restarting { open, attempt, .. } => {
                write!(f, "{open}: the gateway is being replaced (try {attempt})")
            }
        }
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, asked for by {}", self.generation, self.lead.request)?;
        match self.joined.len() {
            0 => Ok(()),
            others => write!(f, " and {others} more"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Restarted { found } => {
                write!(f, "{} is done: {found} runs now", self.generation)?;
            }
            Outcome::Abandoned { why } => {
                let why = text::one_line(why, MAX_WORDS);
                write!(f, "{} was given up: {why}", self.generation)?;
            }
        }
        match &self.prepared {
            Prepared::NoHooks | Prepared::Ran => Ok(()),
            Prepared::Failed { why } => {
                write!(f, "; its hooks failed: {}", text::one_line(why, MAX_WORDS))
            }
            Prepared::TooSlow => f.write_str("; its hooks were not done in time"),
        }
    }
}
