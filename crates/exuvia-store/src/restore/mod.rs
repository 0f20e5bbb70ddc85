//! Giving back what a snapshot has.
//!
//! What differs is found first; then the journal is written, in the store, and from then on the
//! restore is under way until it is finished, whoever finishes it. Each file is made beside its
//! place and renamed into it, every content verified before; what was not in the snapshot is
//! removed last. All of it may be done again at any time: what is as it should be is left alone.

mod apply;
mod attributes;
mod files;
mod journal;
mod plan;
mod preflight;
mod removal;

use std::path::{Path, PathBuf};

use exuvia_host::disk::Dir;

pub use journal::PendingRestore;
pub(crate) use journal::all as pending;

use crate::blobs::Blobs;
use crate::diff::{self, Change};
use crate::error::StoreError;
use crate::exclude::Excludes;
use crate::id::SnapshotId;
use crate::plan::SnapshotOptions;
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};
use crate::survey::{Ingest, Previous, Survey};
use crate::tree::{self, Tree};

/// How to restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Whether what will be replaced is taken as a snapshot first.
    pub safety: bool,
}

impl Default for RestoreOptions {
    fn default() -> Self {
        Self { safety: true }
    }
}

/// What a restore did.
#[derive(Debug, Default)]
pub struct Restored {
    /// The snapshot of what was there before.
    pub safety: Option<SnapshotId>,
    /// How many paths were made, changed or removed.
    pub changes: usize,
    /// Directories that are not in the snapshot and were kept, because something is in them that
    /// no snapshot holds.
    pub kept: Vec<PathBuf>,
    /// What the machine did not allow: owners and attributes that only root may set.
    pub refused: Vec<Refused>,
}

/// An attribute that could not be set.
#[derive(Debug)]
pub struct Refused {
    /// The path in the tree.
    pub path: PathBuf,
    /// The machine's answer.
    pub error: exuvia_host::HostError,
}

/// A restore is under way there: nothing else is done with that tree until it is finished.
pub(crate) fn refuse_pending(store: &Store<Opened>, source: &Path) -> Result<(), StoreError> {
    let touching = |pending: &PendingRestore| {
        pending.target.starts_with(source) || source.starts_with(&pending.target)
    };
    match store.pending_restores()?.into_iter().find(touching) {
        Some(pending) => Err(StoreError::RestorePending {
            snapshot: pending.snapshot,
            target: pending.target,
        }),
        None => Ok(()),
    }
}

impl Store<Opened> {
    /// Restores into a directory that is empty or not there yet.
    ///
    /// As with `cp`, the kernel writes it to the disk in its own time: after a power cut, restore
    /// again. A restore in place is durable when it returns.
    pub fn restore_into(&self, snapshot: &Snapshot, target: &Path) -> Result<Restored, StoreError> {
        let _guard = self.share()?;
        let host = self.layout.host.as_ref();
        match host.metadata(target, exuvia_host::Links::Refuse) {
            Err(error) if error.is_not_found() => host.create_private_dir(target)?,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let (target, dir) = self.target(target)?;
        if !dir.list()?.is_empty() {
            let why = "it is not empty";
            return Err(StoreError::BadTarget { target, why });
        }
        let wanted = self.tree(snapshot)?;
        let changes = self.changes(None, &wanted, snapshot)?;
        let work = Work {
            dir: &dir,
            wanted: &wanted,
            snapshot,
        };
        self.apply(&work, &changes, apply::Manner::Fresh, None)
    }

    /// What restoring in place would change, in the order of the paths.
    pub fn restore_changes(
        &self,
        snapshot: &Snapshot,
        target: &Path,
    ) -> Result<Vec<Change>, StoreError> {
        let (target, _) = self.target(target)?;
        let live = self.survey(&target, &snapshot_excludes(snapshot)?)?;
        self.changes(Some(&live), &self.tree(snapshot)?, snapshot)
    }

    /// Makes a directory what it was: writes what differs, removes what was not there.
    ///
    /// A restore that was interrupted there is superseded; what its safety snapshot holds stays.
    pub fn restore_in_place(
        &self,
        snapshot: &Snapshot,
        target: &Path,
        options: RestoreOptions,
    ) -> Result<Restored, StoreError> {
        let _guard = self.share()?;
        let (target, dir) = self.target(target)?;
        let pending = journal::pending_at(&self.layout, &target)?;
        let wanted = self.tree(snapshot)?;
        let (live, safety) = match pending {
            None if options.safety => self.take_safety(snapshot, &target)?,
            pending => {
                let excludes = snapshot_excludes(snapshot)?;
                let live = self.survey(&target, &excludes)?;
                (live, pending.and_then(|pending| pending.safety))
            }
        };
        let changes = self.changes(Some(&live), &wanted, snapshot)?;
        let work = Work {
            dir: &dir,
            wanted: &wanted,
            snapshot,
        };
        self.apply(&work, &changes, apply::Manner::InPlace, safety)
    }

    /// Finishes a restore that was interrupted.
    pub fn finish_restore(&self, pending: &PendingRestore) -> Result<Restored, StoreError> {
        let snapshot = self.get(pending.snapshot.as_str())?;
        let options = RestoreOptions { safety: false };
        self.restore_in_place(&snapshot, &pending.target, options)
    }

    fn target(&self, target: &Path) -> Result<(PathBuf, Dir), StoreError> {
        let refused = |why| StoreError::BadTarget {
            target: target.to_owned(),
            why,
        };
        let meta = self
            .layout
            .host
            .metadata(target, exuvia_host::Links::Refuse)?;
        match meta.kind {
            exuvia_host::EntryKind::Directory => {}
            exuvia_host::EntryKind::Symlink => return Err(refused("it is a symbolic link")),
            _ => return Err(refused("it is not a directory")),
        }
        let target = self.layout.host.canonicalize(target)?;
        if self.layout.root().starts_with(&target) && self.layout.root() == target {
            return Err(refused("it is the snapshot store itself"));
        }
        let dir = self.layout.disk.open_dir(&target)?;
        Ok((target, dir))
    }

    pub(crate) fn tree(&self, snapshot: &Snapshot) -> Result<Tree, StoreError> {
        tree::load(&self.layout.open(&self.layout.trees())?, snapshot.tree)
    }

    pub(crate) fn changes(
        &self,
        before: Option<&Tree>,
        after: &Tree,
        snapshot: &Snapshot,
    ) -> Result<Vec<Change>, StoreError> {
        let path = self.layout.trees().join(tree::name(snapshot.tree));
        diff::between(before, after, |why| StoreError::damaged(&path, why))
    }

    fn take_safety(
        &self,
        snapshot: &Snapshot,
        target: &Path,
    ) -> Result<(Tree, Option<SnapshotId>), StoreError> {
        let options = SnapshotOptions {
            name: Some(format!(
                "pre-restore-{}",
                self.layout.host.now().strftime("%Y%m%dT%H%M%SZ")
            )),
            description: Some(format!("what was there before restoring {}", snapshot.id)),
            scope: snapshot.scope.clone(),
            excludes: snapshot_excludes(snapshot)?,
            ..SnapshotOptions::default()
        };
        let (safety, tree) = self
            .plan_beside_restore(target, options)?
            .take_with_tree()?;
        Ok((tree, Some(safety.id)))
    }

    /// What a directory looks like now; nothing is kept.
    pub(crate) fn survey(&self, target: &Path, excludes: &Excludes) -> Result<Tree, StoreError> {
        let previous = Previous::of(&self.layout, target)?;
        let survey = Survey::walk(&self.layout, target, excludes, previous)?;
        let surveyed = survey.read(&Ingest::digests_only(&self.layout), true)?;
        surveyed.into_tree(target)
    }

    /// Writes the journal and does it. Before that, everything that can be known to fail fails.
    fn apply(
        &self,
        work: &Work<'_>,
        changes: &[Change],
        manner: apply::Manner,
        safety: Option<SnapshotId>,
    ) -> Result<Restored, StoreError> {
        let layout = &self.layout;
        let plan = plan::Plan::of(changes, work.wanted)
            .map_err(|crate::wire::Malformed(why)| StoreError::damaged(&layout.trees(), why))?;
        let blobs = Blobs::load(layout)?;
        let ready = preflight::check(work.dir, &blobs, &plan, manner)?;
        let journal = journal::begin(layout, work.snapshot, work.dir.path(), safety.clone())?;
        let means = apply::Means {
            root: work.dir,
            blobs: &blobs,
            ready,
            manner,
            unique: layout.unique_bits(),
        };
        let mut restored = apply::run(means, &plan, work.wanted)?;
        journal.finish()?;
        restored.safety = safety;
        Ok(restored)
    }
}

/// What is restored, and where to.
struct Work<'w> {
    dir: &'w Dir,
    wanted: &'w Tree,
    snapshot: &'w Snapshot,
}

pub(crate) fn snapshot_excludes(snapshot: &Snapshot) -> Result<Excludes, StoreError> {
    Excludes::new(&snapshot.excludes)
}
