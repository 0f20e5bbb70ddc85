//! Taking a snapshot: first a plan, then the snapshot.

use std::path::{Path, PathBuf};

use exuvia_host::{HostError, Links};

use crate::catalog;
use crate::error::StoreError;
use crate::exclude::Excludes;
use crate::id::SnapshotId;
use crate::lock::Guard;
use crate::restore;
use crate::snapshot::{Snapshot, Stats};
use crate::store::{Opened, Store};
use crate::survey::{Ingest, Outcome, Previous, Survey};
use crate::tree::{self, Tree};

/// What to say of a snapshot, and how to take it.
#[derive(Debug, Clone)]
pub struct SnapshotOptions {
    /// A name for it.
    pub name: Option<String>,
    /// A line about it.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What it is a snapshot of.
    pub scope: String,
    /// What to leave out.
    pub excludes: Excludes,
    /// Whether files that never hold still are taken as they are.
    pub accept_unstable: bool,
    /// What is to be remembered with it.
    pub context: Option<serde_json::Value>,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            name: None,
            description: None,
            tags: Vec::new(),
            scope: "directory".to_owned(),
            excludes: Excludes::none(),
            accept_unstable: false,
            context: None,
        }
    }
}

/// A snapshot that could be taken now: the tree has been walked, and nothing read or written.
#[derive(Debug)]
#[must_use = "a plan does nothing until it is taken"]
pub struct SnapshotPlan<'s> {
    store: &'s Store<Opened>,
    // Held from the walk on: what the plan builds on must not be pruned away.
    guard: Guard,
    source: PathBuf,
    options: SnapshotOptions,
    survey: Survey,
}

impl Store<Opened> {
    /// Walks a directory and finds what moved since its last snapshot.
    ///
    /// This process must have no SQLite connection of its own to a database in the tree: reading
    /// one drops the locks that SQLite holds on it in the same process.
    pub fn plan(
        &self,
        source: &Path,
        options: SnapshotOptions,
    ) -> Result<SnapshotPlan<'_>, StoreError> {
        let source = self.canonical(source)?;
        restore::refuse_pending(self, &source)?;
        self.plan_beside_restore(&source, options)
    }

    /// The same, for a restore that is itself what is under way there.
    pub(crate) fn plan_beside_restore(
        &self,
        source: &Path,
        options: SnapshotOptions,
    ) -> Result<SnapshotPlan<'_>, StoreError> {
        let guard = self.share()?;
        let previous = Previous::of(&self.layout, source, &options.excludes)?;
        let survey = Survey::walk(&self.layout, source, &options.excludes, previous)?;
        Ok(SnapshotPlan {
            store: self,
            guard,
            source: source.to_owned(),
            options,
            survey,
        })
    }

    /// Plans a snapshot and takes it.
    pub fn snapshot(
        &self,
        source: &Path,
        options: SnapshotOptions,
    ) -> Result<Snapshot, StoreError> {
        self.plan(source, options)?.take()
    }

    /// A directory by the one path that it is known by; a link is refused.
    pub(crate) fn canonical(&self, source: &Path) -> Result<PathBuf, HostError> {
        let meta = self.layout.host.metadata(source, Links::Refuse)?;
        if meta.kind == exuvia_host::EntryKind::Directory {
            return self.layout.host.canonicalize(source);
        }
        let source_error = std::io::ErrorKind::NotADirectory.into();
        Err(HostError::new("take a snapshot of", source, source_error))
    }
}

impl SnapshotPlan<'_> {
    /// The directory.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// How many files would be read, and their bytes.
    pub fn to_read(&self) -> (u64, u64) {
        self.survey.to_read()
    }

    /// Whether nothing moved since the last snapshot.
    pub fn is_unchanged(&self) -> bool {
        self.survey.is_unchanged()
    }

    /// Takes the snapshot. When this returns it is durable; when it fails or the process dies,
    /// there is no new snapshot and nothing else changed.
    pub fn take(self) -> Result<Snapshot, StoreError> {
        Ok(self.carry_out()?.0)
    }

    /// The same, and what the tree looked like.
    pub(crate) fn take_with_tree(self) -> Result<(Snapshot, Tree), StoreError> {
        let (snapshot, outcome) = self.carry_out()?;
        let tree = outcome.into_tree(&snapshot.source)?;
        Ok((snapshot, tree))
    }

    fn carry_out(self) -> Result<(Snapshot, Outcome), StoreError> {
        let layout = &self.store.layout;
        let ingest = if self.survey.is_unchanged() {
            Ingest::digests_only(layout)
        } else {
            Ingest::keeping(layout)?
        };
        let surveyed = self.survey.read(&ingest, self.options.accept_unstable)?;
        let read_files = ingest.read_files();
        let mut added_bytes = ingest.finish()?;
        let findings = surveyed.findings;
        let outcome = surveyed.looked.outcome();
        let (tree, size) = match &outcome {
            Outcome::Same(previous) => (previous.id, 0),
            Outcome::New(tree, known) => tree::store(layout, tree, *known)?,
        };
        added_bytes += size;
        let snapshot = Snapshot {
            id: SnapshotId::from_bits(layout.unique_bits()),
            name: self.options.name,
            description: self.options.description,
            tags: self.options.tags,
            scope: self.options.scope,
            source: self.source,
            created_at: layout.host.now(),
            began: findings.began.into(),
            tree,
            stats: Stats {
                files: findings.totals.files,
                directories: findings.totals.directories,
                symlinks: findings.totals.symlinks,
                bytes: findings.totals.bytes,
                read_files,
                added_bytes,
            },
            left_out: findings.left_out,
            excludes: self.options.excludes.patterns().to_vec(),
            complete: findings.unstable.is_empty(),
            unstable: findings.unstable,
            lost: Vec::new(),
            pinned: false,
            context: self.options.context,
        };
        catalog::write(layout, &snapshot)?;
        drop(self.guard);
        Ok((snapshot, outcome))
    }
}
