//! Writes a pack, from several threads at once.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exuvia_host::disk::{Dir, File};

use super::footer::Footer;
use super::syncer::Syncer;
use super::{BlobEntry, BlockEntry, MAGIC, PackIndex, SUFFIX};
use crate::compress::compress;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::wire::length;

/// How much is written before the kernel is told to begin with it.
const WRITE_BACK: u64 = 8 << 20;
/// How much is written before somebody waits for it to be durable, meanwhile.
const SYNC: u64 = 32 << 20;

/// A pack that is being written. Nothing is written before the first block.
#[derive(Debug)]
pub(crate) struct PackWriter<'s> {
    layout: &'s Layout,
    state: Mutex<State>,
}

/// A pack that has been written.
#[derive(Debug)]
pub(crate) struct Written {
    /// The name of its file.
    pub(crate) name: String,
    /// Its size in bytes.
    pub(crate) len: u64,
}

#[derive(Debug, Default)]
struct State {
    file: Option<Pending>,
    end: u64,
    /// Up to where the kernel was told to begin writing.
    begun: u64,
    /// Up to where it is being made durable.
    synced: u64,
    index: PackIndex,
}

impl State {
    /// Lets the disk begin with what there is: otherwise everything would wait for it at the end.
    fn write_back(&mut self) {
        let Some(pending) = &mut self.file else {
            return;
        };
        let waiting = self.end - self.begun;
        if waiting >= WRITE_BACK {
            pending.file.begin_write_back(self.begun, waiting);
            self.begun = self.end;
        }
        if self.end - self.synced >= SYNC {
            let file = &pending.file;
            let syncer = pending
                .syncer
                .get_or_insert_with(|| Syncer::new(Arc::clone(file)));
            syncer.wake();
            self.synced = self.end;
        }
    }
}

/// The file under its temporary name, which is removed unless it becomes a pack.
#[derive(Debug)]
struct Pending {
    dir: Dir,
    name: String,
    file: Arc<File>,
    syncer: Option<Syncer>,
    published: bool,
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.published {
            // A leftover is collected by the next prune, so failing here harms nobody.
            let _ = self.dir.remove_file(OsStr::new(&self.name));
        }
    }
}

impl<'s> PackWriter<'s> {
    pub(crate) fn new(layout: &'s Layout) -> Self {
        Self {
            layout,
            state: Mutex::default(),
        }
    }

    /// Compresses and appends a block.
    pub(crate) fn add(&self, raw: &[u8], blobs: &[(BlobId, u32, u32)]) -> Result<(), StoreError> {
        let packed = compress(raw).map_err(|source| StoreError::Compress {
            path: self.layout.packs(),
            source,
        })?;
        let stored = if packed.len() < raw.len() {
            &packed
        } else {
            raw
        };
        self.append(stored, raw.len(), blobs)
    }

    /// Appends a block as it lies in another pack.
    fn append(
        &self,
        stored: &[u8],
        raw_len: usize,
        blobs: &[(BlobId, u32, u32)],
    ) -> Result<(), StoreError> {
        let digest = BlobId::of(stored);
        let mut state = self.state();
        if state.file.is_none() {
            let pending = self.create()?;
            pending.file.write_at(MAGIC, 0)?;
            state.file = Some(pending);
            state.end = MAGIC.len() as u64;
        }
        let offset = state.end;
        let end = offset + stored.len() as u64;
        if let Some(pending) = &state.file {
            pending.file.write_at(stored, offset)?;
        }
        state.end = end;
        state.write_back();
        let block = length(state.index.blocks.len());
        state.index.blocks.push(BlockEntry {
            offset,
            stored_len: length(stored.len()),
            raw_len: length(raw_len),
            digest,
        });
        let entries = blobs.iter().map(|&(id, offset, len)| BlobEntry {
            id,
            block,
            offset,
            len,
        });
        state.index.blobs.extend(entries);
        Ok(())
    }

    fn create(&self) -> Result<Pending, StoreError> {
        let dir = self.layout.open(&self.layout.tmp())?;
        let name = self.layout.fresh_name("pack");
        let file = Arc::new(dir.create_file(OsStr::new(&name), 0o600)?);
        Ok(Pending {
            dir,
            name,
            file,
            syncer: None,
            published: false,
        })
    }

    /// Makes it durable and gives it its name. There is none if there was no block.
    pub(crate) fn finish(self) -> Result<Option<Written>, StoreError> {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(mut pending) = state.file else {
            return Ok(None);
        };
        let index = state.index.encode();
        let digest = BlobId::of(&index);
        let footers = footers(state.end, index.len() as u64, digest);
        let mut len = state.end;
        for part in [&index, &index, &footers] {
            pending.file.write_at(part, len)?;
            len += part.len() as u64;
        }
        if let Some(syncer) = pending.syncer.take() {
            syncer.finish()?;
        }
        pending.file.sync()?;
        let packs = self.layout.open(&self.layout.packs())?;
        let name = format!("{}{SUFFIX}", digest.to_hex());
        pending
            .dir
            .rename(OsStr::new(&pending.name), &packs, OsStr::new(&name))?;
        pending.published = true;
        packs.sync()?;
        Ok(Some(Written { name, len }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both footers, for an index that lies at `start` and once more behind that.
fn footers(start: u64, len: u64, digest: BlobId) -> Vec<u8> {
    let footer = |offset| Footer {
        offset,
        len,
        digest,
    };
    [footer(start).encode(), footer(start + len).encode()].concat()
}
