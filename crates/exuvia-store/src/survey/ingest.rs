//! Takes contents in: each once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::blobs::{BlobSet, Blobs};
use crate::error::StoreError;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::pack::{BlockBuilder, PackWriter};

/// How many sets the contents are spread over, so that threads seldom wait for each other.
const SHARDS: usize = 64;

type Shard = Mutex<BlobSet>;

/// Where contents go: into a new pack, or, when only their digests are wanted, nowhere.
#[derive(Debug)]
pub(crate) struct Ingest<'s> {
    pub(crate) layout: &'s Layout,
    target: Option<Target<'s>>,
    read_files: AtomicU64,
}

#[derive(Debug)]
struct Target<'s> {
    known: Blobs,
    taken: Vec<Shard>,
    writer: PackWriter<'s>,
    /// What is left over of blocks when a thread has nothing more to read.
    rest: Mutex<BlockBuilder>,
}

impl<'s> Ingest<'s> {
    /// Keeps what the store does not have yet.
    pub(crate) fn keeping(layout: &'s Layout) -> Result<Self, StoreError> {
        let target = Target {
            known: Blobs::load(layout)?,
            taken: (0..SHARDS).map(|_| Shard::default()).collect(),
            writer: PackWriter::new(layout),
            rest: Mutex::default(),
        };
        Ok(Self {
            layout,
            target: Some(target),
            read_files: AtomicU64::new(0),
        })
    }

    /// Keeps nothing.
    pub(crate) fn digests_only(layout: &'s Layout) -> Self {
        Self {
            layout,
            target: None,
            read_files: AtomicU64::new(0),
        }
    }

    /// Whether this content is new, and the caller the one who puts it in.
    pub(crate) fn claim(&self, id: BlobId) -> bool {
        let Some(target) = &self.target else {
            return false;
        };
        if target.known.contains(id) {
            return false;
        }
        let shard = usize::from(id.as_bytes()[8]) % SHARDS;
        target.taken.get(shard).is_some_and(|shard| {
            shard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id)
        })
    }

    /// Writes the block if it is full.
    pub(crate) fn flush_if_full(&self, block: &mut BlockBuilder) -> Result<(), StoreError> {
        match &self.target {
            Some(target) => block.flush_if_full(&target.writer),
            None => Ok(()),
        }
    }

    /// Takes over what is left in a block: it shares one with what others left.
    pub(crate) fn leave(&self, block: &mut BlockBuilder) -> Result<(), StoreError> {
        let Some(target) = &self.target else {
            return Ok(());
        };
        let full = {
            let mut rest = target.rest.lock().unwrap_or_else(PoisonError::into_inner);
            rest.append(block);
            rest.is_full().then(|| std::mem::take(&mut *rest))
        };
        match full {
            Some(mut full) => full.flush(&target.writer),
            None => Ok(()),
        }
    }

    /// Writes what is left of blocks.
    pub(crate) fn finish_blocks(&self) -> Result<(), StoreError> {
        match &self.target {
            Some(target) => target
                .rest
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .flush(&target.writer),
            None => Ok(()),
        }
    }

    /// Makes what was taken in durable. Tells how many bytes the store grew by.
    pub(crate) fn finish(self) -> Result<u64, StoreError> {
        match self.target {
            Some(target) => Ok(target.writer.finish()?.map_or(0, |written| written.len)),
            None => Ok(0),
        }
    }

    pub(crate) fn count_file(&self) {
        self.read_files.fetch_add(1, Ordering::Relaxed);
    }

    /// How many files were read.
    pub(crate) fn read_files(&self) -> u64 {
        self.read_files.load(Ordering::Relaxed)
    }
}
