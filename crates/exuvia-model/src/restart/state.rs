//! Where a restart stands: what the driver keeps, and what any later process can go on from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Accepted, Deadline, Epoch, Millis, Now, Open, Policy, ProcessIdentity, Request, RequestId, Work,
};

/// How many ended generations are remembered, so that a request or an answer that is told again is
/// recognised.
pub(super) const REMEMBERED: usize = 16;

/// Numbers the restarts of one install, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(u64);

impl Generation {
    pub(super) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "restart {}", self.0)
    }
}

/// The version of the shape that is written to disk. Another one is refused, not guessed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(super) struct Format;

impl Format {
    const VERSION: u32 = 1;
}

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == Self::VERSION {
            Ok(Self)
        } else {
            Err(format!(
                "the restart state is of version {version} and this exuvia reads version {}; use \
                 the exuvia that wrote it",
                Self::VERSION
            ))
        }
    }
}

impl From<Format> for u32 {
    fn from(_: Format) -> Self {
        Format::VERSION
    }
}

/// What became of the hooks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Prepared {
    /// There were none.
    NoHooks,
    /// They ran.
    Ran,
    /// They failed, and the restart went on.
    Failed {
        /// Why.
        why: String,
    },
    /// They were not done in time, and the restart went on.
    TooSlow,
}

/// What is under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "stage",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Stage {
    /// Nothing.
    Idle,
    /// A restart is scheduled.
    Waiting {
        /// For whom.
        open: Open,
    },
    /// It is due, and put off while work is pending.
    Deferring {
        /// For whom.
        open: Open,
        /// When it ends though work is pending.
        until: Deadline,
        /// What is pending; `None` before the first answer.
        work: Option<Work>,
    },
    /// The hooks of the one that leads are run.
    Preparing {
        /// For whom.
        open: Open,
        /// When the restart goes on without them.
        until: Deadline,
    },
    /// The gateway is being replaced.
    Restarting {
        /// For whom.
        open: Open,
        /// What became of the hooks.
        prepared: Prepared,
        /// The how-manieth try this is, from 1.
        attempt: u32,
        /// When the next one is made.
        until: Deadline,
        /// Requests that came since. Those that saw the new gateway already need another restart.
        after: Vec<Accepted>,
    },
}

/// How a restart ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "outcome",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Outcome {
    /// Another process runs.
    Restarted {
        /// Which one.
        found: ProcessIdentity,
    },
    /// It was given up.
    Abandoned {
        /// Why.
        why: String,
    },
}

/// A restart that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Which one.
    pub generation: Generation,
    /// Whom it answers; the one that led comes first.
    pub requests: Vec<RequestId>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What became of the hooks.
    pub prepared: Prepared,
    /// Whether everybody was told.
    pub settled: bool,
}

/// The state of the scheduler of one install. It is kept durably by the driver, in the form that
/// serde gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    version: Format,
    /// The limits.
    pub(super) policy: Policy,
    /// The epoch that the deadlines are set in.
    pub(super) epoch: Option<Epoch>,
    /// The last generation that was opened.
    pub(super) generation: Generation,
    /// What is under way.
    #[serde(flatten)]
    pub(super) stage: Stage,
    /// Until when only forced requests restart.
    pub(super) cooldown: Option<Deadline>,
    /// What has ended, newest last. What is not settled stays.
    pub(super) ended: Vec<Ended>,
}

impl State {
    /// A scheduler that nobody asked anything yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            version: Format,
            policy,
            epoch: None,
            generation: Generation::default(),
            stage: Stage::Idle,
            cooldown: None,
            ended: Vec::new(),
        }
    }

    /// What is under way.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// What has ended lately, newest last.
    pub fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// Whether nothing is under way and everybody was told.
    pub fn is_at_rest(&self) -> bool {
        self.stage == Stage::Idle && self.ended.iter().all(|ended| ended.settled)
    }

    /// Makes every deadline one of this epoch.
    pub(super) fn anchor(&mut self, now: &Now) {
        if self.epoch.as_ref() == Some(&now.epoch) {
            return;
        }
        if self.epoch.is_some() {
            self.stage.carry_over(now);
            self.cooldown = self.cooldown.map(|until| until.carried_over(now));
        }
        self.epoch = Some(now.epoch.clone());
    }

    /// How long a request has to wait for, from now.
    pub(super) fn wait_of(&self, request: &Request, now: &Now) -> Millis {
        let delay = request.delay.min(self.policy.longest_delay);
        if request.force {
            return delay;
        }
        let cooldown = self.cooldown.map(|until| until.left(now));
        delay.max(cooldown.unwrap_or_default())
    }

    /// Forgets what is settled and long past.
    pub(super) fn forget(&mut self) {
        let mut surplus = self.ended.len().saturating_sub(REMEMBERED);
        self.ended.retain(|ended| {
            let forgotten = surplus > 0 && ended.settled;
            surplus -= usize::from(forgotten);
            !forgotten
        });
    }
}

impl Stage {
    /// The requests that the restart under way answers.
    pub fn open(&self) -> Option<&Open> {
        match self {
            Self::Idle => None,
            Self::Waiting { open }
            | Self::Deferring { open, .. }
            | Self::Preparing { open, .. }
            | Self::Restarting { open, .. } => Some(open),
        }
    }

    fn carry_over(&mut self, now: &Now) {
        match self {
            Self::Idle => {}
            Self::Waiting { open } => open.carry_over(now),
            Self::Deferring { open, until, .. } | Self::Preparing { open, until } => {
                open.carry_over(now);
                *until = until.carried_over(now);
            }
            Self::Restarting {
                open, until, after, ..
            } => {
                open.carry_over(now);
                *until = until.carried_over(now);
                for accepted in after {
                    accepted.due = accepted.due.carried_over(now);
                }
            }
        }
    }
}
