//! What a push that was killed left: packs that no index knows.
//!
//! rustic writes an index when it has much to tell or is done, and what is in no index is uploaded
//! again. Repairing the index as rustic does would also drop packs from it that the server does not
//! list just now; so rustic is shown those packs alone, as if there were no index, and only adds.

use std::collections::HashSet;

use rustic_core::RepairIndexOptions;
use rustic_core::repofile::IndexFile;

use crate::error::BackupError;
use crate::progress::Stage;
use crate::repository::Repository;
use crate::storage::{Kind, Name};

impl Repository {
    /// Makes packs of earlier pushes known that no index knows, and tells how many. A pack that was
    /// cut off has no readable header, and is left for the next prune.
    pub(crate) fn adopt_leftovers(&self) -> Result<usize, BackupError> {
        let unknown = self.unknown_packs()?;
        if unknown.is_empty() {
            return Ok(0);
        }
        let before = self.depot.storage().list(Kind::Index)?.len();
        let count = unknown.len();
        self.depot.show_only(Some(unknown));
        let repaired = self.again_uncached(Stage::Prepare).and_then(|rustic| {
            rustic
                .repair_index(&RepairIndexOptions::default(), false)
                .map_err(|error| self.failed(&error))
        });
        self.depot.show_only(None);
        repaired?;
        // A header that cannot be read was logged by rustic and is no failure of this push.
        self.depot.take_failure();
        let after = self.depot.storage().list(Kind::Index)?.len();
        Ok(if after > before { count } else { 0 })
    }

    /// Packs that no index knows. That an index knows packs which are not there is an error: what
    /// is believed to be in them would not be uploaded.
    fn unknown_packs(&self) -> Result<Vec<(Name, u64)>, BackupError> {
        let mut known = self.indexed_packs()?;
        let packs = self.depot.storage().list(Kind::Data)?;
        let unknown: Vec<(Name, u64)> = packs
            .into_iter()
            .filter(|(name, _)| !known.remove(name.id()))
            .collect();
        match known.iter().next() {
            None => Ok(unknown),
            Some(first) => Err(BackupError::Failed {
                at: self.address.to_string(),
                why: format!(
                    "its index names packs that are not there, {} of them, {first} for one; \
                     `exuvia backup check` tells what that harms, and `restic repair index` (of \
                     restic 0.16 and later; before `restic rebuild-index`) makes the repository \
                     usable without them",
                    known.len()
                ),
            }),
        }
    }

    fn indexed_packs(&self) -> Result<HashSet<String>, BackupError> {
        let mut known = HashSet::new();
        let indexes = self
            .rustic
            .stream_files::<IndexFile>()
            .map_err(|error| self.failed(&error))?;
        for index in indexes {
            let (_, index) = index.map_err(|error| self.failed(&error))?;
            let all = index.packs.iter().chain(&index.packs_to_delete);
            known.extend(all.map(|pack| pack.id.to_hex().as_str().to_owned()));
        }
        Ok(known)
    }
}
