//! Where things lie in a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use exuvia_host::Host;
use exuvia_host::disk::{Dir, Disk, Holder};

use crate::error::StoreError;
use crate::id::BlobId;
use crate::progress::{Meter, Progress, Stage};

/// The directories of a store, the machine that it is on, and who is told how far things have come.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) disk: Disk,
    pub(crate) progress: Option<Arc<dyn Progress>>,
    root: PathBuf,
}

impl Layout {
    pub(crate) fn new(host: Arc<dyn Host>, disk: Disk, root: PathBuf) -> Self {
        Self {
            host,
            disk,
            progress: None,
            root,
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The one line that says what this is.
    pub(crate) fn format(&self) -> PathBuf {
        self.root.join("format")
    }

    /// Contents.
    pub(crate) fn packs(&self) -> PathBuf {
        self.root.join("packs")
    }

    /// What trees looked like.
    pub(crate) fn trees(&self) -> PathBuf {
        self.root.join("trees")
    }

    /// One small file for each snapshot.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// Restores that are under way.
    pub(crate) fn restores(&self) -> PathBuf {
        self.root.join("restores")
    }

    /// Who uses the store.
    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// What is not yet anything.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// What a repair took out of use.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    pub(crate) fn all(&self) -> [PathBuf; 6] {
        [
            self.packs(),
            self.trees(),
            self.snapshots(),
            self.restores(),
            self.locks(),
            self.tmp(),
        ]
    }

    pub(crate) fn open(&self, path: &Path) -> Result<Dir, StoreError> {
        Ok(self.disk.open_dir(path)?)
    }

    /// Begins to count a stage of what is being done.
    pub(crate) fn meter(&self, stage: Stage, total: Option<u64>) -> Meter {
        Meter::begin(self.progress.as_ref(), stage, total)
    }

    /// A name in [`Layout::tmp`] that no other process, now or before, has.
    pub(crate) fn fresh_name(&self, what: &str) -> String {
        format!("{what}-{:016x}", self.unique_bits())
    }

    /// Sixty-four bits that nobody else has: of the process, the time and a counter.
    pub(crate) fn unique_bits(&self) -> u64 {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let (holder, time) = (Holder::current(), self.disk.file_clock());
        let text = format!("{holder} {count} {} {}", time.seconds, time.nanos);
        let digest = BlobId::of(text.as_bytes());
        let (bits, _) = digest
            .as_bytes()
            .split_first_chunk()
            .unwrap_or((&[0; 8], &[]));
        u64::from_le_bytes(*bits)
    }
}
