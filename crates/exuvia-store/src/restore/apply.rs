//! Does what a plan says.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use exuvia_host::HostError;
use exuvia_host::disk::{Dir, Kind};
use rayon::prelude::*;

use super::plan::Plan;
use super::preflight::Ready;
use super::{Refused, Restored, attributes, files, removal};
use crate::blobs::Blobs;
use crate::error::StoreError;
use crate::progress::Meter;
use crate::tree::Entry;

/// How files come to their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// There is nothing yet: they are made there.
    Fresh,
    /// They are made beside it and renamed, so that each is the old one or the new one, whole.
    InPlace,
}

/// What a restore is done with.
#[derive(Debug)]
pub(super) struct Means<'r> {
    /// The directory that is restored.
    pub(super) root: &'r Dir,
    /// Where contents are.
    pub(super) blobs: &'r Blobs,
    /// Contents that are at hand.
    pub(super) ready: Ready,
    /// Counts the bytes that are written.
    pub(super) meter: Meter,
    /// How files come to their place.
    pub(super) manner: Manner,
    /// What no other restore, now or before, has in its temporary names.
    pub(super) unique: u64,
}

/// A restore that is being done.
#[derive(Debug)]
pub(super) struct Restore<'r> {
    means: Means<'r>,
    restored: Mutex<Restored>,
    temporary: AtomicU64,
}

impl<'r> Deref for Restore<'r> {
    type Target = Means<'r>;

    fn deref(&self) -> &Means<'r> {
        &self.means
    }
}

impl<'r> Restore<'r> {
    pub(super) fn new(means: Means<'r>) -> Self {
        Self {
            means,
            restored: Mutex::default(),
            temporary: AtomicU64::new(0),
        }
    }

    /// Does all of a plan in directories that may be written, but for their own attributes.
    pub(super) fn carry_out(&self, plan: &Plan<'_>) -> Result<(), StoreError> {
        self.restored().changes += plan.changes;
        removal::clear(self, &plan.clear)?;
        self.make_dirs(plan)?;
        files::write_all(self, &plan.files)?;
        files::write_all(self, &plan.logs)?;
        self.make_symlinks(&plan.symlinks)?;
        self.make_hard_links(plan)?;
        files::set_attributes(self, &plan.attributes)?;
        removal::remove(self, &plan.remove)
    }

    /// Sets the attributes of these directories, now that nothing is done in them any more.
    pub(super) fn finish(
        self,
        directories: &BTreeMap<PathBuf, Entry>,
    ) -> Result<Restored, StoreError> {
        self.meter.finish();
        attributes::set_directories(&self, directories)?;
        if self.manner == Manner::InPlace {
            self.root.sync_file_system()?;
        }
        Ok(self
            .restored
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl Restore<'_> {
    pub(super) fn restored(&self) -> MutexGuard<'_, Restored> {
        self.restored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on when the machine does not allow an attribute, and remembers that it did not.
    pub(super) fn allow(
        &self,
        path: &Path,
        result: Result<(), HostError>,
    ) -> Result<(), StoreError> {
        match result {
            Err(error) if is_refusal(&error) => {
                let path = path.to_owned();
                self.restored().refused.push(Refused { path, error });
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// A name that nothing else has. What a killed restore left under such a name goes with the
    /// next one, as everything that was not there.
    pub(super) fn temporary_name(&self) -> String {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        format!(".exuvia-restore-{:016x}-{number}", self.unique)
    }

    fn make_dirs(&self, plan: &Plan<'_>) -> Result<(), StoreError> {
        let mut levels: BTreeMap<usize, Vec<&Path>> = BTreeMap::new();
        for path in &plan.make_dirs {
            levels
                .entry(path.components().count())
                .or_default()
                .push(path);
        }
        levels.into_values().try_for_each(|level| {
            by_directory(level.into_iter().map(|path| (path, ())))
                .into_par_iter()
                .try_for_each(|(above, paths)| {
                    let dir = self.root.open_beneath(above)?;
                    let mut names = paths.iter().map(|(path, ())| split(path).1);
                    names.try_for_each(|name| make_dir(&dir, name))
                })
        })
    }

    fn make_symlinks(&self, links: &[(&Path, &Entry)]) -> Result<(), StoreError> {
        by_directory(links.iter().map(|(path, entry)| (*path, *entry)))
            .into_par_iter()
            .try_for_each(|(above, links)| {
                let dir = self.root.open_beneath(above)?;
                links
                    .into_iter()
                    .try_for_each(|(path, entry)| self.make_symlink(&dir, path, entry))
            })
    }

    fn make_symlink(&self, dir: &Dir, path: &Path, entry: &Entry) -> Result<(), StoreError> {
        let name = self.temporary_name();
        let name = OsStr::new(&name);
        dir.make_symlink(entry.borrow().target(), name)?;
        let done = self.finish_symlink(dir, name, path, entry);
        if done.is_err() {
            // The first error is the one to tell; a leftover is removed by the next restore.
            let _ = dir.remove_file(name);
        }
        done
    }

    fn finish_symlink(
        &self,
        dir: &Dir,
        name: &OsStr,
        path: &Path,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let meta = &entry.meta;
        let owner = dir.stat(name)?;
        if (owner.uid, owner.gid) != (meta.uid, meta.gid) {
            self.allow(path, dir.set_owner(name, meta.uid, meta.gid))?;
        }
        for (attribute, value) in attributes::of(entry)? {
            self.allow(path, dir.set_link_xattr(name, &attribute, &value))?;
        }
        dir.set_modified(name, meta.modified)?;
        Ok(dir.rename(name, dir, split(path).1)?)
    }

    fn make_hard_links(&self, plan: &Plan<'_>) -> Result<(), StoreError> {
        for (path, first) in &plan.hard_links {
            let (above, name) = split(path);
            let (first_above, first_name) = split(first);
            let from = self.root.open_beneath(first_above)?;
            let to = self.root.open_beneath(above)?;
            let temporary = self.temporary_name();
            let temporary = OsStr::new(&temporary);
            from.hard_link(first_name, &to, temporary)?;
            // Renaming one name of a file to another of the same file does nothing at all.
            to.remove_file(name)?;
            to.rename(temporary, &to, name)?;
        }
        Ok(())
    }
}

/// Makes a directory where a socket or a pipe may be, which is in no listing.
fn make_dir(dir: &Dir, name: &OsStr) -> Result<(), StoreError> {
    match dir.make_dir(name, 0o700) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        other => return Ok(other?),
    }
    match dir.stat(name)?.kind {
        Kind::Directory => Ok(()),
        Kind::Socket | Kind::Fifo => {
            dir.remove_file(name)?;
            Ok(dir.make_dir(name, 0o700)?)
        }
        Kind::File | Kind::Symlink | Kind::Device => {
            Err(StoreError::InTheWay(dir.path().join(name)))
        }
    }
}

/// Whether the machine does not allow it, or its file system has no such thing.
fn is_refusal(error: &HostError) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::Unsupported
    )
}

/// The directory and the name; a path in a tree has a name.
pub(super) fn split(path: &Path) -> (&Path, &OsStr) {
    (
        path.parent().unwrap_or(Path::new("")),
        path.file_name().unwrap_or_default(),
    )
}

/// Groups paths by their directory, so that each is opened once.
pub(super) fn by_directory<'p, T>(
    paths: impl Iterator<Item = (&'p Path, T)>,
) -> Vec<(&'p Path, Vec<(&'p Path, T)>)> {
    let mut groups: BTreeMap<&Path, Vec<(&Path, T)>> = BTreeMap::new();
    for (path, value) in paths {
        groups.entry(split(path).0).or_default().push((path, value));
    }
    groups.into_iter().collect()
}
