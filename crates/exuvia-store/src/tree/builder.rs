//! Puts a tree together.

use super::view::head;
use super::{DirRef, Encoded, EntryRef, Tree};
use crate::wire::Malformed;

/// A tree that is being put together, in the order of its records.
#[derive(Debug, Default)]
pub(crate) struct TreeBuilder {
    records: Vec<u8>,
    rows: Vec<(usize, usize)>,
}

/// A tree that was put together: what comes before the records, and the records. Of a large tree
/// there is no room for a copy just to have both in one piece.
#[derive(Debug)]
pub(crate) struct TreeBytes {
    pub(super) head: Vec<u8>,
    pub(super) records: Vec<u8>,
}

impl TreeBytes {
    /// The tree, to be read.
    pub(crate) fn into_tree(self) -> Result<Tree, Malformed> {
        let mut bytes = self.head;
        bytes.extend_from_slice(&self.records);
        Tree::new(bytes)
    }
}

/// A directory whose subdirectories come next; given back by [`TreeBuilder::close`].
#[derive(Debug)]
#[must_use]
pub(crate) struct OpenDir(usize);

/// What an entry takes, more or less.
const USUAL_ENTRY: usize = 96;

impl TreeBuilder {
    /// For about so many entries.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self {
            records: Vec::with_capacity(entries.saturating_mul(USUAL_ENTRY)),
            rows: Vec::new(),
        }
    }

    /// Adds a directory with these entries, sorted by name.
    pub(crate) fn open<'e>(&mut self, entries: impl Iterator<Item = EntryRef<'e>>) -> OpenDir {
        let start = self.records.len();
        for entry in entries {
            entry.encode(&mut self.records);
        }
        self.row(start)
    }

    /// The same, of entries that are encoded already.
    pub(crate) fn open_encoded<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e Encoded>,
    ) -> OpenDir {
        let start = self.records.len();
        for entry in entries {
            self.records.extend_from_slice(entry.as_bytes());
        }
        self.row(start)
    }

    /// Adds a directory with the entries of this one.
    pub(crate) fn open_same(&mut self, dir: DirRef<'_>) -> OpenDir {
        let start = self.records.len();
        self.records.extend_from_slice(dir.record());
        self.row(start)
    }

    fn row(&mut self, start: usize) -> OpenDir {
        self.rows.push((self.records.len() - start, 1));
        OpenDir(self.rows.len() - 1)
    }

    /// All directories below it have been added.
    pub(crate) fn close(&mut self, OpenDir(row): OpenDir) {
        let subtree = self.rows.len() - row;
        if let Some(row) = self.rows.get_mut(row) {
            row.1 = subtree;
        }
    }

    /// Adds a directory with everything below it.
    pub(crate) fn copy(&mut self, dir: DirRef<'_>) {
        dir.copy_subtree(&mut self.records, &mut self.rows);
    }

    /// The tree.
    pub(crate) fn finish(self, root: EntryRef<'_>) -> TreeBytes {
        TreeBytes {
            head: head(root, &self.rows),
            records: self.records,
        }
    }
}
