//! Trees on disk.

use std::ffi::OsStr;

use exuvia_host::disk::Dir;
use rayon::prelude::*;

use super::{Tree, TreeBytes};
use crate::compress;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::wire::{Malformed, Put, Reader, length};

const MAGIC: &[u8; 8] = b"EXVTREE1";
/// How names of trees end.
pub(crate) const SUFFIX: &str = ".tree";
/// What is compressed at once, by one thread.
const SEGMENT: usize = 1 << 20;
/// How many are compressed before they are put together.
const AT_ONCE: usize = 16;
/// The largest tree that is read: some ten million names.
const MAX_BYTES: u64 = 4 << 30;

/// The name of a tree's file.
pub(crate) fn name(id: BlobId) -> String {
    format!("{}{SUFFIX}", id.to_hex())
}

/// The tree of a file's name.
pub(crate) fn id_of(name: &OsStr) -> Option<BlobId> {
    BlobId::from_hex(name.to_str()?.strip_suffix(SUFFIX)?)
}

/// Writes a tree, unless it is the one that is known to be there. Durable when this returns, with
/// the number of bytes that were written.
pub(crate) fn store(
    layout: &Layout,
    tree: &TreeBytes,
    known: Option<BlobId>,
) -> Result<(BlobId, u64), StoreError> {
    let packed = pack(tree).map_err(|source| StoreError::Compress {
        path: layout.trees(),
        source,
    })?;
    let id = BlobId::of(&packed);
    if known == Some(id) {
        return Ok((id, 0));
    }
    let path = layout.trees().join(name(id));
    // Written even if there is one of this name: that may be damaged.
    layout.host.write_atomic(&path, &packed, 0o600)?;
    Ok((id, packed.len() as u64))
}

/// Reads a tree and verifies it.
pub(crate) fn load(trees: &Dir, id: BlobId) -> Result<Tree, StoreError> {
    let file = trees.open_file(OsStr::new(&name(id)))?;
    let damaged = |why: &str| StoreError::damaged(file.path(), why);
    let size = file.stat()?.size;
    if size > MAX_BYTES {
        return Err(damaged("it is impossibly large"));
    }
    let mut packed = vec![0; usize::try_from(size).unwrap_or(0)];
    file.read_exact_at(&mut packed, 0)?;
    if BlobId::of(&packed) != id {
        return Err(damaged("it is not as it was written"));
    }
    unpack(&packed)
        .and_then(Tree::new)
        .map_err(|Malformed(why)| damaged(why))
}

fn pack(tree: &TreeBytes) -> std::io::Result<Vec<u8>> {
    let parts: Vec<&[u8]> = tree
        .head
        .chunks(SEGMENT)
        .chain(tree.records.chunks(SEGMENT))
        .collect();
    let mut out = MAGIC.to_vec();
    for parts in parts.chunks(AT_ONCE) {
        let segments: Vec<Vec<u8>> = parts
            .par_iter()
            .map(|part| compress::compress(part))
            .collect::<Result<_, _>>()?;
        for (segment, part) in segments.iter().zip(parts) {
            out.put_u32(length(part.len()));
            out.put_counted(segment);
        }
    }
    Ok(out)
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(packed);
    if reader.bytes(MAGIC.len())? != MAGIC {
        return Err(Malformed("it does not begin as a tree does"));
    }
    let mut segments = Vec::new();
    let mut total = 0;
    while !reader.is_empty() {
        let raw = reader.u32()? as usize;
        total += raw;
        if raw > SEGMENT || total as u64 > MAX_BYTES {
            return Err(Malformed("it has a segment of impossible size"));
        }
        segments.push((raw, reader.counted()?));
    }
    // The kernel gives memory for what is written only.
    let mut unpacked = vec![0; total];
    let mut rest = unpacked.as_mut_slice();
    let mut places = Vec::with_capacity(segments.len());
    for (raw, stored) in segments {
        let (place, others) = rest.split_at_mut(raw);
        places.push((stored, place));
        rest = others;
    }
    let whole = places
        .into_par_iter()
        .all(|(stored, place)| compress::unpack_into(stored, place).unwrap_or(false));
    whole
        .then_some(unpacked)
        .ok_or(Malformed("it cannot be unpacked"))
}
