//! Makes a damaged store whole again, of what is left.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::prune::copy_needed;
use super::references;
use super::verify::{Depth, Inspection, Lost, inspect, is_loss, unreadable_packs};
use crate::blobs::BlobSet;
use crate::catalog;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::pack::{BlockBuilder, PackWriter};
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};
use crate::tree::{self, DirRef, Tree, TreeBuilder, TreeBytes};
use crate::wire::Malformed;

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// What is lost; a whole snapshot where the path is empty.
    pub lost: Vec<Lost>,
    /// Files of the store that were taken out of use; they lie in `quarantine` now.
    pub quarantined: Vec<PathBuf>,
}

impl Store<Opened> {
    /// Saves what can be saved: good contents of damaged packs are written anew, files that are
    /// lost are taken out of the snapshots that had them, which say so from then on, and what is
    /// damaged is moved to `quarantine`. May be done again if it was interrupted.
    pub fn repair(&self) -> Result<Repaired, StoreError> {
        let _guard = self.exclude_others()?;
        let layout = &self.layout;
        let inspection = inspect(layout, Depth::Everything)?;
        let mut repaired = Repaired {
            lost: inspection.verified.lost.clone(),
            quarantined: Vec::new(),
        };
        layout.host.create_private_dir(&layout.quarantine())?;
        // Before a new pack is written, which the inspection knows nothing of.
        let unreadable = unreadable_packs(layout, &inspection.blobs)?;
        let saved = save_contents(layout, &inspection)?;
        rewrite_snapshots(layout, &inspection, &mut repaired)?;
        for path in unreadable {
            quarantine(layout, &path, &mut repaired)?;
        }
        set_aside(layout, &inspection, saved.as_deref(), &mut repaired)?;
        Ok(repaired)
    }
}

/// Writes the good contents of damaged packs to a new one, and tells its name.
fn save_contents(layout: &Layout, inspection: &Inspection) -> Result<Option<OsString>, StoreError> {
    let writer = PackWriter::new(layout);
    let mut block = BlockBuilder::default();
    let mut saved = BlobSet::default();
    for number in &inspection.harmed {
        let (Some(pack), Some(bad)) = (
            inspection.blobs.packs().get(*number),
            inspection.bad_blocks.get(*number),
        ) else {
            continue;
        };
        // A content is in a pack once, so one in a good block is in no bad one.
        let good: BlobSet = pack
            .index()
            .blobs
            .iter()
            .filter(|blob| !bad.contains(&blob.block) && saved.insert(blob.id))
            .map(|blob| blob.id)
            .collect();
        copy_needed(pack, &good, &writer, &mut block)?;
    }
    block.flush(&writer)?;
    Ok(writer.finish()?.map(|written| written.name.into()))
}

/// Takes what is lost out of the snapshots that had it.
fn rewrite_snapshots(
    layout: &Layout,
    inspection: &Inspection,
    repaired: &mut Repaired,
) -> Result<(), StoreError> {
    let is_good = |id: BlobId| inspection.good.contains(&id);
    for (id, snapshots) in references::by_tree(&inspection.snapshots) {
        let tree = match references::load(layout, id) {
            Ok(tree) => tree,
            Err(error) if is_loss(&error) => {
                for snapshot in snapshots {
                    let record = catalog::record_of(layout, &snapshot.id)?;
                    quarantine(layout, &record.path(layout), repaired)?;
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let lost = references::files_without(layout, id, &tree, &is_good)?;
        if lost.is_empty() {
            continue;
        }
        let rest = without(&tree, &is_good)
            .map_err(|Malformed(why)| StoreError::damaged(&layout.trees(), why))?;
        let (rest, _) = tree::store(layout, &rest, None)?;
        for snapshot in snapshots {
            let mut lost = [snapshot.lost.clone(), lost.clone()].concat();
            lost.sort();
            lost.dedup();
            let snapshot = Snapshot {
                tree: rest,
                lost,
                complete: false,
                ..snapshot.clone()
            };
            catalog::write(layout, &snapshot)?;
        }
    }
    Ok(())
}

/// A tree without the files that are lost.
fn without(tree: &Tree, is_good: &dyn Fn(BlobId) -> bool) -> Result<TreeBytes, Malformed> {
    let mut builder = TreeBuilder::default();
    copy(tree.root(), is_good, &mut builder)?;
    Ok(builder.finish(tree.root_entry()?))
}

fn copy(
    dir: DirRef<'_>,
    is_good: &dyn Fn(BlobId) -> bool,
    builder: &mut TreeBuilder,
) -> Result<(), Malformed> {
    let (mut kept, mut below) = (Vec::new(), Vec::new());
    for entry in dir.entries() {
        let (entry, child) = entry?;
        let pieces = entry.pieces().read()?;
        if pieces.iter().filter_map(|piece| piece.blob).all(is_good) {
            kept.push(entry);
        }
        below.extend(child);
    }
    let open = builder.open(kept.into_iter());
    for child in below {
        copy(child, is_good, builder)?;
    }
    builder.close(open);
    Ok(())
}

/// Moves everything that is damaged out of the way, now that nothing needs it.
fn set_aside(
    layout: &Layout,
    inspection: &Inspection,
    saved: Option<&OsStr>,
    repaired: &mut Repaired,
) -> Result<(), StoreError> {
    for number in &inspection.harmed {
        if let Some(pack) = inspection.blobs.packs().get(*number) {
            // A pack of which only the frame was damaged may come out as it was: it was replaced.
            if pack.path().file_name() != saved {
                quarantine(layout, pack.path(), repaired)?;
            }
        }
    }
    for problem in &inspection.verified.problems {
        let StoreError::Damaged { path, .. } = problem else {
            continue;
        };
        let is_document = path.parent() != Some(&layout.packs());
        if is_document {
            quarantine(layout, path, repaired)?;
        }
    }
    Ok(())
}

fn quarantine(layout: &Layout, path: &Path, repaired: &mut Repaired) -> Result<(), StoreError> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let (from, to) = (layout.open(above)?, layout.open(&layout.quarantine())?);
    match from.rename(name, &to, OsStr::new(name)) {
        Ok(()) => repaired.quarantined.push(path.to_owned()),
        // It was set aside already, for another reason.
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error.into()),
    }
    to.sync()?;
    Ok(from.sync()?)
}
