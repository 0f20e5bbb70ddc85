//! The note: what the session that asked is told after the restart, once.
//!
//! ```text
//!           claim                confirm
//!   Owed ───────────▶ Sending ───────────▶ Delivered
//!    ▲                  │  │
//!    └──────────────────┘  └─────────────▶ Impossible
//!      looked: not there      looked: cannot be told, or it cannot be sent
//! ```
//!
//! A note is claimed, durably, before it is sent. Whoever finds a claimed one does not send it: the
//! one who claimed it may have been killed before sending or after. They look in the session's
//! transcript first, and send again only if it is surely not there. Better no note, and a sentinel
//! that says so, than one that is told twice.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MAX_WORDS, Sentinel};
use crate::text;

/// A note, and whether it was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// What to say, as it was given.
    pub text: String,
    /// Whether it was said.
    pub delivery: Delivery,
}

/// Whether a note was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Delivery {
    /// Not yet.
    Owed,
    /// Somebody set out to; whether it arrived is not known yet.
    Sending {
        /// When they did.
        since: Timestamp,
    },
    /// Yes.
    Delivered {
        /// When that was known.
        at: Timestamp,
    },
    /// It will not be.
    Impossible {
        /// When that was known.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// Whether a note was seen in the transcript of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    Yes,
    /// It is surely not there, and nobody is about to put it there.
    No,
    /// It could not be told.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// A note is too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a note has at most {max} bytes; this one has {length}", max = Note::MAX_LEN)]
pub struct NoteTooLong {
    /// How many bytes it has.
    pub length: usize,
}

/// There is nothing to deliver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the note of {run} must not be sent now: {state}")]
pub struct NotOwed {
    /// Whose note.
    pub run: String,
    /// What its state is, in words.
    pub state: String,
}

impl Note {
    /// Longest note, in bytes.
    pub const MAX_LEN: usize = 8192;

    /// A note that is owed.
    pub fn new(text: &str) -> Result<Self, NoteTooLong> {
        if text.len() > Self::MAX_LEN {
            return Err(NoteTooLong { length: text.len() });
        }
        Ok(Self {
            text: text.to_owned(),
            delivery: Delivery::Owed,
        })
    }

    /// A note that nobody can be told is not owed.
    pub(super) fn addressed(self, has_session: bool, at: Timestamp) -> Self {
        if has_session {
            return self;
        }
        let why = "no session was named to tell it to".to_owned();
        Self {
            delivery: Delivery::Impossible { at, why },
            ..self
        }
    }
}

impl Sentinel {
    /// Whether the note may be sent now: it is owed, and the outcome is final.
    pub fn owes_note(&self) -> bool {
        let owed = |note: &Note| note.delivery == Delivery::Owed;
        self.outcome.is_final() && self.note.as_ref().is_some_and(owed)
    }

    /// Sets out to send the note. Only the one who could make this durable, where it was owed
    /// before, sends it.
    pub fn claim_note(self, at: Timestamp) -> Result<Self, NotOwed> {
        if self.owes_note() {
            return Ok(self.with_delivery(Delivery::Sending { since: at }));
        }
        let state = match &self.note {
            None => "there is none".to_owned(),
            Some(note) if note.delivery == Delivery::Owed => "the restart is not over".to_owned(),
            Some(note) => note.delivery.to_string(),
        };
        Err(NotOwed {
            run: self.run.to_string(),
            state,
        })
    }

    /// The gateway took the note.
    #[must_use]
    pub fn note_delivered(self, at: Timestamp) -> Self {
        self.while_sending(Delivery::Delivered { at })
    }

    /// The gateway surely did not take the note, and never will: the session is gone, say.
    #[must_use]
    pub fn note_impossible(self, at: Timestamp, why: &str) -> Self {
        let why = text::one_line(why, MAX_WORDS);
        match self.note.as_ref().map(|note| &note.delivery) {
            Some(Delivery::Owed | Delivery::Sending { .. }) => {
                self.with_delivery(Delivery::Impossible { at, why })
            }
            _ => self,
        }
    }

    /// Settles a note that somebody set out to send and never came back about, by what is in the
    /// transcript.
    #[must_use]
    pub fn settle_note(self, at: Timestamp, seen: &Seen) -> Self {
        self.while_sending(match seen {
            Seen::Yes => Delivery::Delivered { at },
            Seen::No => Delivery::Owed,
            Seen::Unknown { why } => Delivery::Impossible {
                at,
                why: format!(
                    "it may have arrived, and is not sent again: {}",
                    text::one_line(why, MAX_WORDS)
                ),
            },
        })
    }

    fn while_sending(self, delivery: Delivery) -> Self {
        match self.note.as_ref().map(|note| &note.delivery) {
            Some(Delivery::Sending { .. }) => self.with_delivery(delivery),
            _ => self,
        }
    }

    fn with_delivery(mut self, delivery: Delivery) -> Self {
        if let Some(note) = &mut self.note {
            note.delivery = delivery;
        }
        self
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owed => f.write_str("not delivered yet"),
            Self::Sending { since } => write!(f, "being delivered since {since}"),
            Self::Delivered { at } => write!(f, "delivered at {at}"),
            Self::Impossible { why, .. } => {
                write!(f, "NOT delivered: {}", text::one_line(why, MAX_WORDS))
            }
        }
    }
}
