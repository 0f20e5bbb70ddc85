//! The sentinel: what came of one request for a restart, for whoever asks later.
//!
//! It is written before anything is done, and completed afterwards by whoever finds it: the driver,
//! or, when that was killed, the next process that looks. It never repeats what somebody meant to
//! do. It says what was *found*: which process runs now, whether that is another than before, and
//! which version it says it is. OpenClaw reported success with the old process alive
//! (openclaw/openclaw 78110) and with the gateway on the old version (73348).
//!
//! ```text
//!  Pending ──▶ Deferred ──▶ Pending          found another process of the expected version
//!     │            │           │        ┌──────────────────────────────────▶ Restarted
//!     └────────────┴───────────┴────────┤
//!                                       └──────────────────────────────────▶ Failed
//!                                            given up, or found wanting when the time was over
//! ```

mod found;
mod note;

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use found::{Found, Running};
pub use note::{Delivery, NotOwed, Note, NoteTooLong, Seen};

use crate::restart::{ProcessIdentity, Request, RequestId, SessionKey};
use crate::{Version, text};

/// How much of a reason is shown, in characters.
const MAX_WORDS: usize = 300;

/// What came of a request for a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Outcome {
    /// Nothing yet.
    Pending,
    /// It is put off while work is pending.
    Deferred {
        /// Until when at most.
        until: Timestamp,
        /// What for, in words.
        why: String,
    },
    /// Another process runs, and says that it is the version that was expected.
    Restarted,
    /// It did not come to that.
    Failed {
        /// Why, in words.
        why: String,
    },
}

impl Outcome {
    /// Whether it stays as it is.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Restarted | Self::Failed { .. })
    }
}

/// What is known of one request for a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sentinel {
    /// Version of this shape: 1.
    pub version: u32,
    /// The run that asked; the id of its [`Request`].
    pub run: RequestId,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub actor: String,
    /// The session that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// What that session is to be told, and whether it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// The version that ran before; `None` when none ran or it could not be told.
    pub version_before: Option<Version>,
    /// The process that ran before; `None` when none did.
    pub process_before: Option<ProcessIdentity>,
    /// The version that must run afterwards.
    pub version_expected: Version,
    /// What was found running, when somebody last looked.
    pub found: Option<Found>,
    /// What came of it.
    pub outcome: Outcome,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When to stop waiting for the expected to be found.
    pub give_up_at: Timestamp,
    /// When the outcome became final.
    pub completed_at: Option<Timestamp>,
}

/// What is known when a restart is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The version that runs.
    pub version: Option<Version>,
    /// The version that must run afterwards.
    pub expected: Version,
    /// When.
    pub asked_at: Timestamp,
    /// When to stop waiting: after delay, deferral and every try have had their time.
    pub give_up_at: Timestamp,
}

impl Sentinel {
    /// The sentinel of a request, before anything is done.
    pub fn new(request: &Request, before: Before, note: Option<Note>) -> Self {
        Self {
            version: 1,
            run: request.id.clone(),
            reason: request.reason.clone(),
            actor: request.actor.clone(),
            session: request.session.clone(),
            note: note.map(|note| note.addressed(request.session.is_some(), before.asked_at)),
            version_before: before.version,
            process_before: request.replaces.clone(),
            version_expected: before.expected,
            found: None,
            outcome: Outcome::Pending,
            asked_at: before.asked_at,
            give_up_at: before.give_up_at,
            completed_at: None,
        }
    }

    /// The restart is put off.
    #[must_use]
    pub fn deferred(self, until: Timestamp, why: &str) -> Self {
        let why = text::one_line(why, MAX_WORDS);
        self.with(Outcome::Deferred { until, why }, None)
    }

    /// The restart was given up.
    #[must_use]
    pub fn failed(self, at: Timestamp, why: &str) -> Self {
        let why = text::one_line(why, MAX_WORDS);
        self.with(Outcome::Failed { why }, Some(at))
    }

    /// What is found is final: a final outcome is not changed again.
    fn with(self, outcome: Outcome, completed_at: Option<Timestamp>) -> Self {
        if self.outcome.is_final() {
            return self;
        }
        Self {
            outcome,
            completed_at,
            ..self
        }
    }
}

/// Completes a sentinel by what was found, whoever finds it; completing it twice by the same is
/// completing it once.
///
/// It is restarted only if a process runs that is another than the one before, and that says it is
/// the expected version. Until `give_up_at` anything else leaves it open, because it may still
/// come; after that it has failed, and the words say how. What could not be told is not success.
#[must_use]
pub fn complete(sentinel: Sentinel, found: Found) -> Sentinel {
    if sentinel.outcome.is_final() {
        return sentinel;
    }
    let at = found.at;
    let verdict = found.judge(sentinel.process_before.as_ref(), &sentinel.version_expected);
    let over = at >= sentinel.give_up_at;
    let sentinel = Sentinel {
        found: Some(found),
        ..sentinel
    };
    match verdict {
        Ok(()) => sentinel.with(Outcome::Restarted, Some(at)),
        Err(why) if over => sentinel.failed(at, &why),
        Err(_) => sentinel,
    }
}

impl fmt::Display for Sentinel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = |words: &str| text::one_line(words, MAX_WORDS);
        write!(
            f,
            "{} ({}), asked for by {}: ",
            self.run,
            clean(&self.reason),
            clean(&self.actor)
        )?;
        match &self.outcome {
            Outcome::Pending => write!(f, "waiting for {} to run", self.version_expected)?,
            Outcome::Deferred { until, why } => {
                write!(f, "deferred until {until} at the latest: {}", clean(why))?;
            }
            Outcome::Restarted => write!(f, "restarted, {} runs", self.version_expected)?,
            Outcome::Failed { why } => write!(f, "FAILED: {}", clean(why))?,
        }
        if let Some(before) = &self.version_before {
            write!(f, "; before: {before}")?;
        }
        match &self.found {
            Some(found) => write!(f, "; last look: {found}")?,
            None => f.write_str("; nobody has looked since")?,
        }
        match &self.note {
            Some(note) => write!(f, "; note {}", note.delivery),
            None => Ok(()),
        }
    }
}
