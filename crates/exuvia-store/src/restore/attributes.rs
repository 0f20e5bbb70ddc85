//! Modes, owners, times and extended attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use exuvia_host::disk::{File, Xattrs};
use rayon::prelude::*;

use super::apply::Restore;
use crate::error::StoreError;
use crate::tree::{Entry, NodeKind, Tree};
use crate::wire::Malformed;

/// What a directory needs while something is done in it.
const OWN: u32 = 0o700;

/// The extended attributes of an entry.
pub(super) fn of(entry: &Entry) -> Result<Xattrs, StoreError> {
    entry
        .borrow()
        .xattrs()
        .map_err(|Malformed(why)| StoreError::damaged(Path::new("trees"), why))
}

/// Sets everything of a file or a directory that is open. The time comes last: everything before
/// it may move it. The mode comes after the owner, which may clear bits of it.
pub(super) fn set(
    restore: &Restore<'_>,
    file: &File,
    path: &Path,
    entry: &Entry,
) -> Result<(), StoreError> {
    let meta = &entry.meta;
    let now = file.stat()?;
    if (now.uid, now.gid) != (meta.uid, meta.gid) {
        restore.allow(path, file.set_owner(meta.uid, meta.gid))?;
    }
    set_xattrs(restore, file, path, entry)?;
    let cleared = (now.uid, now.gid) != (meta.uid, meta.gid);
    if now.mode != meta.mode || cleared {
        file.set_mode(meta.mode)?;
    }
    Ok(file.set_modified(meta.modified)?)
}

fn set_xattrs(
    restore: &Restore<'_>,
    file: &File,
    path: &Path,
    entry: &Entry,
) -> Result<(), StoreError> {
    let (wanted, there) = (of(entry)?, file.xattrs()?);
    for (name, value) in wanted.iter().filter(|one| !there.contains(one)) {
        restore.allow(path, file.set_xattr(name, value))?;
    }
    for (name, _) in &there {
        if !wanted.iter().any(|(wanted, _)| wanted == name) {
            restore.allow(path, file.remove_xattr(name))?;
        }
    }
    Ok(())
}

/// Makes directories writable in which something is to be done. Those above come first.
pub(super) fn open_up(
    restore: &Restore<'_>,
    directories: &BTreeSet<PathBuf>,
) -> Result<(), StoreError> {
    for path in directories {
        let mode = match restore.root.open_beneath(path) {
            Ok(dir) => {
                let mode = dir.stat_self()?.mode;
                if mode & OWN != OWN {
                    dir.as_file()?.set_mode(mode | OWN)?;
                }
                continue;
            }
            Err(error) => error,
        };
        match mode.kind() {
            // It is made later, or something else is there now and will be cleared.
            _ if mode.is_not_found() => {}
            std::io::ErrorKind::PermissionDenied => open_by_name(restore, path)?,
            _ => {}
        }
    }
    Ok(())
}

/// A directory that not even its owner may open: its mode is set by name.
fn open_by_name(restore: &Restore<'_>, path: &Path) -> Result<(), StoreError> {
    let (above, name) = super::apply::split(path);
    Ok(restore
        .root
        .open_beneath(above)?
        .set_directory_mode(name, OWN)?)
}

/// Sets the attributes of directories, the deepest first: a directory that may not be entered any
/// more must be the last of its subtree.
pub(super) fn set_directories(
    restore: &Restore<'_>,
    directories: &BTreeMap<PathBuf, Entry>,
) -> Result<(), StoreError> {
    let mut directories: Vec<_> = directories
        .iter()
        .map(|(path, entry)| (path.components().count(), path, entry))
        .collect();
    directories.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
    for level in directories.chunk_by(|a, b| a.0 == b.0) {
        level.par_iter().try_for_each(|(_, path, entry)| {
            let file = restore.root.open_beneath(path)?.as_file()?;
            set(restore, &file, path, entry)
        })?;
    }
    Ok(())
}

/// These directories as they are to be; not those that were removed, or kept for what is in them.
pub(super) fn wanted(
    directories: &BTreeSet<PathBuf>,
    tree: &Tree,
) -> Result<BTreeMap<PathBuf, Entry>, Malformed> {
    let mut wanted = BTreeMap::new();
    for path in directories {
        let entry = if path.as_os_str().is_empty() {
            Some(tree.root_entry()?)
        } else {
            tree.find(path)?
        };
        if let Some(entry) = entry.filter(|entry| entry.kind == NodeKind::Directory) {
            wanted.insert(path.clone(), entry.own());
        }
    }
    Ok(wanted)
}
