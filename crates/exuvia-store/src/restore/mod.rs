//! Giving back what a snapshot has.
//!
//! What differs is found first; then the journal is written, in the store, and from then on the
//! restore is under way until it is finished, whoever finishes it. Each file is made beside its
//! place and renamed into it, every content verified before; what was not in the snapshot is
//! removed last. All of it may be done again at any time: what is as it should be is left alone.

mod apply;
mod attributes;
mod files;
mod fresh;
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

/// How to restore in place.
#[derive(Debug, Clone, Default)]
pub struct RestoreOptions {
    /// Whether what will be replaced is taken as a snapshot first.
    pub safety: Safety,
}

/// Whether what a restore will replace is taken as a snapshot first.
#[derive(Debug, Clone, Default)]
pub enum Safety {
    /// It is, with a name of its own and the scope of what is restored; not once more where an
    /// interrupted restore did so.
    #[default]
    Usual,
    /// It is, in any case, and this is what is said of it. It leaves out what the restored one does,
    /// and nothing else: so it has everything that will be replaced.
    As(Box<SnapshotOptions>),
    /// It is not.
    Nothing,
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
        self.restore_in_place_and(snapshot, target, options, |_| Ok(()))
    }

    /// The same, and then what belongs to it besides the directory: until that is done too, the
    /// restore is under way, and whoever finishes it does both again.
    pub fn restore_in_place_and<E: From<StoreError>>(
        &self,
        snapshot: &Snapshot,
        target: &Path,
        options: RestoreOptions,
        then: impl FnOnce(&Restored) -> Result<(), E>,
    ) -> Result<Restored, E> {
        let _guard = self.share()?;
        let (target, dir) = self.target(target)?;
        let pending = journal::pending_at(&self.layout, &target)?;
        let wanted = self.tree(snapshot)?;
        let before = pending.and_then(|pending| pending.safety);
        let (live, safety) = match (options.safety, before) {
            (Safety::Usual, None) => {
                self.take_safety(snapshot, &target, self.usual_safety(snapshot))?
            }
            (Safety::As(said), before) => {
                let (live, safety) = self.take_safety(snapshot, &target, *said)?;
                (live, before.or(safety))
            }
            (Safety::Usual | Safety::Nothing, before) => {
                let excludes = snapshot_excludes(snapshot)?;
                (self.survey(&target, &excludes)?, before)
            }
        };
        let changes = self.changes(Some(&live), &wanted, snapshot)?;
        let work = Work {
            dir: &dir,
            wanted: &wanted,
            snapshot,
        };
        self.apply(&work, &changes, safety, then)
    }

    /// Finishes a restore that was interrupted.
    pub fn finish_restore(&self, pending: &PendingRestore) -> Result<Restored, StoreError> {
        let snapshot = self.get(pending.snapshot.as_str())?;
        let options = RestoreOptions {
            safety: Safety::Nothing,
        };
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

    fn usual_safety(&self, snapshot: &Snapshot) -> SnapshotOptions {
        let now = self.layout.host.now().strftime("%Y%m%dT%H%M%SZ");
        SnapshotOptions {
            name: Some(format!("pre-restore-{now}")),
            description: Some(format!("what was there before restoring {}", snapshot.id)),
            scope: snapshot.scope.clone(),
            ..SnapshotOptions::default()
        }
    }

    fn take_safety(
        &self,
        snapshot: &Snapshot,
        target: &Path,
        said: SnapshotOptions,
    ) -> Result<(Tree, Option<SnapshotId>), StoreError> {
        let options = SnapshotOptions {
            excludes: snapshot_excludes(snapshot)?,
            ..said
        };
        let (safety, tree) = self
            .plan_beside_restore(target, options)?
            .take_with_tree()?;
        Ok((tree, Some(safety.id)))
    }

    /// What a directory looks like now; nothing is kept.
    pub(crate) fn survey(&self, target: &Path, excludes: &Excludes) -> Result<Tree, StoreError> {
        let previous = Previous::of(&self.layout, target, excludes)?;
        let survey = Survey::walk(&self.layout, target, excludes, previous)?;
        let surveyed = survey.read(&Ingest::digests_only(&self.layout), true)?;
        surveyed.looked.outcome().into_tree(target)
    }

    /// Writes the journal and does it. Before that, everything that can be known to fail fails.
    fn apply<E: From<StoreError>>(
        &self,
        work: &Work<'_>,
        changes: &[Change],
        safety: Option<SnapshotId>,
        then: impl FnOnce(&Restored) -> Result<(), E>,
    ) -> Result<Restored, E> {
        let layout = &self.layout;
        let peers = diff::peers(work.wanted)
            .map_err(|crate::wire::Malformed(why)| StoreError::damaged(&layout.trees(), why))?;
        let plan = plan::Plan::of(changes, &peers);
        let directories = attributes::wanted(&plan.directories, work.wanted)
            .map_err(|crate::wire::Malformed(why)| StoreError::damaged(&layout.trees(), why))?;
        let blobs = Blobs::load(layout)?;
        let ready = preflight::check(work.dir, &blobs, &plan)?;
        let journal = journal::begin(layout, work.snapshot, work.dir.path(), safety.clone())?;
        let means = apply::Means {
            root: work.dir,
            blobs: &blobs,
            ready,
            meter: layout.meter(crate::progress::Stage::Write, Some(plan.bytes)),
            manner: apply::Manner::InPlace,
            unique: layout.unique_bits(),
        };
        let restore = apply::Restore::new(means);
        attributes::open_up(&restore, &plan.directories)?;
        restore.carry_out(&plan)?;
        let mut restored = restore.finish(&directories)?;
        restored.safety = safety;
        then(&restored)?;
        journal.finish()?;
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
