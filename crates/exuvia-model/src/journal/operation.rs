//! What a run does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a run does, by the name that the journal keeps for ever. One that only a later Exuvia knows
/// is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Operation {
    /// A snapshot is taken.
    Snapshot,
    /// A snapshot is restored.
    Restore,
    /// Snapshots are deleted.
    Delete,
    /// A snapshot is pinned, or no longer.
    Pin,
    /// The store gives back the room of what nobody needs.
    Prune,
    /// The store takes out of use what is harmed.
    Repair,
    /// A backup repository is made.
    BackupInit,
    /// Snapshots are pushed to the backup repository.
    BackupPush,
    /// A backup is restored.
    BackupRestore,
    /// Backups are removed from the repository.
    BackupForget,
    /// The gateway is restarted.
    Restart,
    /// An asset is upgraded.
    Upgrade,
    /// An upgrade is undone.
    Rollback,
    /// An upgrade is carried out on a copy.
    Rehearse,
    /// An asset is pinned to what it is, or no longer.
    AssetPin,
    /// A version is kept from being installed, or no longer.
    VersionBlock,
    /// Nothing is to be upgraded for some time, or no longer.
    Inhibit,
    /// Something that this Exuvia does not know.
    Other(OtherOperation),
}

/// The name of an operation that this Exuvia does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherOperation(String);

/// The text cannot be the name of an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of an operation (lower-case words with hyphens between them)")]
pub struct UnknownName(String);

impl Operation {
    /// All that are known.
    pub const KNOWN: [Self; 17] = [
        Self::Snapshot,
        Self::Restore,
        Self::Delete,
        Self::Pin,
        Self::Prune,
        Self::Repair,
        Self::BackupInit,
        Self::BackupPush,
        Self::BackupRestore,
        Self::BackupForget,
        Self::Restart,
        Self::Upgrade,
        Self::Rollback,
        Self::Rehearse,
        Self::AssetPin,
        Self::VersionBlock,
        Self::Inhibit,
    ];

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Restore => "restore",
            Self::Delete => "delete",
            Self::Pin => "pin",
            Self::Prune => "prune",
            Self::Repair => "repair",
            Self::BackupInit => "backup-init",
            Self::BackupPush => "backup-push",
            Self::BackupRestore => "backup-restore",
            Self::BackupForget => "backup-forget",
            Self::Restart => "restart",
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
            Self::Rehearse => "rehearse",
            Self::AssetPin => "asset-pin",
            Self::VersionBlock => "version-block",
            Self::Inhibit => "inhibit",
            Self::Other(OtherOperation(name)) => name,
        }
    }
}

impl FromStr for Operation {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        if let Some(known) = Self::KNOWN.into_iter().find(|known| known.name() == name) {
            return Ok(known);
        }
        if super::step::is_name(name) {
            Ok(Self::Other(OtherOperation(name.to_owned())))
        } else {
            Err(UnknownName(name.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for Operation {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, UnknownName> {
        name.parse()
    }
}

impl From<Operation> for String {
    fn from(operation: Operation) -> Self {
        operation.name().to_owned()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_unknown_ones_are_kept() {
        for known in Operation::KNOWN {
            assert_eq!(known.name().parse(), Ok(known.clone()));
        }
        let later: Operation = "fleet-rollout".parse().unwrap();
        assert!(matches!(later, Operation::Other(_)));
        assert_eq!(later.name(), "fleet-rollout");
        for bad in ["", "Two Words", "a\u{1b}[2J", "-a", &"x".repeat(100)] {
            assert!(bad.parse::<Operation>().is_err(), "{bad}");
        }
    }
}
