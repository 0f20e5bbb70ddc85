//! What a snapshot keeps of a name, as a node of restic's trees.

use std::ffi::OsStr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exuvia_host::disk::{FileTime, Xattrs};
use exuvia_store::{Contents, Item, NodeKind, StoreError};
use jiff::Timestamp;
use rustic_core::repofile::{Metadata, Node, NodeType};
use serde_json::{Value, json};

use crate::mode;

/// The time that no change was ever made at: nothing compares equal to it.
const NEVER: Timestamp = Timestamp::UNIX_EPOCH;

/// The node of an item.
pub(crate) fn of(contents: &Contents, item: &Item) -> Result<Node, StoreError> {
    let name = item.path.file_name().unwrap_or_default();
    let mut node = named(contents, item, name)?;
    if item.entry.borrow().kind().is_file() && !contents.is_settled(item) {
        // A push skips what has the times it had in the last backup. What may change once more
        // within the same tick must not be skipped, so its time of change is not told.
        node.meta.ctime = Some(NEVER);
    }
    Ok(node)
}

/// The node of an item that is called otherwise in the backup, as the snapshot's root is.
pub(crate) fn named(contents: &Contents, item: &Item, name: &OsStr) -> Result<Node, StoreError> {
    let entry = item.entry.borrow();
    let meta = entry.meta();
    let (node_type, kind_bits) = match entry.kind() {
        NodeKind::Directory => (NodeType::Dir, mode::DIRECTORY),
        NodeKind::File(_) => (NodeType::File, 0),
        NodeKind::Symlink => (
            NodeType::from_link(Path::new(entry.target())),
            mode::SYMLINK,
        ),
    };
    let modified = time(meta.modified);
    let metadata = Metadata {
        mode: Some(mode::to_go(meta.mode) | kind_bits),
        mtime: Some(modified),
        // Snapshots do not keep it; restic would set nonsense if there were none.
        atime: Some(modified),
        ctime: Some(time(meta.changed)),
        uid: Some(meta.uid),
        gid: Some(meta.gid),
        inode: meta.inode,
        device_id: meta.device,
        size: meta.size,
        links: u64::from(meta.links),
        ..with_attributes(&contents.xattrs(item)?)
    };
    Ok(Node::new_node(name, node_type, metadata))
}

/// A directory above the snapshot's own, of which nothing is known but that its owner may pass.
pub(crate) fn above(name: &OsStr, root: &Item) -> Node {
    let meta = *root.entry.borrow().meta();
    let modified = time(meta.modified);
    let metadata = Metadata {
        mode: Some(0o755 | mode::DIRECTORY),
        mtime: Some(modified),
        atime: Some(modified),
        uid: Some(meta.uid),
        gid: Some(meta.gid),
        ..Metadata::default()
    };
    Node::new_node(name, NodeType::Dir, metadata)
}

/// A private file that is not of the snapshot.
pub(crate) fn private(name: &OsStr, len: usize, modified: Timestamp, root: &Item) -> Node {
    let meta = *root.entry.borrow().meta();
    let metadata = Metadata {
        mode: Some(0o600),
        mtime: Some(modified),
        atime: Some(modified),
        uid: Some(meta.uid),
        gid: Some(meta.gid),
        size: len as u64,
        ..Metadata::default()
    };
    Node::new_node(name, NodeType::File, metadata)
}

/// Extended attributes have no public name in rustic, but a shape in JSON that is restic's.
fn with_attributes(xattrs: &Xattrs) -> Metadata {
    if xattrs.is_empty() {
        return Metadata::default();
    }
    let one = |(name, value): &(Vec<u8>, Vec<u8>)| json!({ "name": String::from_utf8_lossy(name), "value": STANDARD.encode(value) });
    let all: Vec<Value> = xattrs.iter().map(one).collect();
    // A list of this shape is always understood.
    serde_json::from_value(json!({ "extended_attributes": all })).unwrap_or_default()
}

/// File times reach further than those of restic; what lies beyond is cut.
fn time(time: FileTime) -> Timestamp {
    let nanos = i32::try_from(time.nanos).unwrap_or(0);
    Timestamp::new(time.seconds, nanos).unwrap_or(if time.seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// A file time again.
pub(crate) fn file_time(time: Timestamp) -> FileTime {
    let nanos = time.as_nanosecond();
    FileTime {
        seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(0),
        nanos: u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
    }
}
