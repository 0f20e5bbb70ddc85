//! Collects contents until they fill a block.

use super::{BLOCK_TARGET, PackWriter};
use crate::error::StoreError;
use crate::id::BlobId;
use crate::wire::length;

/// A block that is being filled.
#[derive(Debug, Default)]
pub(crate) struct BlockBuilder {
    raw: Vec<u8>,
    blobs: Vec<(BlobId, u32, u32)>,
}

impl BlockBuilder {
    /// Appends a content.
    pub(crate) fn push(&mut self, id: BlobId, content: &[u8]) {
        let start = length(self.raw.len());
        self.raw.extend_from_slice(content);
        self.blobs.push((id, start, length(content.len())));
    }

    /// Takes over what is in another one.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let shift = length(self.raw.len());
        self.raw.append(&mut other.raw);
        let moved = other.blobs.drain(..);
        self.blobs
            .extend(moved.map(|(id, start, len)| (id, start + shift, len)));
    }

    pub(crate) fn is_full(&self) -> bool {
        self.raw.len() >= BLOCK_TARGET
    }

    /// Writes the block if it is full.
    pub(crate) fn flush_if_full(&mut self, writer: &PackWriter) -> Result<(), StoreError> {
        if self.is_full() {
            self.flush(writer)?;
        }
        Ok(())
    }

    /// Writes what there is.
    pub(crate) fn flush(&mut self, writer: &PackWriter) -> Result<(), StoreError> {
        if !self.blobs.is_empty() {
            writer.add(&self.raw, &self.blobs)?;
        }
        self.raw.clear();
        self.blobs.clear();
        Ok(())
    }
}
