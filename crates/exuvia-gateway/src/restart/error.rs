//! What can go wrong with a restart before it is one.

use std::path::PathBuf;

use exuvia_host::HostError;
use exuvia_model::restart::{CannotRestart, IllegalTransition, RequestId};
use exuvia_model::sentinel::NotOwed;
use exuvia_model::text;
use exuvia_store::journal::JournalError;

use crate::supervisor::SupervisorError;

/// What can go wrong with a restart before it is one. How it went is in its sentinel.
#[derive(Debug, thiserror::Error)]
pub enum RestartError {
    /// Nobody can restart the gateway. Nothing was changed.
    #[error(transparent)]
    Nobody(#[from] CannotRestart),
    /// What runs now cannot be told, so neither could a new gateway be told from it.
    #[error(
        "which gateway runs now could not be told: {}; nothing was changed",
        text::one_line(.why, 300)
    )]
    Unseen {
        /// Why not.
        why: String,
    },
    /// A note is to be told, and nobody knows to whom.
    #[error(
        "which session is to be told the note could not be seen: {}; name it with --session-key; \
         nothing was changed",
        text::one_line(.why, 300)
    )]
    NoSession {
        /// Why not.
        why: String,
    },
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Who keeps the gateway did not do what it was asked.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// It was started, and does not come up.
    #[error("{what}; `exuvia doctor` tells more")]
    NotStarted {
        /// What was seen last.
        what: String,
    },
    /// The rules were told what cannot be.
    #[error("this is a defect of Exuvia, please report it: {0}")]
    Illegal(#[from] IllegalTransition),
    /// A note was to be sent twice.
    #[error("this is a defect of Exuvia, please report it: {0}")]
    NotOwed(#[from] NotOwed),
    /// A file of ours holds what it should not.
    #[error("{} cannot be understood: {why}; move it away, and ask for the restart again", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else writes a request and does not come to an end.
    #[error("another exuvia is asking for a restart and does not end; try again")]
    Busy,
    /// There is no such request.
    #[error("no restart is known as {0}; `exuvia update status` lists them")]
    NoRun(RequestId),
    /// The process that was to carry it on did not.
    #[error(
        "the restart {run} is asked for and nobody carries it on: {why}; the next exuvia command \
         does"
    )]
    NotCarried {
        /// The request.
        run: RequestId,
        /// Why.
        why: String,
    },
}

impl RestartError {
    /// Whether it was refused before anything was changed.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Nobody(_) | Self::Unseen { .. } | Self::NoSession { .. }
        )
    }
}
