//! Which contents are needed, and for what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::blobs::BlobSet;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::snapshot::Snapshot;
use crate::tree::{self, DirRef, EntryRef, Tree};
use crate::wire::Malformed;

/// The trees of snapshots; several snapshots may share one.
pub(super) fn by_tree(snapshots: &[Snapshot]) -> BTreeMap<BlobId, Vec<&Snapshot>> {
    let mut trees: BTreeMap<BlobId, Vec<&Snapshot>> = BTreeMap::new();
    for snapshot in snapshots {
        trees.entry(snapshot.tree).or_default().push(snapshot);
    }
    trees
}

/// Reads a tree.
pub(super) fn load(layout: &Layout, id: BlobId) -> Result<Tree, StoreError> {
    tree::load(&layout.open(&layout.trees())?, id)
}

/// Adds every content that a tree needs.
pub(super) fn collect(
    layout: &Layout,
    id: BlobId,
    tree: &Tree,
    needed: &mut BlobSet,
) -> Result<(), StoreError> {
    each_file(layout, id, tree, &mut |_, entry| {
        for piece in entry.pieces() {
            needed.extend(piece?.blob);
        }
        Ok(())
    })
}

/// The files of a tree that need something that is not good.
pub(super) fn files_without(
    layout: &Layout,
    id: BlobId,
    tree: &Tree,
    is_good: &dyn Fn(BlobId) -> bool,
) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    each_file(layout, id, tree, &mut |path, entry| {
        let pieces = entry.pieces().read()?;
        if !pieces.iter().filter_map(|piece| piece.blob).all(is_good) {
            found.push(path.join(entry.name()));
        }
        Ok(())
    })?;
    Ok(found)
}

type Visit<'v> = &'v mut dyn FnMut(&Path, &EntryRef<'_>) -> Result<(), Malformed>;

fn each_file(layout: &Layout, id: BlobId, tree: &Tree, visit: Visit<'_>) -> Result<(), StoreError> {
    descend(tree.root(), Path::new(""), visit)
        .map_err(|Malformed(why)| StoreError::damaged(&layout.trees().join(tree::name(id)), why))
}

fn descend(dir: DirRef<'_>, path: &Path, visit: Visit<'_>) -> Result<(), Malformed> {
    for entry in dir.entries() {
        let (entry, below) = entry?;
        match below {
            Some(below) => descend(below, &path.join(entry.name()), visit)?,
            None if entry.kind.is_file() => visit(path, &entry)?,
            None => {}
        }
    }
    Ok(())
}
