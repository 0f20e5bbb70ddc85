//! Removes what is not to be there.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

use exuvia_host::disk::{Dir, Kind, Listed};

use super::apply::{Restore, split};
use super::plan::Removal;
use crate::database::LOG_INDEX;
use crate::error::StoreError;

/// Removes names, in this order. A directory in which something is left that no snapshot holds is
/// kept.
pub(super) fn remove(restore: &Restore<'_>, removals: &[Removal<'_>]) -> Result<(), StoreError> {
    let mut parent = None;
    for removal in removals {
        let (above, name) = split(&removal.path);
        if parent.as_ref().is_none_or(|(open, _)| *open != above) {
            parent = match restore.root.open_beneath(above) {
                Ok(dir) => Some((above, dir)),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error.into()),
            };
        }
        let Some((_, dir)) = &parent else { continue };
        if !removal.is_dir {
            dir.remove_file(name)?;
            continue;
        }
        if !remove_dir(dir, name)? {
            restore.restored().kept.push(removal.path.to_path_buf());
        }
    }
    Ok(())
}

/// Removes a directory, and with it what means nothing without a process; `false` if something
/// else is in it.
fn remove_dir(dir: &Dir, name: &OsStr) -> Result<bool, StoreError> {
    for _ in 0..2 {
        match dir.remove_dir(name) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            other => return other.map(|()| true).map_err(StoreError::from),
        }
        let below = dir.open_dir(name)?;
        for listed in below.list()?.iter() {
            if is_meaningless(&listed) {
                below.remove_file(listed.name)?;
            }
        }
    }
    Ok(false)
}

fn is_meaningless(listed: &Listed<'_>) -> bool {
    match listed.stat.kind {
        Kind::Socket | Kind::Fifo => true,
        Kind::File => listed.name.as_bytes().ends_with(LOG_INDEX.as_bytes()),
        Kind::Directory | Kind::Symlink | Kind::Device => false,
    }
}

/// Removes what is in the way of something else; that it cannot be removed is an error.
pub(super) fn clear(restore: &Restore<'_>, removals: &[Removal<'_>]) -> Result<(), StoreError> {
    remove(restore, removals)?;
    match restore.restored().kept.first() {
        Some(path) => Err(StoreError::InTheWay(restore.root.path().join(path))),
        None => Ok(()),
    }
}
