//! Backing a snapshot up.

use std::collections::HashMap;
use std::sync::Arc;

use exuvia_store::{Opened, Snapshot, SnapshotId, Store};
use jiff::tz::TimeZone;
use rustic_core::repofile::SnapshotFile;
use rustic_core::{
    BackupOptions, IndexedIdsStatus, ParentOptions, Repository as Rustic, SnapshotGroupCriterion,
};
use serde::Serialize;

use crate::backup::{Backup, BackupId, tags};
use crate::error::{BackupError, told};
use crate::lock::Sharing;
use crate::progress::Stage;
use crate::repository::Repository;
use crate::source::{Source, Unfit};
use crate::storage::{Kind, Name};

/// What a push did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pushed {
    /// The backup.
    pub backup: BackupId,
    /// What it is a backup of.
    pub snapshot: SnapshotId,
    /// Whether it was there before, and nothing was done.
    pub already_there: bool,
    /// How many files were read; the others are as in the backup before.
    pub files_read: u64,
    /// How many bytes went to the repository.
    pub uploaded_bytes: u64,
    /// How many packs of a push that was cut short were used.
    pub reused_packs: usize,
}

/// The program that wrote a backup, as restic keeps it.
const PROGRAM: &str = concat!("exuvia ", env!("CARGO_PKG_VERSION"));

impl Repository {
    /// Backs a snapshot up, unless it is backed up already. `install` is the id of the install that
    /// it is of.
    ///
    /// The backup is published last, when all that it needs is known to be there. What a push that
    /// died left is used by the next.
    pub fn push(
        &self,
        store: &Store<Opened>,
        snapshot: &Snapshot,
        install: Option<&str>,
    ) -> Result<Pushed, BackupError> {
        self.progress.stage(Stage::Prepare, None);
        let _lock = self.lock(Sharing::Shared)?;
        let files = self.files()?;
        if let Some(there) = files.iter().find(|file| is_of(file, snapshot)) {
            return Ok(Pushed {
                backup: BackupId::of(there),
                snapshot: snapshot.id.clone(),
                already_there: true,
                files_read: 0,
                uploaded_bytes: 0,
                reused_packs: 0,
            });
        }
        let before = self.depot.uploaded();
        let reused_packs = self.adopt_leftovers()?;
        let record = self.record(snapshot, install);
        let options = options(&files, &record);
        let contents = store.contents(snapshot)?;
        let source = Source::new(contents, snapshot, Arc::clone(&self.depot))
            .map_err(|unfit| unfit_of(snapshot, unfit))?;
        let indexed = self
            .again(Stage::Push)?
            .to_indexed_ids()
            .map_err(|error| self.failed(&error))?;
        let files_read = self.archive(&indexed, &options, &source, record, snapshot)?;
        let backup = self.publish(snapshot)?;
        Ok(Pushed {
            backup,
            snapshot: snapshot.id.clone(),
            already_there: false,
            files_read,
            uploaded_bytes: self.depot.uploaded() - before,
            reused_packs,
        })
    }

    /// Writes everything but the backup itself, and gives the number of files that were read.
    fn archive(
        &self,
        indexed: &Rustic<IndexedIdsStatus>,
        options: &BackupOptions,
        source: &Source,
        record: SnapshotFile,
        snapshot: &Snapshot,
    ) -> Result<u64, BackupError> {
        self.progress.stage(Stage::Push, Some(snapshot.stats.bytes));
        self.depot.withhold();
        let paths = [snapshot.source.clone()];
        let archived = indexed.archive(options, source, record, &paths);
        let failure = self.depot.take_failure();
        let file = match (archived, failure) {
            (Ok(file), None) => file,
            (Ok(_), Some(why)) => return Err(self.not_whole(snapshot, why)),
            (Err(error), failure) => {
                let why = failure.unwrap_or_else(|| told(&error));
                return Err(self.not_whole(snapshot, why));
            }
        };
        let summary = file.summary.unwrap_or_default();
        let expected = source.files;
        if summary.total_files_processed != expected {
            let got = summary.total_files_processed;
            let why = format!("{got} of {expected} files were read");
            return Err(self.not_whole(snapshot, why));
        }
        Ok(summary.files_new + summary.files_changed)
    }

    /// Writes what was held back: first what makes the packs count, when all of them are there, and
    /// then the backup, when that is.
    fn publish(&self, snapshot: &Snapshot) -> Result<BackupId, BackupError> {
        let withheld = self.depot.release();
        self.prove(snapshot, Kind::Data, &withheld.packs)?;
        let mut indexes = Vec::new();
        for (name, content) in withheld.indexes {
            let size = content.len() as u64;
            self.depot.publish(&name, content)?;
            indexes.push((name, size));
        }
        self.prove(snapshot, Kind::Index, &indexes)?;
        let mut backups = withheld.backups.into_iter();
        let (Some((name, content)), None) = (backups.next(), backups.next()) else {
            let why = "no backup was made".to_owned();
            return Err(self.not_whole(snapshot, why));
        };
        let size = content.len() as u64;
        self.depot.publish(&name, content)?;
        self.prove(snapshot, Kind::Snapshots, &[(name.clone(), size)])?;
        Ok(BackupId::of_name(&name))
    }

    /// A server may say that it wrote a file and not have it.
    fn prove(
        &self,
        snapshot: &Snapshot,
        kind: Kind,
        written: &[(Name, u64)],
    ) -> Result<(), BackupError> {
        if written.is_empty() {
            return Ok(());
        }
        let listed = self.depot.storage().list(kind)?;
        let there: HashMap<Name, u64> = listed.into_iter().collect();
        for (name, size) in written {
            if there.get(name) != Some(size) {
                let why = format!("{name} was written and is not there, or not whole");
                return Err(self.not_whole(snapshot, why));
            }
        }
        Ok(())
    }

    /// What the repository keeps of the backup beside its tree.
    fn record(&self, snapshot: &Snapshot, install: Option<&str>) -> SnapshotFile {
        let mut file = SnapshotFile::default();
        file.hostname.clone_from(&self.host_name);
        file.time = snapshot.created_at.to_zoned(TimeZone::UTC);
        PROGRAM.clone_into(&mut file.program_version);
        file.description.clone_from(&snapshot.description);
        for tag in tags(snapshot, install) {
            file.tags.add(tag);
        }
        file
    }

    fn not_whole(&self, snapshot: &Snapshot, why: String) -> BackupError {
        self.depot.release();
        BackupError::NotWhole {
            snapshot: snapshot.id.clone(),
            at: self.address.to_string(),
            why,
        }
    }
}

/// The parent is named: nothing else is asked of it.
fn any() -> SnapshotGroupCriterion {
    let mut criterion = SnapshotGroupCriterion::default();
    criterion.hostname = false;
    criterion.label = false;
    criterion.paths = false;
    criterion.tags = false;
    criterion
}

fn is_of(file: &SnapshotFile, snapshot: &Snapshot) -> bool {
    Backup::of(file).snapshot.as_ref() == Some(&snapshot.id)
}

/// What is as in the newest backup of the same thing is not read again.
fn options(files: &[SnapshotFile], record: &SnapshotFile) -> BackupOptions {
    let own = Backup::of(record);
    let is_parent = |file: &&SnapshotFile| {
        let other = Backup::of(file);
        other.host == own.host && other.install == own.install && other.scope == own.scope
    };
    let parent = files
        .iter()
        .filter(is_parent)
        .max_by_key(|file| file.time.timestamp());
    let mut parents = ParentOptions::default();
    parents.group_by = Some(any());
    parents.force = parent.is_none();
    parents.parents = parent
        .iter()
        .map(|file| file.id.to_hex().as_str().to_owned())
        .collect();
    let mut options = BackupOptions::default();
    options.parent_opts = parents;
    options
}

fn unfit_of(snapshot: &Snapshot, unfit: Unfit) -> BackupError {
    match unfit {
        Unfit::Store(error) => BackupError::Store(error),
        Unfit::Because(why) => BackupError::Unfit {
            snapshot: snapshot.id.clone(),
            why,
        },
    }
}
