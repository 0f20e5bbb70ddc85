//! Reads a pack.

use std::ffi::OsStr;
use std::path::Path;

use exuvia_host::disk::{Dir, File};

use super::footer::{FOOTER_BYTES, Footer};
use super::{BlockEntry, MAGIC, PackIndex};
use crate::compress;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::wire::Malformed;

/// A pack that is held open.
#[derive(Debug)]
pub(crate) struct Pack {
    file: File,
    len: u64,
    index: PackIndex,
}

impl Pack {
    /// Opens one by its name. One good copy of the index is enough.
    pub(crate) fn open(packs: &Dir, name: &OsStr) -> Result<Self, StoreError> {
        let file = packs.open_file(name)?;
        let len = file.stat()?.size;
        let index = read_index(&file, len, 1).or_else(|_| read_index(&file, len, 2))?;
        Ok(Self { file, len, index })
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn index(&self) -> &PackIndex {
        &self.index
    }

    /// Its size in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The bytes of a block as they lie in the file, into `stored`.
    pub(crate) fn read_stored(
        &self,
        block: &BlockEntry,
        stored: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        stored.resize(block.stored_len as usize, 0);
        Ok(self.file.read_exact_at(stored, block.offset)?)
    }

    /// The content of a block, into `raw`. Nothing is verified but that it can be unpacked and has
    /// its length: whoever takes a content out of it verifies that.
    pub(crate) fn read_block(
        &self,
        block: &BlockEntry,
        stored: &mut Vec<u8>,
        raw: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        self.read_stored(block, stored)?;
        self.unpack(block, stored, raw)
    }

    /// Unpacks a block.
    pub(crate) fn unpack(
        &self,
        block: &BlockEntry,
        stored: &[u8],
        raw: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let len = block.raw_len as usize;
        if block.stored_len == block.raw_len {
            raw.clear();
            raw.extend_from_slice(stored);
            return Ok(());
        }
        match compress::unpack(stored, len, raw) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(self.damaged(block, "cannot be unpacked")),
        }
    }

    /// A block that is not as it was written.
    pub(crate) fn damaged(&self, block: &BlockEntry, why: &str) -> StoreError {
        StoreError::damaged(self.path(), format!("the block at {} {why}", block.offset))
    }

    /// What is wrong with header, indexes and footers: each of their bytes is looked at.
    pub(crate) fn check_frame(&self) -> Vec<StoreError> {
        let mut header = [0; MAGIC.len()];
        let mut found = Vec::new();
        match self.file.read_exact_at(&mut header, 0) {
            Ok(()) if header == *MAGIC => {}
            Ok(()) => found.push(StoreError::damaged(
                self.path(),
                "it does not begin as a pack does",
            )),
            Err(error) => found.push(error.into()),
        }
        for copy in [1, 2] {
            if let Err(error) = read_index(&self.file, self.len, copy) {
                found.push(error);
            }
        }
        found
    }
}

/// Reads an index by the `copy`-th footer from the end.
fn read_index(file: &File, len: u64, copy: u64) -> Result<PackIndex, StoreError> {
    let damaged = |Malformed(why)| StoreError::damaged(file.path(), why);
    let mut bytes = [0; FOOTER_BYTES];
    let at = len
        .checked_sub(copy * FOOTER_BYTES as u64)
        .ok_or(damaged(Malformed("it is cut short")))?;
    file.read_exact_at(&mut bytes, at)?;
    let footer = Footer::decode(&bytes).map_err(damaged)?;
    let fits = footer.offset.checked_add(footer.len);
    if fits.is_none_or(|end| end > at) {
        return Err(damaged(Malformed("its footer points outside of it")));
    }
    let size =
        usize::try_from(footer.len).map_err(|_| damaged(Malformed("its index is too long")))?;
    let mut index = vec![0; size];
    file.read_exact_at(&mut index, footer.offset)?;
    if BlobId::of(&index) != footer.digest {
        return Err(damaged(Malformed("its index is not as it was written")));
    }
    PackIndex::decode(&index).map_err(damaged)
}
