//! Where a transaction stands.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::journal::Outcome;

/// How often a step of the way back is tried.
pub const TRIES: u32 = 3;

/// Which way the versions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// To a version that is staged and rehearsed first, on the state as it is.
    Upgrade,
    /// To a generation that was kept, with the state that belongs to it.
    Rollback,
    /// To a version that is staged and rehearsed, and no further: what is live is not touched.
    Rehearsal,
}

/// What is being done. Each is one effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Gate 1: whether it may be done at all. Changes nothing.
    Check,
    /// The new version is installed beside the live one.
    Stage,
    /// It is carried out on a copy.
    Rehearse,
    /// Work is drained and the gateway stopped.
    Quiesce,
    /// The rollback point is taken.
    Preserve,
    /// The packages are exchanged.
    Swap,
    /// The state that belongs to the other package is put in place.
    Adopt,
    /// The gateway is started; the new version migrates.
    Start,
    /// Gate 3: whether it works and nothing was lost, over a time.
    Prove,
    /// It is recorded as good; what was rehearsed only is kept for an upgrade, or removed.
    Commit,
    /// What was staged is removed.
    Discard,
    /// The gateway is started again; nothing was exchanged.
    Revive,
    /// On the way back, the gateway is stopped.
    Halt,
    /// What is there now is taken as a snapshot.
    Keep,
    /// The packages are exchanged back.
    Unswap,
    /// The state is restored to the rollback point.
    Restore,
    /// The gateway is started as it was.
    Relaunch,
    /// Whether everything is as it was.
    Verify,
    /// Nothing more is done.
    Ended(End),
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The other version runs, and everything with it; of a rehearsal, that it would.
    Done,
    /// Gate 1 refused it.
    Blocked,
    /// It failed, or was cut short, before the live install was touched.
    Untouched,
    /// It failed, and what was there before is back.
    RolledBack,
    /// The way back failed.
    Inconsistent,
}

/// Why the way turned back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What was being done.
    pub during: Phase,
    /// What went wrong, in words.
    pub why: String,
}

/// Where a transaction stands. Made durable before each effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Which way it goes.
    pub kind: Kind,
    /// What is being done.
    pub phase: Phase,
    /// How often that has failed.
    pub failed: u32,
    /// Why it goes back, once it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What went wrong on the way back, at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Failure>,
}

impl State {
    /// At the beginning.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            phase: Phase::Check,
            failed: 0,
            failure: None,
            stuck: None,
        }
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<End> {
        match self.phase {
            Phase::Ended(end) => Some(end),
            _ => None,
        }
    }
}

impl Phase {
    /// Every phase in which something is done, in the order of the way forth and then of the way
    /// back.
    pub const ALL: [Self; 18] = [
        Self::Check,
        Self::Stage,
        Self::Rehearse,
        Self::Quiesce,
        Self::Preserve,
        Self::Swap,
        Self::Adopt,
        Self::Start,
        Self::Prove,
        Self::Commit,
        Self::Discard,
        Self::Revive,
        Self::Halt,
        Self::Keep,
        Self::Unswap,
        Self::Restore,
        Self::Relaunch,
        Self::Verify,
    ];

    /// Its name, as the journal has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Stage => "stage",
            Self::Rehearse => "rehearse",
            Self::Quiesce => "quiesce",
            Self::Preserve => "preserve",
            Self::Swap => "swap",
            Self::Adopt => "adopt",
            Self::Start => "start",
            Self::Prove => "prove",
            Self::Commit => "commit",
            Self::Discard => "discard",
            Self::Revive => "revive",
            Self::Halt => "halt",
            Self::Keep => "keep",
            Self::Unswap => "unswap",
            Self::Restore => "restore",
            Self::Relaunch => "relaunch",
            Self::Verify => "verify",
            Self::Ended(_) => "ended",
        }
    }

    /// Whether it belongs to the way back of something that was exchanged.
    pub fn is_way_back(self) -> bool {
        matches!(
            self,
            Self::Halt | Self::Keep | Self::Unswap | Self::Restore | Self::Relaunch | Self::Verify
        )
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl End {
    /// The same in the journal's words.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Done => Outcome::Done,
            Self::Blocked | Self::Untouched => Outcome::Failed,
            Self::RolledBack => Outcome::RolledBack,
            Self::Inconsistent => Outcome::Inconsistent,
        }
    }
}
