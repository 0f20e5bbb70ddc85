//! Keeping the store in order. What changes something is written to the journal.

use std::collections::BTreeMap;

use exuvia_model::journal::Operation;
use exuvia_store::retention::{Candidate, Decision, Policy};
use exuvia_store::{Depth, Pruned, Repaired, Snapshot, SnapshotId, StoreError, Verified};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::journaled::Job;
use crate::{Context, Recovery, RecoveryError};

impl Recovery {
    /// Deletes a snapshot. What only it needs is given back by the next prune.
    pub fn delete(&self, id: &SnapshotId) -> Result<(), RecoveryError> {
        let job = job(Operation::Delete, id.as_str(), "the deletion");
        self.journaled(job, |_| Ok(self.store.delete(id)?), |()| json!({}))?;
        Ok(())
    }

    /// Keeps a snapshot from retention and deletion, or no longer.
    pub fn pin(&self, id: &SnapshotId, pinned: bool) -> Result<Snapshot, RecoveryError> {
        let job = job(Operation::Pin, id.as_str(), "the pinning");
        let (snapshot, _) = self.journaled(
            job,
            |_| Ok(self.store.pin(id, pinned)?),
            |_| json!({ "pinned": pinned }),
        )?;
        Ok(snapshot)
    }

    /// Looks whether everything is as it was written. Nothing is changed.
    pub fn verify(&self, depth: Depth) -> Result<Verified, RecoveryError> {
        Ok(self.store.verify(depth)?)
    }

    /// Takes out of use what is harmed, and keeps the rest.
    pub fn repair(&self) -> Result<Repaired, RecoveryError> {
        let job = job(Operation::Repair, "store", "the repair");
        let (repaired, _) = self.journaled(
            job,
            |_| Ok(self.store.repair()?),
            |repaired| {
                json!({
                    "lost": repaired.lost.len(),
                    "quarantined": repaired.quarantined.len(),
                })
            },
        )?;
        Ok(repaired)
    }

    /// Gives back the room of what no snapshot needs; a dry run only tells how much that is.
    pub fn prune(&self, dry_run: bool) -> Result<Pruned, RecoveryError> {
        if dry_run {
            return Ok(self.store.prune(true)?);
        }
        let job = job(Operation::Prune, "store", "the pruning");
        let (pruned, _) = self.journaled(
            job,
            |_| Ok(self.store.prune(false)?),
            |pruned| json!({ "bytes": pruned.bytes }),
        )?;
        Ok(pruned)
    }

    /// Deletes what a policy does not keep, and tells what it decided; a dry run only decides. The
    /// policy is for each install, and each agent of it, by itself: a busy one does not push out the
    /// snapshots of another. Hours and days are the user's own.
    pub fn retain(&self, policy: &Policy, dry_run: bool) -> Result<Vec<Decision>, RecoveryError> {
        let now = self.host.now();
        let zone = TimeZone::fixed(self.host.utc_offset(now));
        let (snapshots, _) = self.store.list()?;
        let mut groups: BTreeMap<_, Vec<Candidate>> = BTreeMap::new();
        for snapshot in &snapshots {
            groups.entry(group(snapshot)).or_default().push(Candidate {
                id: snapshot.id.clone(),
                created_at: snapshot.created_at,
                pinned: snapshot.pinned,
            });
        }
        let decisions: Vec<Decision> = groups
            .values()
            .flat_map(|candidates| policy.decide(candidates, now, &zone))
            .collect();
        let dropped: Vec<&SnapshotId> = decisions
            .iter()
            .filter(|decision| !decision.keeps())
            .map(|decision| &decision.id)
            .collect();
        if !dry_run && !dropped.is_empty() {
            let job = job(Operation::Delete, "retention", "the deletion");
            self.journaled(
                job,
                |run| {
                    dropped.iter().try_for_each(|id| {
                        run.record("delete", json!({ "snapshot": id }))?;
                        self.drop(id)
                    })
                },
                |()| json!({ "snapshots": dropped.len() }),
            )?;
        }
        Ok(decisions)
    }

    /// Deletes one unless somebody pinned, needed or deleted it since it was decided on.
    fn drop(&self, id: &SnapshotId) -> Result<(), RecoveryError> {
        match self.store.delete(id) {
            Err(
                StoreError::Pinned(_)
                | StoreError::NoSnapshot(_)
                | StoreError::RestorePending { .. },
            ) => Ok(()),
            other => Ok(other?),
        }
    }
}

/// What a snapshot is one of many of.
fn group(snapshot: &Snapshot) -> (String, String, Option<String>) {
    let agent = Context::of(snapshot).and_then(|context| context.agent);
    (
        exuvia_store::escaped(&snapshot.source),
        snapshot.scope.clone(),
        agent.map(String::from),
    )
}

fn job(operation: Operation, subject: &str, what: &'static str) -> Job {
    Job {
        operation,
        install: None,
        subject: subject.to_owned(),
        detail: json!({}),
        what,
    }
}
