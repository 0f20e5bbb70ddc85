//! What has to be done, in the order in which it is done.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::database::{JOURNAL, LOG, LOG_INDEX};
use crate::diff::{Change, Peers};
use crate::tree::{Entry, EntryRef, Flavour, NodeKind};

/// What a restore does.
#[derive(Debug, Default)]
pub(super) struct Plan<'c> {
    /// Must be gone before anything takes its place; what is in a directory before it.
    pub(super) clear: Vec<Removal<'c>>,
    /// Directories to make, each before what is in it.
    pub(super) make_dirs: Vec<&'c Path>,
    /// Files to write.
    pub(super) files: Vec<(&'c Path, &'c Entry)>,
    /// Files to write when their databases are in place: a log or a journal beside another
    /// database than its own would be taken for that one's.
    pub(super) logs: Vec<(&'c Path, &'c Entry)>,
    /// Symbolic links to make.
    pub(super) symlinks: Vec<(&'c Path, &'c Entry)>,
    /// Further names of files that are in place by then.
    pub(super) hard_links: Vec<(&'c Path, PathBuf)>,
    /// Files that only have other attributes.
    pub(super) attributes: Vec<(&'c Path, &'c Entry)>,
    /// What was not there; what is in a directory before it.
    pub(super) remove: Vec<Removal<'c>>,
    /// Directories in which something is done, or that change themselves.
    pub(super) directories: BTreeSet<PathBuf>,
    /// How many paths change.
    pub(super) changes: usize,
    /// How many bytes are written.
    pub(super) bytes: u64,
    /// How many bytes go when these are in place.
    pub(super) freed: u64,
    /// The last directory that becomes something else.
    replaced: Option<&'c Path>,
    /// The last directory in which something is done.
    above: Option<&'c Path>,
}

/// Whether it is the same path, byte for byte: comparing part by part takes ten times as long.
pub(super) fn is_same(one: Option<&Path>, other: &Path) -> bool {
    one.is_some_and(|one| one.as_os_str() == other.as_os_str())
}

/// A name to remove.
#[derive(Debug)]
pub(super) struct Removal<'c> {
    pub(super) path: Cow<'c, Path>,
    pub(super) is_dir: bool,
}

impl<'c> Plan<'c> {
    /// What makes a tree of what it was before these changes; `peers` are those of the tree.
    pub(super) fn of(changes: &'c [Change], peers: &Peers) -> Self {
        // If one name of a file is made anew, so are the others, or they would keep the old one.
        let renewed: BTreeSet<&Path> = changes
            .iter()
            .filter(|change| must_write(change))
            .filter_map(|change| peers.get(&change.path))
            .flat_map(|group| group.iter().map(PathBuf::as_path))
            .collect();
        let mut plan = Self {
            changes: changes.len(),
            ..Self::default()
        };
        for change in changes {
            let before = change.before.as_ref();
            plan.freed += before.map_or(0, |entry| size_on_disk(&entry.borrow()));
            let renew = must_write(change) || renewed.contains(change.path.as_path());
            plan.add(change, renew, peers);
        }
        plan.clear.reverse();
        plan.remove.reverse();
        plan
    }

    fn add(&mut self, change: &'c Change, renew: bool, peers: &Peers) {
        let path = change.path.as_path();
        // Those of one directory mostly follow each other.
        let above = path.parent().filter(|above| !is_same(self.above, above));
        if let Some(above) = above {
            self.directories.insert(above.to_owned());
            self.above = Some(above);
        }
        if let Some(before) = &change.before {
            self.add_removal(change, before, renew);
        }
        let Some(after) = &change.after else { return };
        match after.kind {
            NodeKind::Directory => {
                self.directories.insert(path.to_owned());
                let is_new = change.before.is_none() || change.aspects.kind;
                if is_new && !path.as_os_str().is_empty() {
                    self.make_dirs.push(path);
                }
            }
            NodeKind::Symlink => self.symlinks.push((path, after)),
            NodeKind::File(_) if renew => self.add_file(path, after, peers),
            NodeKind::File(_) => self.attributes.push((path, after)),
        }
    }

    fn add_removal(&mut self, change: &'c Change, before: &Entry, renew: bool) {
        let path = change.path.as_path();
        let is_dir = before.kind == NodeKind::Directory;
        let removal = Removal {
            path: path.into(),
            is_dir,
        };
        let in_replaced = self.replaced.is_some_and(|dir| path.starts_with(dir));
        let gone = change.after.is_none();
        if gone {
            self.clear_log_index(path, before.kind);
        }
        if change.aspects.kind && is_dir {
            self.replaced = Some(path);
        }
        let to_directory = change
            .after
            .as_ref()
            .is_some_and(|after| after.kind == NodeKind::Directory);
        let in_the_way = change.aspects.kind && (is_dir || to_directory);
        if in_the_way
            || gone && in_replaced
            || (gone || renew) && !is_dir && belongs_to_database(path)
        {
            self.clear.push(removal);
        } else if gone {
            self.remove.push(removal);
        }
    }

    /// The index was made of another log than the one that will be there, if any.
    fn clear_log_index(&mut self, path: &Path, kind: NodeKind) {
        if let Some(index) = log_index_of(path, kind) {
            self.clear.push(Removal {
                path: index.into(),
                is_dir: false,
            });
        }
    }

    fn add_file(&mut self, path: &'c Path, entry: &'c Entry, peers: &Peers) {
        self.clear_log_index(path, entry.kind);
        let first = peers.get(path).and_then(|group| group.first());
        if let Some(first) = first.filter(|first| first.as_path() != path) {
            self.hard_links.push((path, first.clone()));
            return;
        }
        self.bytes += size_on_disk(&entry.borrow());
        if belongs_to_database(path) {
            self.logs.push((path, entry));
        } else {
            self.files.push((path, entry));
        }
    }
}

/// What a file takes, its holes left out.
pub(super) fn size_on_disk(entry: &EntryRef<'_>) -> u64 {
    let pieces = entry.pieces().flatten();
    pieces
        .filter(|piece| piece.blob.is_some())
        .map(|piece| piece.len)
        .sum()
}

/// Whether a change needs more than other attributes.
fn must_write(change: &Change) -> bool {
    let (Some(after), aspects) = (&change.after, &change.aspects) else {
        return false;
    };
    let Some(before) = &change.before else {
        return true;
    };
    // A name outside of the tree may be the same file: its attributes are not ours to change.
    let shared = before.meta.links > 1 && after.kind.is_file();
    aspects.kind || aspects.content || aspects.links || shared
}

/// By its name: a log or a journal.
fn belongs_to_database(path: &Path) -> bool {
    let name = path.as_os_str().as_bytes();
    name.ends_with(LOG.as_bytes()) || name.ends_with(JOURNAL.as_bytes())
}

/// The index that was made of another log than the one that will be there.
fn log_index_of(path: &Path, kind: NodeKind) -> Option<PathBuf> {
    let name = path.as_os_str().as_bytes();
    let database = match kind {
        NodeKind::File(Flavour::Database) => name,
        NodeKind::File(Flavour::Log(_)) => name.strip_suffix(LOG.as_bytes())?,
        _ => return None,
    };
    let index = [database, LOG_INDEX.as_bytes()].concat();
    Some(OsString::from_vec(index).into())
}
