//! Package trees, known by what they are and not by where they lie.

use std::ffi::OsStr;
use std::path::Path;

use exuvia_host::disk::Disk;
use exuvia_host::{EntryKind, Host, HostError, Links};
use serde::{Deserialize, Serialize};

use crate::Trouble;

/// The directory of a package tree. A rename keeps it, so it says after a crash which of two trees
/// lies where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeId {
    device: u64,
    inode: u64,
}

impl TreeId {
    /// That of the directory at a path; none where nothing is.
    pub fn of(host: &dyn Host, path: &Path) -> Result<Option<Self>, HostError> {
        match host.metadata(path, Links::Refuse) {
            Ok(meta) if meta.kind == EntryKind::Directory => Ok(Some(Self {
                device: meta.device,
                inode: meta.inode,
            })),
            Ok(_) => Err(HostError::new(
                "look at",
                path,
                std::io::ErrorKind::NotADirectory.into(),
            )),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Exchanges two trees so that `wanted` is the live one, in one rename; does nothing where it is
/// already.
pub(crate) fn bring_in(
    host: &dyn Host,
    disk: &Disk,
    live: &Path,
    other: &Path,
    wanted: TreeId,
) -> Result<(), Trouble> {
    if TreeId::of(host, live)? == Some(wanted) {
        return Ok(());
    }
    if TreeId::of(host, other)? != Some(wanted) {
        return Err(Trouble::new(format!(
            "the directory that should be put in place is neither at {} nor at {}: somebody moved it; \
             nothing was exchanged",
            live.display(),
            other.display()
        )));
    }
    let (live_dir, live_name) = apart(live)?;
    let (other_dir, other_name) = apart(other)?;
    let other_dir = disk.open_dir(other_dir)?;
    let live_dir = disk.open_dir(live_dir)?;
    live_dir.exchange(live_name, &other_dir, other_name)?;
    live_dir.sync()?;
    other_dir.sync()?;
    Ok(())
}

/// The directory that a tree lies in, and its name there.
fn apart(path: &Path) -> Result<(&Path, &OsStr), Trouble> {
    path.parent()
        .zip(path.file_name())
        .ok_or_else(|| Trouble::new(format!("{} is no place for a package", path.display())))
}
