//! Forgetting backups, and clearing away what only they needed.

use std::collections::BTreeMap;

use exuvia_store::SnapshotId;
use exuvia_store::retention::{Candidate, Policy, Reason};
use jiff::tz::TimeZone;
use rustic_core::PruneOptions;
use rustic_core::repofile::SnapshotId as RusticId;
use serde::Serialize;

use crate::backup::{Backup, BackupId, Lineage};
use crate::error::BackupError;
use crate::lock::Sharing;
use crate::progress::Stage;
use crate::repository::{Repository, find};

/// Which backups to forget.
#[derive(Debug, Clone)]
pub enum Which {
    /// These, by id, snapshot or name.
    Named {
        /// What somebody called them.
        names: Vec<String>,
        /// Whether the last one of an install may go.
        force: bool,
    },
    /// Those that a policy does not keep, for each install on its own. Backups of other programs
    /// are left alone, and so is the newest of each.
    Policy(Policy),
}

/// What was forgotten, or would be.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forgotten {
    /// The backups that went.
    pub forgotten: Vec<Backup>,
    /// Those that stay.
    pub kept: Vec<Backup>,
}

impl Repository {
    /// Forgets backups. A dry run only tells which.
    pub fn forget(&self, which: &Which, dry_run: bool) -> Result<Forgotten, BackupError> {
        let _lock = if dry_run {
            None
        } else {
            Some(self.lock(Sharing::Alone)?)
        };
        let backups = self.list()?;
        let chosen = match which {
            Which::Named { names, force } => named(&backups, names, *force)?,
            Which::Policy(policy) => self.by_policy(&backups, policy),
        };
        let (forgotten, kept): (Vec<Backup>, Vec<Backup>) = backups
            .into_iter()
            .partition(|backup| chosen.contains(&backup.id));
        if !dry_run && !forgotten.is_empty() {
            let ids: Vec<RusticId> = forgotten
                .iter()
                .filter_map(|backup| backup.id.as_str().parse().ok())
                .collect();
            self.rustic
                .delete_snapshots(&ids)
                .map_err(|error| self.failed(&error))?;
        }
        Ok(Forgotten { forgotten, kept })
    }

    /// Removes what no backup needs any more, and gives the bytes by which the repository shrank.
    ///
    /// Nobody else may be at work meanwhile: a pack that a push is about to need looks as if nobody
    /// needed it. So the repository is locked against all others, and a lock of theirs refuses this.
    pub fn prune(&self) -> Result<u64, BackupError> {
        let _lock = self.lock(Sharing::Alone)?;
        self.progress.stage(Stage::Prune, None);
        let before = self.size()?;
        let mut options = PruneOptions::default();
        // Nobody is at work, so nothing need be kept for a day for those who may be; and restic
        // does not understand the marks by which rustic would do so.
        options.instant_delete = true;
        let rustic = self.again_uncached(Stage::Prune)?;
        rustic
            .prune_plan(&options)
            .and_then(|plan| rustic.prune(&options, plan))
            .map_err(|error| self.failed(&error))?;
        Ok(before.saturating_sub(self.size()?))
    }

    fn size(&self) -> Result<u64, BackupError> {
        let packs = self.depot.storage().list(crate::storage::Kind::Data)?;
        Ok(packs.iter().map(|(_, size)| size).sum())
    }

    fn by_policy(&self, backups: &[Backup], policy: &Policy) -> Vec<BackupId> {
        let zone = TimeZone::fixed(self.host.utc_offset(self.host.now()));
        let mut lineages: BTreeMap<Lineage, Vec<&Backup>> = BTreeMap::new();
        for backup in backups.iter().filter(|one| one.snapshot.is_some()) {
            lineages.entry(backup.lineage()).or_default().push(backup);
        }
        let mut chosen = Vec::new();
        for backups in lineages.values() {
            let candidates: Vec<Candidate> =
                backups.iter().filter_map(|one| candidate(one)).collect();
            for decision in policy.decide(&candidates, self.host.now(), &zone) {
                if decision.keeps() || decision.reasons.contains(&Reason::Newest) {
                    continue;
                }
                let is_it = |one: &&&Backup| stand_in(&one.id).as_ref() == Some(&decision.id);
                chosen.extend(backups.iter().find(is_it).map(|one| one.id.clone()));
            }
        }
        chosen
    }
}

/// Retention knows snapshots of the store; a backup takes part under the beginning of its own id.
fn stand_in(id: &BackupId) -> Option<SnapshotId> {
    let digits = id.as_str().get(..16)?;
    SnapshotId::parse(&format!("{}{digits}", SnapshotId::PREFIX))
}

fn candidate(backup: &Backup) -> Option<Candidate> {
    Some(Candidate {
        id: stand_in(&backup.id)?,
        created_at: backup.created_at,
        pinned: backup.pinned,
    })
}

fn named(backups: &[Backup], names: &[String], force: bool) -> Result<Vec<BackupId>, BackupError> {
    let mut chosen = Vec::new();
    for name in names {
        let backup = find(backups, name)?;
        if !chosen.contains(&backup.id) {
            chosen.push(backup.id.clone());
        }
    }
    if force {
        return Ok(chosen);
    }
    for id in &chosen {
        let Some(backup) = backups.iter().find(|one| one.id == *id) else {
            continue;
        };
        let others = backups
            .iter()
            .filter(|one| one.lineage() == backup.lineage() && !chosen.contains(&one.id));
        if others.count() == 0 {
            return Err(BackupError::Last {
                backup: id.clone(),
                of: backup.lineage().to_string(),
            });
        }
    }
    Ok(chosen)
}
