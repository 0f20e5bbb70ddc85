//! Reads the contents of files in stretches of packs, so that a server is asked as seldom as can
//! be, and only for what is needed.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ring::digest::{SHA256, digest};
use rustic_core::repofile::{BlobType, Node};
use rustic_core::{BlobId, DataId};

use super::origin::Origin;
use crate::depot::{Depot, hex};
use crate::error::{BackupError, told};
use crate::storage::{Kind, Name};

/// The longest stretch that is read at once.
const STRETCH: u64 = 8 << 20;
/// What lies between two needed contents and is read along rather than asked around.
const GAP: u64 = 256 << 10;
/// How much is kept in memory of stretches that are needed again.
const KEPT: u64 = 128 << 20;

/// The contents that a restore needs, and where they are.
#[derive(Debug)]
pub(super) struct Fetch<'o> {
    origin: &'o Origin,
    depot: &'o Depot,
    stretches: Vec<Stretch>,
    /// By content, the number of its stretch.
    places: HashMap<DataId, usize>,
    kept: Mutex<VecDeque<usize>>,
}

/// A part of a pack.
#[derive(Debug)]
struct Stretch {
    pack: Name,
    start: u64,
    end: u64,
    /// How many times something of it is needed yet.
    left: AtomicUsize,
    is_here: Mutex<bool>,
}

/// Where a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pack: [u8; 32],
    start: u64,
    end: u64,
}

impl<'o> Fetch<'o> {
    /// Finds where everything is that these files need.
    pub(super) fn of<'f>(
        origin: &'o Origin,
        depot: &'o Depot,
        files: impl Iterator<Item = &'f Node>,
    ) -> Result<Self, BackupError> {
        let mut uses: HashMap<DataId, (Place, usize)> = HashMap::new();
        for id in files.flat_map(|node| node.content.iter().flatten()) {
            if let Some((_, count)) = uses.get_mut(id) {
                *count += 1;
            } else {
                uses.insert(*id, (place(origin, *id)?, 1));
            }
        }
        let mut sorted: Vec<(Place, usize, DataId)> = uses
            .into_iter()
            .map(|(id, (place, count))| (place, count, id))
            .collect();
        sorted.sort_unstable_by_key(|(place, _, _)| *place);
        let mut fetch = Self {
            origin,
            depot,
            stretches: Vec::new(),
            places: HashMap::with_capacity(sorted.len()),
            kept: Mutex::default(),
        };
        for (place, count, id) in sorted {
            let number = fetch.stretch_for(place, count);
            fetch.places.insert(id, number);
        }
        Ok(fetch)
    }

    /// Where the first content of a file is: files are written in this order.
    pub(super) fn order(&self, node: &Node) -> usize {
        let first = node.content.iter().flatten().next();
        first
            .and_then(|id| self.places.get(id).copied())
            .unwrap_or(0)
    }

    /// Reads a content and compares it with its name.
    pub(super) fn read(&self, id: DataId) -> Result<Bytes, BackupError> {
        let stretch = self
            .places
            .get(&id)
            .and_then(|number| Some((*number, self.stretches.get(*number)?)));
        if let Some((number, stretch)) = stretch {
            self.bring(number, stretch)?;
        }
        let content = self
            .origin
            .rustic
            .get_blob_cached(&BlobId::from(*id), BlobType::Data)
            .map_err(|error| self.origin.failed(&told(&error)))?;
        if let Some((number, stretch)) = stretch
            && stretch.left.fetch_sub(1, Ordering::AcqRel) == 1
        {
            self.drop_stretch(number, stretch);
        }
        if hex(digest(&SHA256, &content).as_ref()) == id.to_hex().as_str() {
            Ok(content)
        } else {
            let why = format!("the content {id} is not what was written");
            Err(self.origin.failed(&why))
        }
    }

    fn stretch_for(&mut self, place: Place, count: usize) -> usize {
        let pack = Name::parse(Kind::Data, &hex(&place.pack)).unwrap_or_else(Name::config);
        if let Some(last) = self.stretches.last_mut()
            && last.pack == pack
            && place.start <= last.end.saturating_add(GAP)
            && place.end.saturating_sub(last.start) <= STRETCH
        {
            last.end = last.end.max(place.end);
            *last.left.get_mut() += count;
            return self.stretches.len() - 1;
        }
        self.stretches.push(Stretch {
            pack,
            start: place.start,
            end: place.end,
            left: AtomicUsize::new(count),
            is_here: Mutex::new(false),
        });
        self.stretches.len() - 1
    }

    /// Reads a stretch if it is not at hand, and lets others go when they become too many. Should
    /// one be needed again, or go before it is used, it is read again.
    fn bring(&self, number: usize, stretch: &Stretch) -> Result<(), BackupError> {
        {
            let mut is_here = locked(&stretch.is_here);
            if *is_here {
                return Ok(());
            }
            let range = stretch.start..stretch.end;
            self.depot.bring(&stretch.pack, range)?;
            *is_here = true;
        }
        let mut kept = locked(&self.kept);
        kept.push_back(number);
        let size = |number: &usize| {
            let stretch = self.stretches.get(*number);
            stretch.map_or(0, |stretch| stretch.end - stretch.start)
        };
        let mut total: u64 = kept.iter().map(size).sum();
        let mut too_many = Vec::new();
        while total > KEPT && kept.len() > 1 {
            let Some(oldest) = kept.pop_front() else {
                break;
            };
            total -= size(&oldest);
            too_many.push(oldest);
        }
        drop(kept);
        for number in too_many {
            if let Some(stretch) = self.stretches.get(number) {
                self.put_away(stretch);
            }
        }
        Ok(())
    }

    fn drop_stretch(&self, number: usize, stretch: &Stretch) {
        locked(&self.kept).retain(|kept| *kept != number);
        self.put_away(stretch);
    }

    fn put_away(&self, stretch: &Stretch) {
        let mut is_here = locked(&stretch.is_here);
        self.depot.let_go(&stretch.pack, stretch.start);
        *is_here = false;
    }
}

impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        self.depot.let_all_go();
    }
}

fn place(origin: &Origin, id: DataId) -> Result<Place, BackupError> {
    let entry = origin
        .rustic
        .get_index_entry(&id)
        .map_err(|_| origin.failed(&format!("the content {id} is nowhere in the repository")))?;
    let start = u64::from(entry.location.offset);
    Ok(Place {
        pack: bytes_of(entry.pack.to_hex().as_str()),
        start,
        end: start + u64::from(entry.location.length),
    })
}

/// The bytes of a digest: smaller to keep and to compare than its text.
fn bytes_of(hex: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
    }
    bytes
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
