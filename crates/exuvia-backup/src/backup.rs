//! What a backup is.

use std::fmt;

use exuvia_store::{Snapshot, SnapshotId};
use jiff::Timestamp;
use rustic_core::repofile::SnapshotFile;
use serde::{Serialize, Serializer};

use crate::storage::Name;

/// What every tag of ours begins with.
const OURS: &str = "exuvia:";

/// The name of a backup: 64 hexadecimal digits, of which people see eight, as in restic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId(String);

impl BackupId {
    pub(crate) fn of(file: &SnapshotFile) -> Self {
        Self(file.id.to_hex().as_str().to_owned())
    }

    pub(crate) fn of_name(name: &Name) -> Self {
        Self(name.id().to_owned())
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As much of it as people are shown.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }

    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        !prefix.is_empty() && self.0.starts_with(prefix)
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

impl Serialize for BackupId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A backup in a repository, as `list` tells of it. Texts are as they are in the repository.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// The snapshot it is of; nothing for a backup that another program made.
    pub snapshot: Option<SnapshotId>,
    /// The snapshot's name.
    pub name: Option<String>,
    /// What the snapshot is of.
    pub scope: Option<String>,
    /// The install that it is of, as far as that is known.
    pub install: Option<String>,
    /// What somebody said of it.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The machine that it was made on.
    pub host: String,
    /// The directory that was taken.
    pub source: String,
    /// When the snapshot was taken.
    pub created_at: Timestamp,
    /// Whether retention must keep it.
    pub pinned: bool,
    /// How many files are in it, if that is known.
    pub files: Option<u64>,
    /// How many bytes are in them.
    pub bytes: Option<u64>,
}

impl Backup {
    pub(crate) fn of(file: &SnapshotFile) -> Self {
        let ours = |key: &str| {
            let prefix = format!("{OURS}{key}=");
            let mut tags = file.tags.iter();
            tags.find_map(|tag| tag.strip_prefix(&prefix).map(str::to_owned))
        };
        let tags = file.tags.iter().filter(|tag| !is_ours(tag));
        let summary = file.summary.as_ref();
        Self {
            id: BackupId::of(file),
            snapshot: ours("snapshot").and_then(|id| SnapshotId::parse(&id)),
            name: ours("name"),
            scope: ours("scope"),
            install: ours("install"),
            description: file.description.clone(),
            tags: tags.cloned().collect(),
            host: file.hostname.clone(),
            source: file
                .paths
                .iter()
                .cloned()
                .collect::<Vec<String>>()
                .join(", "),
            created_at: file.time.timestamp(),
            pinned: file.tags.contains(&format!("{OURS}pinned")),
            // The record beside the tree is a file, too.
            files: summary.map(|one| one.total_files_processed.saturating_sub(1)),
            bytes: summary.map(|one| one.total_bytes_processed),
        }
    }

    /// What it has in common with other backups of the same thing: retention and the rule that the
    /// last one stays go by this.
    pub(crate) fn lineage(&self) -> Lineage {
        Lineage {
            host: self.host.clone(),
            of: self.install.clone().unwrap_or_else(|| self.source.clone()),
        }
    }
}

/// A machine, and an install or a directory on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lineage {
    pub(crate) host: String,
    pub(crate) of: String,
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.of, self.host)
    }
}

fn is_ours(tag: &str) -> bool {
    tag == "exuvia" || tag.starts_with(OURS)
}

/// The tags of a backup of this snapshot. A tag of the user's that could be taken for ours is only
/// in the record.
pub(crate) fn tags(snapshot: &Snapshot, install: Option<&str>) -> Vec<String> {
    let mut tags = vec![
        "exuvia".to_owned(),
        format!("{OURS}snapshot={}", snapshot.id),
        format!("{OURS}scope={}", snapshot.scope),
    ];
    let name = snapshot
        .name
        .iter()
        .map(|name| format!("{OURS}name={name}"));
    let install = install.map(|install| format!("{OURS}install={install}"));
    let pinned = snapshot.pinned.then(|| format!("{OURS}pinned"));
    let own = snapshot.tags.iter().filter(|tag| !is_ours(tag)).cloned();
    tags.extend(name.chain(install).chain(pinned).chain(own));
    tags
}
