//! What can go wrong with backups.

use std::path::PathBuf;

use exuvia_host::HostError;
use exuvia_store::{SnapshotId, StoreError};
use rustic_core::RusticError;

use crate::address::AddressError;
use crate::backup::BackupId;
use crate::storage::StorageError;

/// Backups cannot do it. No message has a password or a key in it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The address is no good.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The local store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place where the repository lies refused.
    #[error("{0}")]
    Storage(String),
    /// No repository was named, and none is remembered.
    #[error(
        "no backup repository is set: make one with `exuvia backup init REPOSITORY`, or name one \
         with --repository"
    )]
    NoRepositorySet,
    /// There is nothing at the address.
    #[error("there is no backup repository at {0}: make one with `exuvia backup init {0}`")]
    NoRepository(String),
    /// What is there is something else.
    #[error("{0} holds other things and is no backup repository: choose an empty place")]
    Occupied(String),
    /// No key opens with this password.
    #[error("the password does not open the repository at {0}; nothing was changed")]
    WrongPassword(String),
    /// A program this one does not know made it.
    #[error("the repository at {at} cannot be used: {why}")]
    Unusable {
        /// The repository.
        at: String,
        /// Why not.
        why: String,
    },
    /// Something in the repository is not as it should be.
    #[error("the repository at {at} failed: {why}")]
    Failed {
        /// The repository.
        at: String,
        /// What failed.
        why: String,
    },
    /// The backup would not have been whole.
    #[error(
        "{snapshot} was not backed up to {at}: {why}; what was uploaded is used by the next try"
    )]
    NotWhole {
        /// The snapshot.
        snapshot: SnapshotId,
        /// The repository.
        at: String,
        /// What is missing.
        why: String,
    },
    /// Others are at work in the repository.
    #[error(
        "the repository at {at} is in use by {holder}; try again when that is done (if it died, \
         its lock counts no more half an hour after it)"
    )]
    Locked {
        /// The repository.
        at: String,
        /// Who is at work.
        holder: String,
    },
    /// No backup has this id or name.
    #[error("there is no backup {0:?}; `exuvia backup list` shows those there are")]
    NoBackup(String),
    /// Several could be meant.
    #[error("{name:?} could be any of {}; give more of the id", list(.candidates))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// What it could be.
        candidates: Vec<BackupId>,
    },
    /// It would be gone altogether.
    #[error(
        "{backup} is the last backup of {of} and is kept: add --force if it shall go all the same"
    )]
    Last {
        /// The backup.
        backup: BackupId,
        /// What it is a backup of.
        of: String,
    },
    /// Another program made it, and it cannot be taken into the store.
    #[error(
        "{0} was not made by Exuvia, and cannot become a snapshot: restore it with --to DIRECTORY"
    )]
    Foreign(BackupId),
    /// The snapshot cannot be written into a repository.
    #[error("{snapshot} cannot be backed up: {why}")]
    Unfit {
        /// The snapshot.
        snapshot: SnapshotId,
        /// Why not.
        why: String,
    },
    /// What the repository holds must not be written to a disk.
    #[error("{backup} holds {name:?}, which {why}: nothing more was restored")]
    Hostile {
        /// The backup.
        backup: BackupId,
        /// The name in it, cleaned.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A place to restore to that cannot be used.
    #[error("cannot restore into {}: {why}", .target.display())]
    BadTarget {
        /// The place.
        target: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// It was cut short.
    #[error("{source}; what is in {} is not whole: remove it", .target.display())]
    Half {
        /// Where it was restored to.
        target: PathBuf,
        /// What cut it short.
        source: Box<BackupError>,
    },
    /// There is too little room.
    #[error("{} needs {needed} bytes more room, and its disk has {free}", .path.display())]
    NoSpace {
        /// What would be written to.
        path: PathBuf,
        /// How much is needed.
        needed: u64,
        /// How much there is.
        free: u64,
    },
}

impl BackupError {
    /// Whether nothing failed, and it may just not be done: nothing was changed.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Occupied(_)
                | Self::Locked { .. }
                | Self::Last { .. }
                | Self::Foreign(_)
                | Self::Unfit { .. }
                | Self::BadTarget { .. }
        )
    }
}

impl From<StorageError> for BackupError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error.to_string())
    }
}

/// An error of rustic in one line: the answer of the storage where there was one, since what rustic
/// says around it is for rustic's users.
pub(crate) fn told(error: &RusticError) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(storage) = current.downcast_ref::<StorageError>() {
            return storage.to_string();
        }
        cause = current.source();
    }
    let log = error.display_log();
    let words = log.strip_prefix("Error: ").unwrap_or(&log);
    exuvia_model::text::one_line(words, 400)
}

fn list(ids: &[BackupId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(", ")
}
