//! Finding, comparing, pinning and deleting snapshots.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::catalog;
use crate::diff::Change;
use crate::error::StoreError;
use crate::id::SnapshotId;
use crate::restore::snapshot_excludes;
use crate::retention::{Candidate, Decision, Policy};
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};

impl Store<Opened> {
    /// Every snapshot, oldest first. Damaged records are in the second list.
    pub fn list(&self) -> Result<(Vec<Snapshot>, Vec<StoreError>), StoreError> {
        catalog::all(&self.layout)
    }

    /// The snapshot of this id, of an id that begins so, or of this name (the newest).
    pub fn get(&self, text: &str) -> Result<Snapshot, StoreError> {
        catalog::resolve(&self.layout, text)
    }

    /// What differs between two snapshots, in the order of the paths.
    pub fn diff(&self, before: &Snapshot, after: &Snapshot) -> Result<Vec<Change>, StoreError> {
        let _guard = self.share()?;
        if before.tree == after.tree {
            return Ok(Vec::new());
        }
        self.changes(Some(&self.tree(before)?), &self.tree(after)?, after)
    }

    /// What differs between a snapshot and a directory as it is now.
    pub fn diff_live(&self, before: &Snapshot, live: &Path) -> Result<Vec<Change>, StoreError> {
        let _guard = self.share()?;
        let live = self.canonical(live)?;
        let now = self.survey(&live, &snapshot_excludes(before)?)?;
        self.changes(Some(&self.tree(before)?), &now, before)
    }

    /// Keeps a snapshot from retention and deletion, or no longer.
    pub fn pin(&self, id: &SnapshotId, pinned: bool) -> Result<Snapshot, StoreError> {
        let _guard = self.share()?;
        let record = catalog::record_of(&self.layout, id)?;
        let snapshot = Snapshot {
            pinned,
            ..catalog::read(&self.layout, &record)?
        };
        catalog::write(&self.layout, &snapshot)?;
        Ok(snapshot)
    }

    /// Deletes what a policy does not keep, and tells what it decided. A dry run only decides.
    pub fn retain(
        &self,
        policy: &Policy,
        zone: &TimeZone,
        dry_run: bool,
    ) -> Result<Vec<Decision>, StoreError> {
        let (snapshots, _) = self.list()?;
        let candidates: Vec<Candidate> = snapshots
            .into_iter()
            .map(|snapshot| Candidate {
                id: snapshot.id,
                created_at: snapshot.created_at,
                pinned: snapshot.pinned,
            })
            .collect();
        let decisions = policy.decide(&candidates, self.layout.host.now(), zone);
        if !dry_run {
            for decision in decisions.iter().filter(|decision| !decision.keeps()) {
                match self.delete(&decision.id) {
                    // Pinned, needed or deleted by somebody else since.
                    Err(
                        StoreError::Pinned(_)
                        | StoreError::NoSnapshot(_)
                        | StoreError::RestorePending { .. },
                    ) => {}
                    other => other?,
                }
            }
        }
        Ok(decisions)
    }

    /// Deletes a snapshot. What only it needs is given back by the next prune. One that a restore
    /// under way needs, or that holds what was there before, stays.
    pub fn delete(&self, id: &SnapshotId) -> Result<(), StoreError> {
        let _guard = self.share()?;
        for pending in self.pending_restores()? {
            if pending.snapshot == *id || pending.safety.as_ref() == Some(id) {
                return Err(StoreError::RestorePending {
                    snapshot: pending.snapshot,
                    target: pending.target,
                });
            }
        }
        let record = catalog::record_of(&self.layout, id)?;
        match catalog::read(&self.layout, &record) {
            Ok(snapshot) if snapshot.pinned => return Err(StoreError::Pinned(id.clone())),
            Ok(_) => {}
            // A record that cannot be read is of no use to anybody.
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error),
        }
        Ok(self.layout.host.remove_file(&record.path(&self.layout))?)
    }
}
