//! Giving a backup back.
//!
//! rustic's own restore writes into files that are there, follows what lies in the way and only
//! logs what it could not set; so nothing of it is used here but the reading. Everything is written
//! below a directory that is held open, into files that did not exist, by names that were looked at
//! before the first of them is made.

mod attributes;
mod fetch;
mod origin;
mod plan;
mod write;

use std::path::{Path, PathBuf};

use exuvia_host::disk::Dir;
use exuvia_host::{Home, HostError, Links};
use exuvia_store::{Opened, Snapshot, SnapshotId, Store, StoreError};

use crate::backup::Backup;
use crate::error::BackupError;
use crate::progress::Stage;
use crate::repository::Repository;
use origin::Origin;
use plan::Plan;

/// What a restore gave back.
#[derive(Debug, Default)]
pub struct Restored {
    /// How many files there are now, links to the same file counted each.
    pub files: u64,
    /// How many directories, the target not counted.
    pub directories: u64,
    /// How many bytes were written.
    pub bytes: u64,
    /// What the machine did not allow: owners and attributes that only root may set; and what no
    /// restore makes, such as devices.
    pub refused: Vec<Refused>,
}

/// Something that is not as it was in the backup.
#[derive(Debug)]
pub struct Refused {
    /// Its path in the backup.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// A backup that is a snapshot of the local store again.
#[derive(Debug)]
pub struct Adopted {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Whether it was in the store before, and nothing was done.
    pub already_there: bool,
    /// What the machine did not allow, and is not in the snapshot as it was.
    pub refused: Vec<Refused>,
}

impl Repository {
    /// Restores a backup into a directory that is empty or not there yet.
    ///
    /// That of a snapshot has the snapshot's tree, one of another program all paths from the root.
    /// Holes come back as holes where a whole block of the backup is zeros, else filled.
    pub fn restore_to(&self, backup: &Backup, target: &Path) -> Result<Restored, BackupError> {
        let dir = self.empty_target(target)?;
        self.progress.stage(Stage::Prepare, None);
        let origin = self.origin(backup)?;
        self.restore_origin(&origin, &dir)
            .map_err(|error| half(target, error))
    }

    /// Restores a backup of a snapshot into the local store, where it is that snapshot again.
    pub fn restore_into_store(
        &self,
        backup: &Backup,
        store: &Store<Opened>,
        home: &Home,
    ) -> Result<Adopted, BackupError> {
        let Some(id) = &backup.snapshot else {
            return Err(BackupError::Foreign(backup.id.clone()));
        };
        if let Some(snapshot) = in_store(store, id)? {
            return Ok(Adopted {
                snapshot,
                already_there: true,
                refused: Vec::new(),
            });
        }
        self.progress.stage(Stage::Prepare, None);
        let origin = self.origin(backup)?;
        let Some(record) = origin.snapshot.clone() else {
            return Err(BackupError::Foreign(backup.id.clone()));
        };
        let staging = home
            .scratch()
            .join(format!("backup-{}", backup.id.as_str()));
        // What a killed restore of this backup left.
        self.host.remove_tree(&staging)?;
        let dir = self.empty_target(&staging)?;
        let restored = self
            .restore_origin(&origin, &dir)
            .and_then(|restored| Ok((store.adopt(&staging, record)?, restored)));
        let removed = self.host.remove_tree(&staging);
        let (snapshot, restored) = restored?;
        removed?;
        Ok(Adopted {
            snapshot,
            already_there: false,
            refused: restored.refused,
        })
    }

    fn restore_origin(&self, origin: &Origin, dir: &Dir) -> Result<Restored, BackupError> {
        let plan = Plan::of(origin)?;
        let free = dir.free_space()?;
        if plan.bytes > free {
            return Err(BackupError::NoSpace {
                path: dir.path().to_owned(),
                needed: plan.bytes,
                free,
            });
        }
        self.progress.stage(Stage::Restore, Some(plan.bytes));
        write::all(self, origin, &plan, dir)
    }

    /// The target, made if it is not there.
    fn empty_target(&self, target: &Path) -> Result<Dir, BackupError> {
        let bad = |why| BackupError::BadTarget {
            target: target.to_owned(),
            why,
        };
        match self.host.metadata(target, Links::Refuse) {
            Err(error) if error.is_not_found() => self.host.create_private_dir(target)?,
            Err(error) => return Err(error.into()),
            Ok(meta) if meta.kind == exuvia_host::EntryKind::Directory => {}
            Ok(_) => return Err(bad("it is no directory")),
        }
        let dir = self.disk.open_dir(target)?;
        if dir.list()?.is_empty() {
            Ok(dir)
        } else {
            Err(bad("it is not empty"))
        }
    }
}

fn in_store(store: &Store<Opened>, id: &SnapshotId) -> Result<Option<Snapshot>, BackupError> {
    match store.get(id.as_str()) {
        Ok(snapshot) if snapshot.id == *id => Ok(Some(snapshot)),
        Ok(_) | Err(StoreError::NoSnapshot(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Nobody shall take a part for the whole.
fn half(target: &Path, error: BackupError) -> BackupError {
    match error {
        BackupError::BadTarget { .. } | BackupError::NoSpace { .. } => error,
        other => BackupError::Half {
            target: target.to_owned(),
            source: Box::new(other),
        },
    }
}

/// What only root may do, or the file system cannot hold.
fn is_refusal(error: &HostError) -> bool {
    use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), PermissionDenied | Unsupported | InvalidInput)
}
