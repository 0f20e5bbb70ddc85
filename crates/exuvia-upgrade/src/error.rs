//! What can go wrong with a transaction as a whole.

use exuvia_host::HostError;
use exuvia_model::journal::RunId;
use exuvia_model::upgrade::IllegalTransition;
use exuvia_recovery::RecoveryError;
use exuvia_store::journal::JournalError;

/// Why a transaction was not carried out, or its end not told.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// The journal cannot be written; nothing is done that was not written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Snapshots cannot be had.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The user's probes cannot be read.
    #[error(transparent)]
    Probes(#[from] exuvia_gateway::probe::OwnProbeError),
    /// A step that cannot follow.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Another one is under way.
    #[error("another upgrade or rollback of this install is under way; nothing was changed")]
    Busy,
    /// One was cut short, and nobody has finished it.
    #[error(
        "the run {run} was cut short and is not finished yet; `exuvia resume` does that first; \
         nothing was changed"
    )]
    Left {
        /// The run.
        run: RunId,
    },
    /// What was to be taken over is not there to be.
    #[error("the run {run} was not left to anybody, or is somebody's already")]
    NotLeft {
        /// The run.
        run: RunId,
    },
    /// The plan cannot be written down.
    #[error("the plan cannot be written down: {0}")]
    Plan(#[source] serde_json::Error),
    /// The journal holds a run that this Exuvia cannot read.
    #[error(
        "the run {run} was begun by another release of exuvia, and this one cannot read it ({why}); \
         finish it with that one"
    )]
    Unreadable {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        why: String,
    },
}

impl UpgradeError {
    /// Whether it was refused as things stand, with nothing changed.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Busy | Self::Left { .. })
    }
}
