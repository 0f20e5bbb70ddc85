//! What a tree looked like: every name in it, with all that is known of it.
//!
//! ```text
//! 8 bytes        "EXVTREE1"
//! segments       zstd, a mebibyte each before; in front of each its length before and after
//! ```
//!
//! The segments together hold the root's own entry, a table of directories and one record for each
//! directory, in the order of a walk that visits a directory before those in it. A record names no
//! other record: the table tells how many directories lie below each, so that whole subtrees that
//! did not change are copied as they are. The file is named by its BLAKE3, and two snapshots of a
//! tree that did not change share it.

mod builder;
mod entry;
mod file;
mod view;

pub(crate) use builder::{TreeBuilder, TreeBytes};
pub(crate) use entry::{Encoded, Piece, encode_pieces, encode_xattrs};
pub use entry::{Entry, EntryRef, Flavour, Meta, NodeKind};
pub(crate) use file::{id_of, load, name, store};
pub(crate) use view::{DirRef, Tree};

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
