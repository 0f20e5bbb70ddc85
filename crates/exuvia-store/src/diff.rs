//! What differs between two trees.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::tree::{DirRef, Entry, EntryRef, NodeKind, Tree};
use crate::wire::Malformed;

/// One path that is not the same in two trees.
#[derive(Debug, Clone)]
pub struct Change {
    /// The path in the trees; empty for the root itself.
    pub path: PathBuf,
    /// What it was; `None` if it was not there.
    pub before: Option<Entry>,
    /// What it is; `None` if it is not there.
    pub after: Option<Entry>,
    /// In what it differs, if it was there and is.
    pub aspects: Aspects,
}

/// In what an entry differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct Aspects {
    /// It is another kind of thing.
    pub kind: bool,
    /// A file's bytes or holes, a link's target.
    pub content: bool,
    /// The mode.
    pub mode: bool,
    /// The owner or the group.
    pub owner: bool,
    /// The time of the last change.
    pub modified: bool,
    /// The extended attributes.
    pub xattrs: bool,
    /// Which other names are the same file.
    pub links: bool,
}

impl Aspects {
    /// Whether it is the same in everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn between(before: &EntryRef<'_>, after: &EntryRef<'_>) -> Self {
        let (old, new) = (&before.meta, &after.meta);
        let kind = std::mem::discriminant(&before.kind) != std::mem::discriminant(&after.kind);
        Self {
            kind,
            content: !kind
                && (before.body != after.body || old.size != new.size && after.kind.is_file()),
            mode: old.mode != new.mode && after.kind != NodeKind::Symlink,
            owner: (old.uid, old.gid) != (new.uid, new.gid),
            modified: old.modified != new.modified,
            xattrs: before.xattrs != after.xattrs,
            links: false,
        }
    }
}

/// Everything that differs, in the order of the paths: a directory before what is in it.
pub(crate) fn between(
    before: Option<&Tree>,
    after: &Tree,
    damaged: impl Fn(&str) -> StoreError,
) -> Result<Vec<Change>, StoreError> {
    changes(before, after).map_err(|Malformed(why)| damaged(why))
}

fn changes(before: Option<&Tree>, after: &Tree) -> Result<Vec<Change>, Malformed> {
    let mut found = Vec::new();
    let root = after.root_entry()?;
    let old_root = before.map(Tree::root_entry).transpose()?;
    let aspects = old_root.map_or(Aspects::default(), |old| Aspects::between(&old, &root));
    if old_root.is_none() || !aspects.is_empty() {
        found.push(Change {
            path: PathBuf::new(),
            before: old_root.map(EntryRef::own),
            after: Some(root.own()),
            aspects,
        });
    }
    merge(
        before.map(Tree::root),
        Some(after.root()),
        Path::new(""),
        &mut found,
    )?;
    if let Some(before) = before {
        compare_links(before, after, &mut found)?;
    }
    Ok(found)
}

type Side<'a> = Option<(EntryRef<'a>, Option<DirRef<'a>>)>;

fn merge(
    before: Option<DirRef<'_>>,
    after: Option<DirRef<'_>>,
    path: &Path,
    found: &mut Vec<Change>,
) -> Result<(), Malformed> {
    let mut old = before
        .map(|dir| dir.entries())
        .into_iter()
        .flatten()
        .peekable();
    let mut new = after
        .map(|dir| dir.entries())
        .into_iter()
        .flatten()
        .peekable();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(()),
            (Some(Ok((old, _))), Some(Ok((new, _)))) => old.name.cmp(new.name),
            // An error is taken, and ends this.
            (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
            (None | Some(_), Some(_)) => Ordering::Greater,
        };
        let left = if order.is_le() {
            old.next().transpose()?
        } else {
            None
        };
        let right = if order.is_ge() {
            new.next().transpose()?
        } else {
            None
        };
        compare(left, right, path, found)?;
    }
}

fn compare(
    before: Side<'_>,
    after: Side<'_>,
    path: &Path,
    found: &mut Vec<Change>,
) -> Result<(), Malformed> {
    let (old, old_dir) = before.unzip();
    let (new, new_dir) = after.unzip();
    let Some(name) = new.or(old).map(|entry| entry.name()) else {
        return Ok(());
    };
    let aspects = match (&old, &new) {
        (Some(old), Some(new)) => Aspects::between(old, new),
        _ => Aspects::default(),
    };
    let (old_dir, new_dir) = (old_dir.flatten(), new_dir.flatten());
    let differs = old.is_none() || new.is_none() || !aspects.is_empty();
    if !differs && old_dir.is_none() {
        return Ok(());
    }
    let path = path.join(name);
    if differs {
        found.push(Change {
            path: path.clone(),
            before: old.map(EntryRef::own),
            after: new.map(EntryRef::own),
            aspects,
        });
    }
    if old_dir.is_none() && new_dir.is_none() {
        return Ok(());
    }
    merge(old_dir, new_dir, &path, found)
}

/// The names of a file, for every name that is not the only one in the tree.
pub(crate) type Peers = HashMap<PathBuf, std::rc::Rc<[PathBuf]>>;

/// Which names of a tree are the same file.
pub(crate) fn peers(tree: &Tree) -> Result<Peers, Malformed> {
    let mut groups: BTreeMap<(u64, u64), Vec<PathBuf>> = BTreeMap::new();
    collect(tree.root(), Path::new(""), &mut groups)?;
    let mut peers = Peers::new();
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let group: std::rc::Rc<[PathBuf]> = group.into();
        for path in group.iter() {
            peers.insert(path.clone(), std::rc::Rc::clone(&group));
        }
    }
    Ok(peers)
}

fn collect(
    dir: DirRef<'_>,
    path: &Path,
    groups: &mut BTreeMap<(u64, u64), Vec<PathBuf>>,
) -> Result<(), Malformed> {
    for entry in dir.entries() {
        let (entry, below) = entry?;
        if let Some(below) = below {
            collect(below, &path.join(entry.name()), groups)?;
        } else if entry.meta.links > 1 && entry.kind.is_file() {
            let key = (entry.meta.device, entry.meta.inode);
            groups.entry(key).or_default().push(path.join(entry.name()));
        }
    }
    Ok(())
}

/// Adds what differs only in which names are the same file.
fn compare_links(before: &Tree, after: &Tree, found: &mut Vec<Change>) -> Result<(), Malformed> {
    let (old, new) = (peers(before)?, peers(after)?);
    if old.is_empty() && new.is_empty() {
        return Ok(());
    }
    let mut moved: Vec<&PathBuf> = old
        .keys()
        .chain(new.keys())
        .filter(|path| old.get(*path) != new.get(*path))
        .collect();
    moved.sort();
    moved.dedup();
    for path in moved {
        let (Some(was), Some(is)) = (before.find(path)?, after.find(path)?) else {
            continue;
        };
        match found.binary_search_by(|change| change.path.cmp(path)) {
            Ok(at) => {
                if let Some(change) = found.get_mut(at) {
                    change.aspects.links = true;
                }
            }
            Err(at) => found.insert(
                at,
                Change {
                    path: path.clone(),
                    before: Some(was.own()),
                    after: Some(is.own()),
                    aspects: Aspects {
                        links: true,
                        ..Aspects::default()
                    },
                },
            ),
        }
    }
    Ok(())
}
