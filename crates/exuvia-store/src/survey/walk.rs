//! The walk: every directory listed, every name looked at, nothing read.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use exuvia_host::disk::{Dir, FileTime, Kind, Listed, Stat};
use rayon::prelude::*;

use super::companions;
use super::node::{Found, Node, Record, Totals, Waiting};
use crate::error::StoreError;
use crate::exclude::Excludes;
use crate::progress::Meter;
use crate::snapshot::{LeftOut, Why};
use crate::tree::{DirRef, Encoded, Entry, EntryRef, Flavour, Meta, NodeKind, Tree, encode_xattrs};

/// Deeper trees are refused: each level takes a descriptor and some stack.
pub(crate) const MAX_DEPTH: usize = 256;

/// A name of a listing, beside what was known of it.
pub(super) struct Item<'w> {
    pub(super) listed: Listed<'w>,
    pub(super) old: Option<(EntryRef<'w>, Option<DirRef<'w>>)>,
    pub(super) state: State,
}

/// What is known of a name after looking at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is as before.
    Known,
    /// It must be looked into.
    Moved,
    /// A database whose log moved; its own file did or did not.
    Database { unmoved: bool },
    /// It is taken together with its database.
    Companion,
    /// It is left out.
    LeftOut,
}

/// A walk.
#[derive(Debug)]
pub(super) struct Walk<'w> {
    pub(super) previous: Option<&'w Tree>,
    pub(super) trusted_before: Option<FileTime>,
    pub(super) excludes: &'w Excludes,
    pub(super) store: (u64, u64),
    pub(super) left_out: Mutex<Vec<LeftOut>>,
    pub(super) meter: Meter,
}

impl Walk<'_> {
    /// Walks from the root.
    pub(super) fn root(&self, root: &Dir) -> Result<(Entry, Node), StoreError> {
        let entry = Self::directory_entry(root, &[], &root.stat_self()?)?;
        let old = self.previous.map(Tree::root);
        let node = self.visit(root, PathBuf::new(), old, 0)?;
        Ok((entry, node))
    }

    pub(super) fn into_left_out(self) -> Vec<LeftOut> {
        let mut left_out = self
            .left_out
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        left_out.sort_by(|a, b| a.path.cmp(&b.path));
        left_out
    }

    fn visit(
        &self,
        dir: &Dir,
        path: PathBuf,
        old: Option<DirRef<'_>>,
        depth: usize,
    ) -> Result<Node, StoreError> {
        if depth > MAX_DEPTH {
            return Err(StoreError::TooDeep {
                path: dir.path().to_owned(),
                limit: MAX_DEPTH,
            });
        }
        let listing = dir.list()?;
        let (mut items, old_count) = self.items(listing.iter(), &path, old);
        companions::group(dir, &mut items, self.trusted_before)?;
        self.note_left_out(&path, &items);
        self.meter.advance(items.len() as u64);
        let children = self.children(dir, &path, &items, depth)?;
        let record = Self::record(dir, old, old_count, &items, &children)?;
        Ok(Node::new(path, record, children, totals(&items)))
    }

    /// Lists what is to be kept, beside what was there before, and how many that were.
    fn items<'i>(
        &self,
        listing: impl Iterator<Item = Listed<'i>>,
        path: &Path,
        old: Option<DirRef<'i>>,
    ) -> (Vec<Item<'i>>, Option<usize>) {
        let was_there = old.is_some();
        let mut old_count = 0;
        // What cannot be read of the old tree is as if it had not been there.
        let mut old = old
            .map(|old| old.entries())
            .into_iter()
            .flatten()
            .map_while(Result::ok)
            .inspect(|_| old_count += 1)
            .peekable();
        let mut full = Vec::new();
        let mut items = Vec::new();
        for listed in listing {
            let name = listed.name.as_bytes();
            while old.next_if(|(entry, _)| entry.name < name).is_some() {}
            let old = old.next_if(|(entry, _)| entry.name == name);
            if self.is_excluded(path, &listed, &mut full) {
                continue;
            }
            let state = self.look(listed.stat, old.as_ref().map(|(entry, _)| entry));
            items.push(Item { listed, old, state });
        }
        old.for_each(drop);
        (items, was_there.then_some(old_count))
    }

    fn is_excluded(&self, path: &Path, listed: &Listed<'_>, full: &mut Vec<u8>) -> bool {
        let is_directory = listed.stat.kind == Kind::Directory;
        if is_directory && (listed.stat.device, listed.stat.inode) == self.store {
            return true;
        }
        if self.excludes.is_empty() {
            return false;
        }
        full.clear();
        full.extend_from_slice(path.as_os_str().as_bytes());
        if !full.is_empty() {
            full.push(b'/');
        }
        full.extend_from_slice(listed.name.as_bytes());
        self.excludes.matches(full, is_directory)
    }

    fn look(&self, stat: &Stat, old: Option<&EntryRef<'_>>) -> State {
        if node_kind(stat.kind).is_none() {
            return State::LeftOut;
        }
        let known = old.is_some_and(|old| {
            same_kind(stat.kind, old.kind)
                && old.meta == Meta::of(stat)
                && self
                    .trusted_before
                    .is_some_and(|before| stat.changed < before)
        });
        if known { State::Known } else { State::Moved }
    }

    fn note_left_out(&self, path: &Path, items: &[Item<'_>]) {
        let left_out = items.iter().filter(|item| item.state == State::LeftOut);
        for item in left_out {
            let why = match item.listed.stat.kind {
                Kind::Socket => Why::Socket,
                Kind::Fifo => Why::Pipe,
                Kind::Device => Why::Device,
                Kind::File | Kind::Directory | Kind::Symlink => Why::LogIndex,
            };
            let path = path.join(item.listed.name);
            self.left_out
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(LeftOut { path, why });
        }
    }

    /// Walks the directories in it; one that vanished has no node.
    fn children(
        &self,
        dir: &Dir,
        path: &Path,
        items: &[Item<'_>],
        depth: usize,
    ) -> Result<Vec<Option<Node>>, StoreError> {
        let directories: Vec<&Item<'_>> = items
            .iter()
            .filter(|item| item.listed.stat.kind == Kind::Directory)
            .collect();
        directories
            .into_par_iter()
            .map(|item| {
                let below = match dir.open_dir(item.listed.name) {
                    Ok(below) => below,
                    Err(error) if error.is_not_found() => return Ok(None),
                    Err(error) => return Err(error.into()),
                };
                let old = item.old.and_then(|(_, old)| old);
                let path = path.join(item.listed.name);
                self.visit(&below, path, old, depth + 1).map(Some)
            })
            .collect()
    }

    fn record(
        dir: &Dir,
        old: Option<DirRef<'_>>,
        old_count: Option<usize>,
        items: &[Item<'_>],
        children: &[Option<Node>],
    ) -> Result<Record, StoreError> {
        let kept = || items.iter().filter(|item| item.state != State::LeftOut);
        let all_known = kept().all(|item| item.state == State::Known)
            && old_count == Some(kept().count())
            && children.iter().all(Option::is_some);
        if let Some(old) = old.filter(|_| all_known) {
            return Ok(Record::Same(old.number()));
        }
        let mut children = children.iter();
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let is_directory = item.listed.stat.kind == Kind::Directory;
            let vanished = is_directory && matches!(children.next(), Some(None));
            if !vanished {
                found.extend(Self::found(dir, item)?);
            }
        }
        Ok(Record::New(found))
    }

    fn found(dir: &Dir, item: &Item<'_>) -> Result<Option<Found>, StoreError> {
        let old = item.old.as_ref().map(|(entry, _)| entry);
        let stat = item.listed.stat;
        let name = || item.listed.name.as_bytes().into();
        Ok(match (item.state, stat.kind, old) {
            (State::LeftOut | State::Companion, ..) => None,
            (State::Database { unmoved }, ..) => Some(Found::Database(Box::new(Waiting {
                name: name(),
                size: stat.size,
                unmoved: old.filter(|_| unmoved).map(|old| old.own()),
            }))),
            (State::Known, _, Some(old)) => Some(Found::Done(Encoded::of(*old))),
            (State::Known | State::Moved, Kind::File, _) => Some(Found::Read(name(), stat.size)),
            (State::Known | State::Moved, ..) => Some(Self::looked_into(dir, &item.listed)?),
        })
    }

    /// A directory or a symbolic link that is not as before.
    fn looked_into(dir: &Dir, listed: &Listed<'_>) -> Result<Found, StoreError> {
        let is_directory = listed.stat.kind == Kind::Directory;
        let read = if is_directory {
            dir.open_dir(listed.name)
                .map_err(StoreError::from)
                .and_then(|below| {
                    Self::directory_entry(&below, listed.name.as_bytes(), listed.stat)
                })
        } else {
            link_entry(dir, listed)
        };
        match read {
            Ok(entry) => Ok(Found::Done(Encoded::of(entry.borrow()))),
            Err(StoreError::Host(error)) if error.is_not_found() && is_directory => {
                // It was walked before it vanished and must stay, for its node does.
                Ok(Found::Done(Encoded::of(bare_entry(listed).borrow())))
            }
            Err(StoreError::Host(error)) if error.is_not_found() => Ok(Found::Gone),
            Err(error) => Err(error),
        }
    }

    fn directory_entry(dir: &Dir, name: &[u8], stat: &Stat) -> Result<Entry, StoreError> {
        Ok(Entry {
            name: name.into(),
            meta: Meta::of(stat),
            kind: NodeKind::Directory,
            xattrs: encode_xattrs(&dir.as_file()?.xattrs()?),
            body: Box::default(),
        })
    }
}

/// What is in a directory itself.
fn totals(items: &[Item<'_>]) -> Totals {
    let mut totals = Totals::default();
    for item in items.iter().filter(|item| item.state != State::LeftOut) {
        match item.listed.stat.kind {
            Kind::Directory => totals.directories += 1,
            Kind::Symlink => totals.symlinks += 1,
            _ => {
                totals.files += 1;
                totals.bytes += item.listed.stat.size;
            }
        }
    }
    totals
}

fn node_kind(kind: Kind) -> Option<NodeKind> {
    match kind {
        Kind::File => Some(NodeKind::File(Flavour::Plain)),
        Kind::Directory => Some(NodeKind::Directory),
        Kind::Symlink => Some(NodeKind::Symlink),
        Kind::Socket | Kind::Fifo | Kind::Device => None,
    }
}

fn same_kind(kind: Kind, old: NodeKind) -> bool {
    match old {
        NodeKind::File(_) => kind == Kind::File,
        NodeKind::Directory => kind == Kind::Directory,
        NodeKind::Symlink => kind == Kind::Symlink,
    }
}

fn bare_entry(listed: &Listed<'_>) -> Entry {
    Entry {
        name: listed.name.as_bytes().into(),
        meta: Meta::of(listed.stat),
        kind: node_kind(listed.stat.kind).unwrap_or(NodeKind::Symlink),
        xattrs: Box::default(),
        body: Box::default(),
    }
}

fn link_entry(dir: &Dir, listed: &Listed<'_>) -> Result<Entry, StoreError> {
    let target = dir.read_link(listed.name)?;
    Ok(Entry {
        xattrs: encode_xattrs(&dir.link_xattrs(listed.name)?),
        body: target.into(),
        ..bare_entry(listed)
    })
}
