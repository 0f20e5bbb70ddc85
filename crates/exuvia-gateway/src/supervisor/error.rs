//! Why a supervisor did not do what it was asked.

use exuvia_host::HostError;
use exuvia_model::text;

use crate::keeper::KeeperError;

/// Why a supervisor did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The keeper could not be spoken with.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// There is no keeper, and nothing to start one by.
    #[error("no `exuvia gateway run` answers for this install; start it")]
    NoKeeper,
    /// The keeper ended instead.
    #[error(
        "`exuvia gateway run` ended ({how}); `openclaw config validate` and its log say what is \
         wrong"
    )]
    KeeperEnded {
        /// How.
        how: String,
    },
    /// Another supervisor said no.
    #[error("`{command}` failed ({status}): {}", text::one_line(.words, 300))]
    Refused {
        /// What it was asked.
        command: String,
        /// How it ended.
        status: String,
        /// Its last words.
        words: String,
    },
    /// It can only be reached from elsewhere.
    #[error("{supervisor} cannot be asked from in here; do it from outside of the container")]
    OutOfReach {
        /// Who.
        supervisor: String,
    },
}
