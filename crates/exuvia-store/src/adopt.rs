//! Taking a copy that came back from elsewhere as the snapshot that it was.

use std::path::Path;

use crate::catalog;
use crate::error::StoreError;
use crate::plan::SnapshotOptions;
use crate::snapshot::{Snapshot, Stats};
use crate::store::{Opened, Store};

impl Store<Opened> {
    /// Takes `directory`, a restored copy, as the snapshot that `record` tells of: same id, name,
    /// time and source, so that it can be restored to where it came from.
    ///
    /// A process that dies in between leaves a snapshot of the copy, which retention treats like
    /// any other.
    pub fn adopt(&self, directory: &Path, record: Snapshot) -> Result<Snapshot, StoreError> {
        let _guard = self.share()?;
        let options = SnapshotOptions {
            description: Some(format!("copy of {}, being taken over", record.id)),
            scope: record.scope.clone(),
            ..SnapshotOptions::default()
        };
        let taken = self.snapshot(directory, options)?;
        let snapshot = Snapshot {
            tree: taken.tree,
            stats: Stats {
                read_files: taken.stats.read_files,
                added_bytes: taken.stats.added_bytes,
                ..record.stats
            },
            ..record
        };
        catalog::write(&self.layout, &snapshot)?;
        self.delete(&taken.id)?;
        Ok(snapshot)
    }
}
