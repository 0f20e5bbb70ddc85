//! Restoring into an empty directory, part by part, however many names a tree has.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use exuvia_host::disk::Dir;

use super::apply::{Manner, Means, Restore};
use super::plan::{Plan, size_on_disk};
use super::preflight::{self, Ready};
use super::{Restored, attributes, journal};
use crate::blobs::Blobs;
use crate::diff::{self, Aspects, Change, Peers};
use crate::error::StoreError;
use crate::progress::Stage;
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};
use crate::tree::{self, DirRef, Entry, EntryRef};
use crate::wire::Malformed;

/// How many names are dealt with at once: enough to write files in the order in which they lie in
/// the store, and few enough to be held in memory with all that is known of them.
const PART: usize = 1 << 16;

impl Store<Opened> {
    /// Restores into a directory that is empty or not there yet.
    ///
    /// As with `cp`, the kernel writes it to the disk in its own time: after a power cut, restore
    /// again. A restore in place is durable when it returns.
    pub fn restore_into(&self, snapshot: &Snapshot, target: &Path) -> Result<Restored, StoreError> {
        let _guard = self.share()?;
        let host = self.layout.host.as_ref();
        match host.metadata(target, exuvia_host::Links::Refuse) {
            Err(error) if error.is_not_found() => host.create_private_dir(target)?,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let (target, dir) = self.target(target)?;
        if !dir.list()?.is_empty() {
            let why = "it is not empty";
            return Err(StoreError::BadTarget { target, why });
        }
        self.restore_fresh(snapshot, &dir)
    }

    fn restore_fresh(&self, snapshot: &Snapshot, dir: &Dir) -> Result<Restored, StoreError> {
        let path = self.layout.trees().join(tree::name(snapshot.tree));
        let damaged = |Malformed(why)| StoreError::damaged(&path, why);
        let wanted = self.tree(snapshot)?;
        let peers = diff::peers(&wanted).map_err(damaged)?;
        let root = wanted.root_entry().map_err(damaged)?;
        let blobs = Blobs::load(&self.layout)?;
        let bytes = weigh(wanted.root(), &blobs, &damaged)?;
        preflight::check_room(dir, bytes)?;
        let journal = journal::begin(&self.layout, snapshot, dir.path(), None)?;
        let mut parts = Parts {
            restore: Restore::new(Means {
                root: dir,
                blobs: &blobs,
                ready: Ready::default(),
                meter: self.layout.meter(Stage::Write, Some(bytes)),
                manner: Manner::Fresh,
                unique: self.layout.unique_bits(),
            }),
            peers: &peers,
            part: Vec::new(),
            directories: BTreeMap::new(),
        };
        parts.add(PathBuf::new(), root);
        attributes::open_up(&parts.restore, &BTreeSet::from([PathBuf::new()]))?;
        parts.descend(wanted.root(), Path::new(""), &damaged)?;
        parts.carry_out()?;
        let restored = parts.restore.finish(&parts.directories)?;
        journal.finish()?;
        Ok(restored)
    }
}

/// A restore, and the part of it that is being put together.
struct Parts<'p> {
    restore: Restore<'p>,
    peers: &'p Peers,
    part: Vec<Change>,
    directories: BTreeMap<PathBuf, Entry>,
}

impl Parts<'_> {
    fn descend(
        &mut self,
        dir: DirRef<'_>,
        path: &Path,
        damaged: &dyn Fn(Malformed) -> StoreError,
    ) -> Result<(), StoreError> {
        for entry in dir.entries() {
            let (entry, below) = entry.map_err(damaged)?;
            let path = path.join(entry.name());
            self.add(path.clone(), entry);
            if self.part.len() >= PART {
                self.carry_out()?;
            }
            if let Some(below) = below {
                self.descend(below, &path, damaged)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf, entry: EntryRef<'_>) {
        if entry.kind == tree::NodeKind::Directory {
            self.directories.insert(path.clone(), entry.own());
        }
        self.part.push(Change {
            path,
            before: None,
            after: Some(entry.own()),
            aspects: Aspects::default(),
        });
    }

    fn carry_out(&mut self) -> Result<(), StoreError> {
        let part = std::mem::take(&mut self.part);
        self.restore.carry_out(&Plan::of(&part, self.peers))
    }
}

/// How many bytes are written, those of a file with several names once. Every content must be
/// there.
fn weigh(
    root: DirRef<'_>,
    blobs: &Blobs,
    damaged: &dyn Fn(Malformed) -> StoreError,
) -> Result<u64, StoreError> {
    let mut linked = HashSet::new();
    let mut bytes = 0;
    let mut open = vec![root];
    while let Some(dir) = open.pop() {
        for entry in dir.entries() {
            let (entry, below) = entry.map_err(damaged)?;
            open.extend(below);
            let meta = &entry.meta;
            if !entry.kind.is_file() || meta.links > 1 && !linked.insert((meta.device, meta.inode))
            {
                continue;
            }
            for piece in entry.pieces() {
                if let Some(id) = piece.map_err(damaged)?.blob
                    && !blobs.contains(id)
                {
                    return Err(StoreError::Missing(id));
                }
            }
            bytes += size_on_disk(&entry);
        }
    }
    Ok(bytes)
}
