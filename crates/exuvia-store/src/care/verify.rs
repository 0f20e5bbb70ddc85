//! Looks whether everything is as it was written.

use std::path::PathBuf;

use rayon::prelude::*;

use super::references;
use crate::blobs::{self, BlobSet, Blobs};
use crate::catalog;
use crate::error::StoreError;
use crate::id::{BlobId, SnapshotId};
use crate::layout::Layout;
use crate::pack::{BlockEntry, Pack};
use crate::progress::{Meter, Stage};
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};
use crate::tree;

/// How deeply to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Records, listings and indexes, and whether everything that is needed is there.
    Structure,
    /// The same, and about one in so many blocks of contents; another choice with another seed.
    Sample {
        /// One in how many.
        one_in: u32,
        /// Which ones.
        seed: u64,
    },
    /// Every byte.
    Everything,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Snapshots whose record is good.
    pub snapshots: usize,
    /// Blocks of contents that were read.
    pub blocks: usize,
    /// Bytes that were read of packs.
    pub bytes: u64,
    /// What is damaged.
    pub problems: Vec<StoreError>,
    /// What cannot be restored because of it.
    pub lost: Vec<Lost>,
}

impl Verified {
    /// Whether nothing is damaged.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.lost.is_empty()
    }
}

/// Something that a snapshot cannot give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// The path in it; empty if it is the whole snapshot.
    pub path: PathBuf,
}

/// What an inspection knows of the store.
#[derive(Debug)]
pub(super) struct Inspection {
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) blobs: Blobs,
    /// By the number of a pack, its blocks that are not good.
    pub(super) bad_blocks: Vec<Vec<u32>>,
    /// Packs with something wrong with them, by number.
    pub(super) harmed: Vec<usize>,
    /// Contents that are somewhere, whole.
    pub(super) good: BlobSet,
    pub(super) verified: Verified,
}

impl Store<Opened> {
    /// Verifies the store. That something is damaged is an answer, not an error.
    pub fn verify(&self, depth: Depth) -> Result<Verified, StoreError> {
        let _guard = self.share()?;
        Ok(inspect(&self.layout, depth)?.verified)
    }
}

/// Looks at everything.
pub(super) fn inspect(layout: &Layout, depth: Depth) -> Result<Inspection, StoreError> {
    let (snapshots, bad_records) = catalog::all(layout)?;
    let mut verified = Verified {
        snapshots: snapshots.len(),
        problems: bad_records,
        ..Verified::default()
    };
    check_journals(layout, &mut verified)?;
    let mut blobs = Blobs::load(layout)?;
    verified.problems.extend(blobs.take_damaged());
    let mut inspection = Inspection {
        snapshots,
        bad_blocks: Vec::new(),
        harmed: Vec::new(),
        good: BlobSet::default(),
        blobs,
        verified,
    };
    inspection.check_packs(layout, depth)?;
    inspection.check_trees(layout)?;
    Ok(inspection)
}

fn check_journals(layout: &Layout, verified: &mut Verified) -> Result<(), StoreError> {
    match crate::restore::pending(layout) {
        Ok(_) => Ok(()),
        Err(error) if error.is_damage() => {
            verified.problems.push(error);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

impl Inspection {
    fn check_packs(&mut self, layout: &Layout, depth: Depth) -> Result<(), StoreError> {
        let packs = self.blobs.packs().iter();
        let bytes = packs.map(|pack| stored_bytes(&chosen(pack, depth))).sum();
        let meter = layout.meter(Stage::Verify, Some(bytes));
        for (number, pack) in self.blobs.packs().iter().enumerate() {
            let frame = pack.check_frame();
            let (bad, bytes) = check_blocks(pack, depth, &meter)?;
            self.verified.bytes += bytes.1;
            self.verified.blocks += bytes.0;
            if !frame.is_empty() || !bad.is_empty() {
                self.harmed.push(number);
            }
            self.verified.problems.extend(frame);
            let numbers: Vec<u32> = bad.iter().map(|(number, _)| *number).collect();
            self.verified
                .problems
                .extend(bad.into_iter().map(|(_, error)| error));
            let good = pack
                .index()
                .blobs
                .iter()
                .filter(|blob| !numbers.contains(&blob.block));
            self.good.extend(good.map(|blob| blob.id));
            self.bad_blocks.push(numbers);
        }
        meter.finish();
        Ok(())
    }

    fn check_trees(&mut self, layout: &Layout) -> Result<(), StoreError> {
        let trees = layout.open(&layout.trees())?;
        for listed in trees.list()?.iter() {
            if let Some(id) = tree::id_of(listed.name) {
                self.note(tree::load(&trees, id).map(drop))?;
            }
        }
        let good = |id: BlobId| self.good.contains(&id);
        let mut lost = Vec::new();
        for (id, snapshots) in references::by_tree(&self.snapshots) {
            let paths = references::load(layout, id)
                .and_then(|tree| references::files_without(layout, id, &tree, &good));
            let paths = match paths {
                Ok(paths) => paths,
                Err(error) if is_loss(&error) => vec![PathBuf::new()],
                Err(error) => return Err(error),
            };
            for snapshot in snapshots {
                lost.extend(paths.iter().map(|path| Lost {
                    snapshot: snapshot.id.clone(),
                    path: path.clone(),
                }));
            }
        }
        self.verified.lost = lost;
        Ok(())
    }

    fn note(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.is_damage() => {
                self.verified.problems.push(error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Damaged or not there at all.
pub(super) fn is_loss(error: &StoreError) -> bool {
    error.is_damage() || matches!(error, StoreError::Host(error) if error.is_not_found())
}

type BadBlocks = Vec<(u32, StoreError)>;

/// The blocks of a pack that are not good, and how many blocks and bytes were read.
fn check_blocks(
    pack: &Pack,
    depth: Depth,
    meter: &Meter,
) -> Result<(BadBlocks, (usize, u64)), StoreError> {
    let mut by_block: Vec<Vec<&crate::pack::BlobEntry>> =
        vec![Vec::new(); pack.index().blocks.len()];
    for blob in &pack.index().blobs {
        if let Some(blobs) = by_block.get_mut(blob.block as usize) {
            blobs.push(blob);
        }
    }
    let chosen = chosen(pack, depth);
    let read = (chosen.len(), stored_bytes(&chosen));
    let bad = chosen
        .into_par_iter()
        .map_init(
            || (Vec::new(), Vec::new()),
            |(stored, raw), (number, block)| {
                let blobs = by_block.get(number as usize).map(Vec::as_slice);
                let checked = check_block(pack, block, blobs.unwrap_or_default(), stored, raw);
                meter.advance(block.stored_len.into());
                match checked {
                    Ok(()) => Ok(None),
                    Err(error) if error.is_damage() => Ok(Some((number, error))),
                    Err(error) => Err(error),
                }
            },
        )
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok((bad.into_iter().flatten().collect(), read))
}

fn chosen(pack: &Pack, depth: Depth) -> Vec<(u32, &BlockEntry)> {
    (0..)
        .zip(&pack.index().blocks)
        .filter(|(number, block)| is_chosen(depth, *number, block))
        .collect()
}

fn stored_bytes(blocks: &[(u32, &BlockEntry)]) -> u64 {
    let bytes = blocks.iter().map(|(_, block)| u64::from(block.stored_len));
    bytes.sum()
}

fn check_block(
    pack: &Pack,
    block: &BlockEntry,
    blobs: &[&crate::pack::BlobEntry],
    stored: &mut Vec<u8>,
    raw: &mut Vec<u8>,
) -> Result<(), StoreError> {
    match pack.read_stored(block, stored) {
        Err(StoreError::Host(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(pack.damaged(block, "is cut off"));
        }
        other => other?,
    }
    if BlobId::of(stored) != block.digest {
        return Err(pack.damaged(block, "is not as it was written"));
    }
    pack.unpack(block, stored, raw)?;
    for blob in blobs {
        let start = blob.offset as usize;
        let content = raw
            .get(start..start + blob.len as usize)
            .unwrap_or_default();
        if BlobId::of(content) != blob.id {
            return Err(pack.damaged(block, &format!("does not hold {}", blob.id)));
        }
    }
    Ok(())
}

fn is_chosen(depth: Depth, number: u32, block: &BlockEntry) -> bool {
    match depth {
        Depth::Structure => false,
        Depth::Everything => true,
        Depth::Sample { one_in, seed } => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&seed.to_le_bytes());
            hasher.update(&number.to_le_bytes());
            hasher.update(block.digest.as_bytes());
            let digest = hasher.finalize();
            let first = digest.as_bytes().first_chunk().copied().unwrap_or_default();
            u32::from_le_bytes(first).is_multiple_of(one_in.max(1))
        }
    }
}

/// Whether a file of the store is a pack that could not be opened at all.
pub(super) fn unreadable_packs(layout: &Layout, blobs: &Blobs) -> Result<Vec<PathBuf>, StoreError> {
    let dir = layout.open(&layout.packs())?;
    let listing = dir.list()?;
    let all = listing
        .iter()
        .filter(|listed| blobs::is_pack(listed.name))
        .map(|listed| layout.packs().join(listed.name));
    let opened = |path: &PathBuf| blobs.packs().iter().any(|pack| pack.path() == path);
    Ok(all.filter(|path| !opened(path)).collect())
}
