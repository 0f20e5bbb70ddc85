//! Soaking: a gateway works when it goes on working.
//!
//! One that dies 10 s after its start answers every probe before; and a supervisor that brings it
//! back hides that between two looks. So a soak wants several good samples, spread over a time, all
//! of them from the same process.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::restart::{Millis, ProcessIdentity};

/// What a gateway has to hold out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Soak {
    /// How many good samples; 0 counts as 1.
    pub samples: u32,
    /// From the first good one to the last, at least.
    #[serde(rename = "overMs")]
    pub over: Millis,
    /// How long all of it may take, from the first sample of any kind.
    #[serde(rename = "withinMs")]
    pub within: Millis,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When, by a clock that does not jump.
    pub at: Millis,
    /// The process that was looked at; `None` when there was none, or it could not be told.
    pub process: Option<ProcessIdentity>,
    /// What came of it.
    pub verdict: Verdict,
}

/// How far a soak is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum SoakState {
    /// Go on looking.
    Soaking {
        /// Good samples so far.
        good: u32,
        /// From the first good one to the last.
        #[serde(rename = "overMs")]
        over: Millis,
    },
    /// It held out.
    Passed,
    /// It did not.
    Failed {
        /// Why.
        why: String,
    },
    /// It could not be told in time. Not a pass.
    Unknown {
        /// Why.
        why: String,
    },
}

/// How far a soak is, by its samples in the order they were taken. The first failure ends it; a
/// sample that says nothing counts for nothing, and time is not given for it for ever.
pub fn soak(rule: Soak, samples: &[Sample]) -> SoakState {
    let mut good: Vec<&Sample> = Vec::new();
    for sample in samples {
        if let Verdict::Broken { .. } = sample.verdict {
            let why = sample.verdict.to_string();
            return SoakState::Failed { why };
        }
        // A sample without a process passes for nobody: it cannot be told whether it is the same.
        let Some(process) = sample.process.as_ref().filter(|_| sample.verdict.is_good()) else {
            continue;
        };
        let before = good.last().and_then(|sample| sample.process.as_ref());
        match before.map_or(Some(false), |before| process.is_other_than(before)) {
            Some(false) => {}
            Some(true) => {
                let why = format!("the gateway was replaced meanwhile, now it is {process}");
                return SoakState::Failed { why };
            }
            None => continue,
        }
        good.push(sample);
        if is_enough(rule, &good) {
            return SoakState::Passed;
        }
    }
    under_way(rule, samples, &good)
}

fn is_enough(rule: Soak, good: &[&Sample]) -> bool {
    count(good) >= rule.samples.max(1) && spread(good) >= rule.over
}

fn under_way(rule: Soak, samples: &[Sample], good: &[&Sample]) -> SoakState {
    let spent = match (samples.first(), samples.last()) {
        (Some(first), Some(last)) => last.at.minus(first.at),
        _ => Millis::ZERO,
    };
    let (count, over) = (count(good), spread(good));
    if spent <= rule.within {
        return SoakState::Soaking { good: count, over };
    }
    SoakState::Unknown {
        why: format!(
            "{count} good samples over {over} in {spent}, and {} over {} are needed",
            rule.samples.max(1),
            rule.over
        ),
    }
}

fn count(good: &[&Sample]) -> u32 {
    u32::try_from(good.len()).unwrap_or(u32::MAX)
}

fn spread(good: &[&Sample]) -> Millis {
    match (good.first(), good.last()) {
        (Some(first), Some(last)) => last.at.minus(first.at),
        _ => Millis::ZERO,
    }
}

impl fmt::Display for SoakState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Soaking { good, over } => {
                write!(f, "soaking: {good} good samples over {over} so far")
            }
            Self::Passed => f.write_str("it held out"),
            Self::Failed { why } => write!(f, "it did not hold out: {why}"),
            Self::Unknown { why } => write!(f, "not known to hold out: {why}"),
        }
    }
}
