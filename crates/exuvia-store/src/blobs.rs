//! Where every content is, over all packs.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashTable;

use crate::error::StoreError;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::pack::{self, BlobEntry, BlockEntry, Pack};

/// A BLAKE3 is as good as random already.
#[derive(Debug, Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some((first, _)) = bytes.split_first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length of the array, which is always the same.
    fn write_usize(&mut self, _len: usize) {}
}

/// A set of contents.
pub(crate) type BlobSet = HashSet<BlobId, BuildHasherDefault<FirstBytes>>;

/// A map by content.
pub(crate) type BlobMap<V> = HashMap<BlobId, V, BuildHasherDefault<FirstBytes>>;

/// Where a content is: its pack and its number in the pack's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pack: u32,
    pub(crate) number: u32,
}

/// Every readable pack, and what is in it.
#[derive(Debug)]
pub(crate) struct Blobs {
    packs: Vec<Pack>,
    /// By content; the ids are in the indexes, and not here once more.
    places: HashTable<Place>,
    damaged: Vec<StoreError>,
}

/// The last block that was unpacked.
#[derive(Debug, Default)]
pub(crate) struct BlockCache {
    at: Option<(u32, u32)>,
    stored: Vec<u8>,
    raw: Vec<u8>,
}

impl BlockCache {
    /// Whether this block is what it holds.
    pub(crate) fn holds(&self, block: Option<(u32, u32)>) -> bool {
        block.is_some() && self.at == block
    }
}

impl Blobs {
    /// Reads the index of every pack. A pack without a good index is as if it were not there; what
    /// is wrong with it is in [`Blobs::take_damaged`].
    pub(crate) fn load(layout: &Layout) -> Result<Self, StoreError> {
        let dir = layout.open(&layout.packs())?;
        let mut blobs = Self {
            packs: Vec::new(),
            places: HashTable::new(),
            damaged: Vec::new(),
        };
        for listed in dir.list()?.iter() {
            if !is_pack(listed.name) {
                continue;
            }
            match Pack::open(&dir, listed.name) {
                Ok(pack) => blobs.packs.push(pack),
                Err(error) if error.is_damage() => blobs.damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        // Of a content in several packs the one in the largest pack is used, always.
        blobs
            .packs
            .sort_by_key(|pack| std::cmp::Reverse(pack.len()));
        blobs.places = places(&blobs.packs);
        Ok(blobs)
    }

    pub(crate) fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// What is wrong with packs that cannot be used at all.
    pub(crate) fn take_damaged(&mut self) -> Vec<StoreError> {
        std::mem::take(&mut self.damaged)
    }

    pub(crate) fn contains(&self, id: BlobId) -> bool {
        self.place(id).is_some()
    }

    pub(crate) fn place(&self, id: BlobId) -> Option<Place> {
        let same = |place: &Place| id_at(&self.packs, *place) == Some(id);
        self.places.find(hash(id), same).copied()
    }

    /// Where in its pack a content is: for putting reads in order.
    pub(crate) fn block_of(&self, id: BlobId) -> Option<(u32, u32)> {
        let place = self.place(id)?;
        let (_, blob) = self.entry(place)?;
        Some((place.pack, blob.block))
    }

    fn entry(&self, place: Place) -> Option<(&Pack, &BlobEntry)> {
        let pack = self.packs.get(place.pack as usize)?;
        Some((pack, pack.index().blobs.get(place.number as usize)?))
    }

    fn find(&self, id: BlobId) -> Option<(u32, &Pack, &BlobEntry, &BlockEntry)> {
        let place = self.place(id)?;
        let (pack, blob) = self.entry(place)?;
        let block = pack.index().blocks.get(blob.block as usize)?;
        Some((place.pack, pack, blob, block))
    }

    /// Reads a content and verifies it.
    pub(crate) fn read<'c>(
        &self,
        id: BlobId,
        cache: &'c mut BlockCache,
    ) -> Result<&'c [u8], StoreError> {
        let (number, pack, blob, block) = self.find(id).ok_or(StoreError::Missing(id))?;
        if cache.at != Some((number, blob.block)) {
            cache.at = None;
            pack.read_block(block, &mut cache.stored, &mut cache.raw)?;
            cache.at = Some((number, blob.block));
        }
        let start = blob.offset as usize;
        let content = cache.raw.get(start..start + blob.len as usize);
        content
            .filter(|content| BlobId::of(content) == id)
            .ok_or_else(|| pack.damaged(block, &format!("does not hold {id} as it was written")))
    }
}

/// Where every content of these packs is; that of several places in the first.
fn places(packs: &[Pack]) -> HashTable<Place> {
    let count = packs.iter().map(|pack| pack.index().blobs.len()).sum();
    let mut places = HashTable::with_capacity(count);
    let rehash = |place: &Place| id_at(packs, *place).map_or(0, hash);
    for (pack, opened) in (0..).zip(packs) {
        for (number, blob) in (0..).zip(&opened.index().blobs) {
            let same = |place: &Place| id_at(packs, *place) == Some(blob.id);
            let place = || Place { pack, number };
            places
                .entry(hash(blob.id), same, rehash)
                .or_insert_with(place);
        }
    }
    places
}

fn id_at(packs: &[Pack], place: Place) -> Option<BlobId> {
    let pack = packs.get(place.pack as usize)?;
    Some(pack.index().blobs.get(place.number as usize)?.id)
}

fn hash(id: BlobId) -> u64 {
    let first = id.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_le_bytes(first)
}

/// Whether a file in `packs/` is one.
pub(crate) fn is_pack(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.ends_with(pack::SUFFIX))
}
