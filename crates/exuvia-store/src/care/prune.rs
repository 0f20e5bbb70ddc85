//! Gives back what no snapshot needs.
//!
//! Nothing that is needed is ever in one place only while it is moved: what is still needed of a
//! pack is written to a new one, which is durable before the old one goes. A kill in between leaves
//! some contents twice, and the next prune gives them back. Nobody else uses the store meanwhile,
//! so no snapshot can come to rely on what is about to go.

use std::ffi::OsString;
use std::path::PathBuf;

use super::references;
use crate::blobs::{BlobSet, Blobs};
use crate::catalog;
use crate::error::StoreError;
use crate::layout::Layout;
use crate::pack::{BlockBuilder, Pack, PackWriter};
use crate::progress::Stage;
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};
use crate::tree;

/// A pack is written anew when more than one part in so many of it is not needed.
const WASTE: u64 = 5;
/// Packs smaller than this are put together when there are many of them.
const SMALL_PACK: u64 = 8 << 20;
const MANY: usize = 16;

/// What a prune did, or would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Packs that went.
    pub packs: usize,
    /// Listings of trees that went.
    pub trees: usize,
    /// Bytes that were given back, those of leftovers included. When packs are written anew this
    /// is known only afterwards; a dry run estimates it.
    pub bytes: u64,
}

/// What is to be done with a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Drop,
    Rewrite,
}

impl Store<Opened> {
    /// Gives back what no snapshot needs. Refuses while something is damaged: what cannot be read
    /// cannot be said not to be needed.
    pub fn prune(&self, dry_run: bool) -> Result<Pruned, StoreError> {
        if dry_run {
            let _guard = self.share()?;
            return Ok(Plan::new(&self.layout)?.estimate());
        }
        let guard = self.exclude_others()?;
        let plan = Plan::new(&self.layout)?;
        let mut pruned = plan.carry_out(&self.layout)?;
        pruned.bytes += self.collect_leftovers(&guard)?;
        Ok(pruned)
    }
}

struct Plan {
    blobs: Blobs,
    /// By the number of a pack, the numbers of its contents that are needed from there.
    needed: Vec<BlobSet>,
    fates: Vec<Fate>,
    trees: Vec<(PathBuf, u64)>,
}

impl Plan {
    fn new(layout: &Layout) -> Result<Self, StoreError> {
        let (snapshots, bad) = catalog::all(layout)?;
        let mut blobs = Blobs::load(layout)?;
        if let Some(error) = bad.into_iter().chain(blobs.take_damaged()).next() {
            return Err(error);
        }
        let mut all = BlobSet::default();
        for id in references::by_tree(&snapshots).into_keys() {
            references::collect(layout, id, &references::load(layout, id)?, &mut all)?;
        }
        let mut needed = vec![BlobSet::default(); blobs.packs().len()];
        for id in all {
            let place = blobs.place(id).ok_or(StoreError::Missing(id))?;
            if let Some(needed) = needed.get_mut(place.pack as usize) {
                needed.insert(id);
            }
        }
        let fates = fates(&blobs, &needed);
        Ok(Self {
            trees: unused_trees(layout, &snapshots)?,
            blobs,
            needed,
            fates,
        })
    }

    fn each(&self) -> impl Iterator<Item = (&Pack, &BlobSet, Fate)> {
        let parts = self.blobs.packs().iter().zip(&self.needed).zip(&self.fates);
        parts.map(|((pack, needed), fate)| (pack, needed, *fate))
    }

    fn estimate(&self) -> Pruned {
        let going = self.each().filter(|(_, _, fate)| *fate != Fate::Keep);
        let mut pruned = self.trees_only();
        for (pack, needed, _) in going {
            let (kept, all) = weigh(pack, needed);
            pruned.packs += 1;
            pruned.bytes += pack.len() - pack.len() * kept / all.max(1);
        }
        pruned
    }

    fn trees_only(&self) -> Pruned {
        Pruned {
            packs: 0,
            trees: self.trees.len(),
            bytes: self.trees.iter().map(|(_, size)| size).sum(),
        }
    }

    fn carry_out(&self, layout: &Layout) -> Result<Pruned, StoreError> {
        let writer = PackWriter::new(layout);
        let mut block = BlockBuilder::default();
        let rewritten = self.fates.iter().filter(|fate| **fate == Fate::Rewrite);
        let meter = layout.meter(Stage::Collect, Some(rewritten.count() as u64));
        for (pack, needed, fate) in self.each() {
            if fate == Fate::Rewrite {
                copy_needed(pack, needed, &writer, &mut block)?;
                meter.advance(1);
            }
        }
        block.flush(&writer)?;
        let written = writer.finish()?;
        let new: Option<OsString> = written.as_ref().map(|written| written.name.clone().into());
        let mut pruned = self.trees_only();
        let packs = layout.open(&layout.packs())?;
        for (pack, _, fate) in self.each() {
            let name = pack.path().file_name().unwrap_or_default();
            if fate == Fate::Keep || new.as_deref() == Some(name) {
                continue;
            }
            packs.remove_file(name)?;
            pruned.packs += 1;
            pruned.bytes += pack.len();
        }
        packs.sync()?;
        pruned.bytes = pruned
            .bytes
            .saturating_sub(written.map_or(0, |written| written.len));
        for (path, _) in &self.trees {
            layout.host.remove_file(path)?;
        }
        Ok(pruned)
    }
}

fn fates(blobs: &Blobs, needed: &[BlobSet]) -> Vec<Fate> {
    let mut fates: Vec<Fate> = blobs
        .packs()
        .iter()
        .zip(needed)
        .map(|(pack, needed)| {
            let (kept, all) = weigh(pack, needed);
            match (needed.is_empty(), all - kept) {
                (true, _) => Fate::Drop,
                (false, waste) if waste.saturating_mul(WASTE) > all => Fate::Rewrite,
                _ => Fate::Keep,
            }
        })
        .collect();
    let small = |(pack, fate): &(&Pack, &mut Fate)| **fate == Fate::Keep && pack.len() < SMALL_PACK;
    let count = blobs.packs().iter().zip(&mut fates).filter(small).count();
    if count >= MANY {
        for (_, fate) in blobs.packs().iter().zip(&mut fates).filter(small) {
            *fate = Fate::Rewrite;
        }
    }
    fates
}

/// Bytes of the contents that are needed, and of all.
fn weigh(pack: &Pack, needed: &BlobSet) -> (u64, u64) {
    let blobs = &pack.index().blobs;
    let weight = |blob: &crate::pack::BlobEntry| u64::from(blob.len) + 1;
    let all = blobs.iter().map(weight).sum();
    let kept = blobs
        .iter()
        .filter(|blob| needed.contains(&blob.id))
        .map(weight)
        .sum();
    (kept, all)
}

/// Copies what is needed, verified.
pub(super) fn copy_needed(
    pack: &Pack,
    needed: &BlobSet,
    writer: &PackWriter<'_>,
    out: &mut BlockBuilder,
) -> Result<(), StoreError> {
    let (mut stored, mut raw) = (Vec::new(), Vec::new());
    let mut current = None;
    for blob in pack
        .index()
        .blobs
        .iter()
        .filter(|blob| needed.contains(&blob.id))
    {
        let Some(block) = pack.index().blocks.get(blob.block as usize) else {
            continue;
        };
        if current != Some(blob.block) {
            pack.read_block(block, &mut stored, &mut raw)?;
            current = Some(blob.block);
        }
        let start = blob.offset as usize;
        let content = raw
            .get(start..start + blob.len as usize)
            .unwrap_or_default();
        if crate::id::BlobId::of(content) != blob.id {
            return Err(pack.damaged(block, &format!("does not hold {}", blob.id)));
        }
        out.push(blob.id, content);
        out.flush_if_full(writer)?;
    }
    Ok(())
}

fn unused_trees(
    layout: &Layout,
    snapshots: &[Snapshot],
) -> Result<Vec<(PathBuf, u64)>, StoreError> {
    let used = references::by_tree(snapshots);
    let listing = layout.open(&layout.trees())?.list()?;
    let unused = listing.iter().filter(|listed| {
        let id = tree::id_of(listed.name);
        id.is_some_and(|id| !used.contains_key(&id))
    });
    let path = |name| layout.trees().join(name);
    Ok(unused
        .map(|listed| (path(listed.name), listed.stat.size))
        .collect())
}
