//! Owners, modes, times and extended attributes.

use std::path::Path;

use exuvia_host::HostError;
use exuvia_host::disk::{Dir, File};
use rustic_core::repofile::Node;

use super::write::Writer;
use crate::error::BackupError;
use crate::mode;
use crate::node::file_time;

/// Sets everything of a file or directory that is open. The time comes last: everything before it
/// may move it. The mode comes after the owner, which may clear bits of it.
pub(super) fn set(
    writer: &Writer<'_>,
    file: &File,
    path: &Path,
    node: &Node,
) -> Result<(), BackupError> {
    let meta = &node.meta;
    if let (Some(uid), Some(gid)) = (meta.uid, meta.gid) {
        let now = file.stat()?;
        if (now.uid, now.gid) != (uid, gid) {
            writer.allow(path, file.set_owner(uid, gid))?;
        }
    }
    for attribute in &meta.extended_attributes {
        let value = attribute.value.as_deref().unwrap_or_default();
        let set = file.set_xattr(attribute.name.as_bytes(), value);
        writer.allow(path, set)?;
    }
    // restic leaves out what is 0.
    file.set_mode(mode::from_go(meta.mode.unwrap_or(0)))?;
    if let Some(modified) = meta.mtime {
        file.set_modified(file_time(modified))?;
    }
    Ok(())
}

/// The same for a symbolic link, which has no mode.
pub(super) fn set_link(
    writer: &Writer<'_>,
    dir: &Dir,
    path: &Path,
    node: &Node,
) -> Result<(), BackupError> {
    let (meta, name) = (&node.meta, path.file_name().unwrap_or_default());
    if let (Some(uid), Some(gid)) = (meta.uid, meta.gid) {
        let now = dir.stat(name)?;
        if (now.uid, now.gid) != (uid, gid) {
            writer.allow(path, dir.set_owner(name, uid, gid))?;
        }
    }
    for attribute in &meta.extended_attributes {
        let value = attribute.value.as_deref().unwrap_or_default();
        let set = dir.set_link_xattr(name, attribute.name.as_bytes(), value);
        writer.allow(path, set)?;
    }
    let set = match meta.mtime {
        Some(modified) => dir.set_modified(name, file_time(modified)),
        None => Ok::<(), HostError>(()),
    };
    Ok(set?)
}
