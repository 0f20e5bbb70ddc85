//! What can be known to fail before anything is changed.

use std::collections::BTreeMap;

use exuvia_host::disk::Dir;
use rayon::prelude::*;

use super::plan::Plan;
use crate::blobs::{BlobMap, BlobSet, Blobs, BlockCache};
use crate::error::StoreError;
use crate::id::BlobId;
use crate::tree::Entry;

/// How much is kept in memory of what was verified, so that it need not be read again.
const KEPT_BYTES: u64 = 64 << 20;

/// Contents that were verified.
pub(super) type Ready = BlobMap<Box<[u8]>>;

/// Whether there is room, and every content that will be written is there and good: half a restore
/// is worse than none. When it is not much, what was verified is given back.
pub(super) fn check(dir: &Dir, blobs: &Blobs, plan: &Plan<'_>) -> Result<Ready, StoreError> {
    check_room(dir, room(plan.bytes, plan.freed, largest(plan)))?;
    let by_block = needed_by_block(blobs, plan)?;
    verify(blobs, by_block, plan.bytes <= KEPT_BYTES)
}

/// Whether there is room for so many bytes.
pub(super) fn check_room(dir: &Dir, needed: u64) -> Result<(), StoreError> {
    let free = dir.free_space()?;
    if needed > free {
        let path = dir.path().to_owned();
        return Err(StoreError::NoSpace { path, needed, free });
    }
    Ok(())
}

/// Files are replaced one by one, so what goes makes room for what comes, but for one file.
fn room(written: u64, freed: u64, largest: u64) -> u64 {
    written.saturating_sub(freed).max(largest.min(written))
}

fn files<'p>(plan: &'p Plan<'_>) -> impl Iterator<Item = &'p Entry> {
    plan.files.iter().chain(&plan.logs).map(|(_, entry)| *entry)
}

fn largest(plan: &Plan<'_>) -> u64 {
    files(plan).map(|entry| entry.meta.size).max().unwrap_or(0)
}

type ByBlock = BTreeMap<(u32, u32), Vec<BlobId>>;

fn needed_by_block(blobs: &Blobs, plan: &Plan<'_>) -> Result<ByBlock, StoreError> {
    let mut seen = BlobSet::default();
    let mut by_block = ByBlock::new();
    let pieces = files(plan).flat_map(|entry| entry.borrow().pieces().flatten());
    for id in pieces.filter_map(|piece| piece.blob) {
        if seen.insert(id) {
            let block = blobs.block_of(id).ok_or(StoreError::Missing(id))?;
            by_block.entry(block).or_default().push(id);
        }
    }
    Ok(by_block)
}

fn verify(blobs: &Blobs, by_block: ByBlock, keep: bool) -> Result<Ready, StoreError> {
    let blocks: Vec<Vec<BlobId>> = by_block.into_values().collect();
    let verified: Vec<Vec<(BlobId, Box<[u8]>)>> = blocks
        .into_par_iter()
        .map_init(BlockCache::default, |cache, ids| {
            let mut kept = Vec::new();
            for id in ids {
                let content = blobs.read(id, cache)?;
                if keep {
                    kept.push((id, content.into()));
                }
            }
            Ok(kept)
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(verified.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn what_is_replaced_makes_room_but_for_one_file() {
        assert_eq!(room(100, 0, 60), 100);
        assert_eq!(room(100, 100, 60), 60);
        assert_eq!(room(100, 70, 20), 30);
        assert_eq!(room(0, 50, 0), 0);
        assert_eq!(room(10, 0, 60), 10, "a file of holes takes what it takes");
    }
}
