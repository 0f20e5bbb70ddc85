//! What is where in a pack.

use super::BLOCK_MAX;
use crate::id::BlobId;
use crate::wire::{Malformed, Put, Reader, length};

/// One block of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockEntry {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    /// How many bytes it takes there; as many as `raw_len` when it is not compressed.
    pub(crate) stored_len: u32,
    /// How many bytes it gives.
    pub(crate) raw_len: u32,
    /// The BLAKE3 of the bytes in the file.
    pub(crate) digest: BlobId,
}

/// One content in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlobEntry {
    /// Its BLAKE3.
    pub(crate) id: BlobId,
    /// The number of its block.
    pub(crate) block: u32,
    /// Where it begins in the block.
    pub(crate) offset: u32,
    /// Its length.
    pub(crate) len: u32,
}

/// Everything that is in a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PackIndex {
    /// The blocks, by number.
    pub(crate) blocks: Vec<BlockEntry>,
    /// The contents, block by block.
    pub(crate) blobs: Vec<BlobEntry>,
}

const BLOCK_BYTES: usize = 8 + 4 + 4 + BlobId::LEN;
const BLOB_BYTES: usize = BlobId::LEN + 4 + 4 + 4;

impl PackIndex {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let size = 8 + self.blocks.len() * BLOCK_BYTES + self.blobs.len() * BLOB_BYTES;
        let mut bytes = Vec::with_capacity(size);
        bytes.put_u32(length(self.blocks.len()));
        for block in &self.blocks {
            bytes.put_u64(block.offset);
            bytes.put_u32(block.stored_len);
            bytes.put_u32(block.raw_len);
            bytes.extend_from_slice(block.digest.as_bytes());
        }
        bytes.put_u32(length(self.blobs.len()));
        for blob in &self.blobs {
            bytes.extend_from_slice(blob.id.as_bytes());
            bytes.put_u32(blob.block);
            bytes.put_u32(blob.offset);
            bytes.put_u32(blob.len);
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let blocks = (0..reader.count(BLOCK_BYTES)?)
            .map(|_| read_block(&mut reader))
            .collect::<Result<Vec<_>, _>>()?;
        let blobs = (0..reader.count(BLOB_BYTES)?)
            .map(|_| read_blob(&mut reader, &blocks))
            .collect::<Result<_, _>>()?;
        if reader.is_empty() {
            Ok(Self { blocks, blobs })
        } else {
            Err(Malformed("something follows its index"))
        }
    }
}

fn read_block(reader: &mut Reader<'_>) -> Result<BlockEntry, Malformed> {
    let block = BlockEntry {
        offset: reader.u64()?,
        stored_len: reader.u32()?,
        raw_len: reader.u32()?,
        digest: BlobId::from_bytes(reader.array()?),
    };
    if block.raw_len as usize > BLOCK_MAX || block.stored_len > block.raw_len {
        return Err(Malformed("its index has a block of impossible size"));
    }
    Ok(block)
}

fn read_blob(reader: &mut Reader<'_>, blocks: &[BlockEntry]) -> Result<BlobEntry, Malformed> {
    let blob = BlobEntry {
        id: BlobId::from_bytes(reader.array()?),
        block: reader.u32()?,
        offset: reader.u32()?,
        len: reader.u32()?,
    };
    let end = u64::from(blob.offset) + u64::from(blob.len);
    let fits = blocks
        .get(blob.block as usize)
        .is_some_and(|block| end <= u64::from(block.raw_len));
    fits.then_some(blob)
        .ok_or(Malformed("its index has a content outside of its block"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> PackIndex {
        let digest = BlobId::of(b"stored");
        let block = BlockEntry {
            offset: 8,
            stored_len: 5,
            raw_len: 10,
            digest,
        };
        let blob = |offset, len| BlobEntry {
            id: BlobId::of(&[offset]),
            block: 0,
            offset: offset.into(),
            len,
        };
        PackIndex {
            blocks: vec![block],
            blobs: vec![blob(0, 4), blob(4, 6)],
        }
    }

    #[test]
    fn it_is_read_back() {
        assert_eq!(PackIndex::decode(&index().encode()), Ok(index()));
        let empty = PackIndex::default();
        assert_eq!(PackIndex::decode(&empty.encode()), Ok(empty));
    }

    #[test]
    fn one_that_lies_is_refused_and_never_allocated_for() {
        let bytes = index().encode();
        for len in 0..bytes.len() {
            assert!(PackIndex::decode(&bytes[..len]).is_err(), "{len}");
        }
        assert!(PackIndex::decode(&[0xff; 64]).is_err());
        let mut outside = index();
        outside.blobs[1].len = 7;
        assert!(PackIndex::decode(&outside.encode()).is_err());
        let mut huge = index();
        huge.blocks[0].raw_len = u32::MAX;
        assert!(PackIndex::decode(&huge.encode()).is_err());
    }
}
