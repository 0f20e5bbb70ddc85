//! What can go wrong, and what is refused.

use std::path::PathBuf;

use exuvia_host::{HomeError, HostError};
use exuvia_openclaw::database::CopyError;
use exuvia_store::journal::JournalError;
use exuvia_store::{SnapshotId, StoreError};

use crate::excludes::ExcludesError;
use crate::{AgentId, BadName, NotAnAgentId};

/// It cannot be done, or is refused.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// There is no place for Exuvia's own things.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal cannot; nothing was begun.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It was done, and the journal does not say so.
    #[error("{what} was done, but could not be written to the journal: {source}")]
    Unrecorded {
        /// What was done.
        what: &'static str,
        /// The journal's words.
        source: JournalError,
    },
    /// The list of what is left out cannot be used.
    #[error(transparent)]
    Excludes(#[from] ExcludesError),
    /// The name cannot be used.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The text is no id of an agent.
    #[error(transparent)]
    NotAnAgent(#[from] NotAnAgentId),
    /// There is no such agent.
    #[error("there is no agent {id}; there are: {}", known.join(", "))]
    NoAgent {
        /// What was asked for.
        id: AgentId,
        /// The agents that are configured.
        known: Vec<String>,
    },
    /// A path of an agent cannot be written as a pattern.
    #[error(
        "agent {id} cannot be taken alone, for a name in {} is not UTF-8; take the install instead",
        list(paths)
    )]
    OddPath {
        /// The agent.
        id: AgentId,
        /// Its paths.
        paths: Vec<PathBuf>,
    },
    /// The shared database could not be copied to be read.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// What OpenClaw has on record of workspaces could not be read or written.
    #[error("cannot use what {} has on record of workspaces: {source}", .database.display())]
    Attestation {
        /// The database.
        database: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// What is to be remembered cannot be written down.
    #[error("cannot write down what belongs to the snapshot: {0}")]
    Context(serde_json::Error),
    /// OpenClaw uses what would be replaced.
    #[error(
        "OpenClaw is running on {} (process {pid}{}): stop it first (`openclaw gateway stop`), and \
         restore again; nothing was changed", state_dir.display(), port_of(*port)
    )]
    Running {
        /// The state directory.
        state_dir: PathBuf,
        /// The process.
        pid: u32,
        /// Where it listens.
        port: Option<u16>,
    },
    /// Whether OpenClaw uses what would be replaced cannot be told.
    #[error(
        "whether OpenClaw is running on {} cannot be told: {why}; nothing was changed",
        state_dir.display()
    )]
    CannotTell {
        /// The state directory.
        state_dir: PathBuf,
        /// Why not, and how to make sure.
        why: String,
    },
    /// The snapshot is of something that cannot be restored in place.
    #[error(
        "snapshot {snapshot} is of scope {scope:?}, and cannot be restored into an install; `exuvia \
         snapshot restore {snapshot} --to DIRECTORY` makes a copy of it"
    )]
    Scope {
        /// The snapshot.
        snapshot: SnapshotId,
        /// What it says that it is of.
        scope: String,
    },
    /// The snapshot is of another install.
    #[error(
        "snapshot {snapshot} is of {}, not of {}; --force restores it there nevertheless, and --to \
         DIRECTORY makes a copy of it", of.display(), this.display()
    )]
    OtherInstall {
        /// The snapshot.
        snapshot: SnapshotId,
        /// What it is of.
        of: PathBuf,
        /// What would be replaced.
        this: PathBuf,
    },
    /// The package is older than the one that the snapshot was taken with.
    #[error(
        "snapshot {snapshot} was taken with OpenClaw {had}, and {has} is installed, which would \
         refuse its databases; install {had} first, or give --force"
    )]
    OlderPackage {
        /// The snapshot.
        snapshot: SnapshotId,
        /// What it was taken with.
        had: String,
        /// What is installed.
        has: String,
    },
    /// Whether the package is older cannot be told.
    #[error(
        "whether the OpenClaw that is installed can read the databases of snapshot {snapshot} cannot \
         be told: {why}; --force restores it nevertheless"
    )]
    UnknownPackage {
        /// The snapshot.
        snapshot: SnapshotId,
        /// What is not known.
        why: &'static str,
    },
    /// The state directory is not one.
    #[error(
        "{} is {what}, and is not restored into; name the directory itself with --install",
        state_dir.display()
    )]
    NotADirectory {
        /// The path.
        state_dir: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A restore was cut short.
    #[error(
        "restoring {snapshot} into {} was cut short: {source}; do not start OpenClaw, make room or \
         mend what is in the way, and run any exuvia command: it finishes the restore",
        state_dir.display()
    )]
    CutShort {
        /// What was being restored.
        snapshot: SnapshotId,
        /// Where to.
        state_dir: PathBuf,
        /// What happened.
        source: Box<RecoveryError>,
    },
    /// OpenClaw was started on what is half restored.
    #[error(
        "{} is half restored: a part of it is from snapshot {snapshot}, the rest as it was before{}; \
         and OpenClaw may be running on it ({why}). Stop it (`openclaw gateway stop`), then run any \
         exuvia command: it finishes the restore", state_dir.display(), kept_in(safety.as_ref())
    )]
    HalfRestored {
        /// The state directory.
        state_dir: PathBuf,
        /// What is being restored.
        snapshot: SnapshotId,
        /// What was there before.
        safety: Option<SnapshotId>,
        /// What is known of OpenClaw.
        why: String,
    },
}

impl RecoveryError {
    /// Whether it was refused, with nothing changed, and would be done under other circumstances.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Running { .. }
                | Self::CannotTell { .. }
                | Self::Scope { .. }
                | Self::OtherInstall { .. }
                | Self::OlderPackage { .. }
                | Self::UnknownPackage { .. }
                | Self::NotADirectory { .. }
                | Self::Store(StoreError::BadTarget { .. })
        )
    }

    /// Whether something is neither as it was nor as it should be.
    pub fn is_inconsistent(&self) -> bool {
        matches!(self, Self::CutShort { .. } | Self::HalfRestored { .. })
    }
}

fn port_of(port: Option<u16>) -> String {
    port.map_or_else(String::new, |port| format!(", port {port}"))
}

fn kept_in(safety: Option<&SnapshotId>) -> String {
    safety.map_or_else(String::new, |id| format!(", all of which is in {id}"))
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}
