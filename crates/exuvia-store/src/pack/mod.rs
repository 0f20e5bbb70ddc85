//! Packs: many contents in one file that is written once.
//!
//! ```text
//! header   8 bytes, "EXVPACK1"
//! blocks   about 256 KiB each, zstd or as they are, back to back
//! index    where everything is (`index.rs`)
//! index    the same again, so that one bad sector does not cost the pack
//! footer   where the first index is, and its digest
//! footer   where the second is
//! ```
//!
//! A pack comes into being under a temporary name and gets its own when it is whole and durable,
//! so a file in `packs/` is a pack, and its index needs no other file to agree with. That is what
//! makes a kill at any moment harmless.

mod blocks;
mod footer;
mod index;
mod reader;
mod syncer;
mod writer;

pub(crate) use blocks::BlockBuilder;
pub(crate) use index::{BlobEntry, BlockEntry, PackIndex};
pub(crate) use reader::Pack;
pub(crate) use writer::PackWriter;

/// What a pack begins with.
pub(crate) const MAGIC: &[u8; 8] = b"EXVPACK1";
/// When a block is full. A larger one compresses hardly better, and whoever needs one small file
/// must unpack all of it.
pub(crate) const BLOCK_TARGET: usize = 256 << 10;
/// No block is larger than this before it is compressed; a larger one in an index is a lie.
pub(crate) const BLOCK_MAX: usize = 8 << 20;
/// How names of packs end.
pub(crate) const SUFFIX: &str = ".pack";
