//! A tree in memory, read where it lies.

use std::path::Path;

use super::EntryRef;
use crate::wire::{Malformed, Put, Reader};

/// A tree, unpacked.
#[derive(Debug)]
pub(crate) struct Tree {
    bytes: Vec<u8>,
    root: (usize, usize),
    dirs: Vec<Span>,
}

/// Where the record of a directory is, and how many directories its subtree has, itself included.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    subtree: usize,
}

/// One directory of a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DirRef<'a> {
    tree: &'a Tree,
    number: usize,
}

/// What a row of the table takes.
const ROW_BYTES: usize = 8;

impl Tree {
    /// Takes the unpacked bytes of a tree.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let mut reader = Reader::new(&bytes);
        let root_bytes = reader.counted()?;
        let root_end = bytes.len() - reader.rest().len();
        let root = (root_end - root_bytes.len(), root_end);
        let count = reader.count(ROW_BYTES)?;
        let mut start = bytes.len() - reader.rest().len() + count * ROW_BYTES;
        let mut dirs = Vec::with_capacity(count);
        for number in 0..count {
            let (len, subtree) = (reader.u32()? as usize, reader.u32()? as usize);
            if subtree == 0 || subtree > count - number {
                return Err(Malformed("its table of directories is impossible"));
            }
            let end = start + len;
            dirs.push(Span {
                start,
                end,
                subtree,
            });
            start = end;
        }
        if dirs.is_empty() || start != bytes.len() {
            return Err(Malformed("its table of directories does not fit"));
        }
        Ok(Self { bytes, root, dirs })
    }

    /// The root's own entry, which has no name.
    pub(crate) fn root_entry(&self) -> Result<EntryRef<'_>, Malformed> {
        let bytes = self.bytes.get(self.root.0..self.root.1).unwrap_or_default();
        EntryRef::decode(&mut Reader::new(bytes))
    }

    /// The root.
    pub(crate) fn root(&self) -> DirRef<'_> {
        DirRef {
            tree: self,
            number: 0,
        }
    }

    /// What lies at a path.
    pub(crate) fn find(&self, path: &Path) -> Result<Option<EntryRef<'_>>, Malformed> {
        let mut dir = Some(self.root());
        let mut found = None;
        for part in path {
            let Some(entries) = dir.map(|dir| dir.entries()) else {
                return Ok(None);
            };
            let named = |one: &Result<(EntryRef<'_>, _), Malformed>| match one {
                Ok((entry, _)) => entry.name() == part,
                Err(_) => true,
            };
            match entries.into_iter().find(named).transpose()? {
                Some((entry, below)) => (found, dir) = (Some(entry), below),
                None => return Ok(None),
            }
        }
        Ok(found)
    }

    /// The directory of this number.
    pub(crate) fn dir(&self, number: usize) -> DirRef<'_> {
        DirRef { tree: self, number }
    }

    fn span(&self, number: usize) -> Span {
        // A number comes from the table itself, whose rows are counted.
        self.dirs.get(number).copied().unwrap_or(Span {
            start: 0,
            end: 0,
            subtree: 1,
        })
    }
}

impl<'a> DirRef<'a> {
    /// Its number in the tree.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// The record's bytes.
    pub(crate) fn record(&self) -> &'a [u8] {
        let span = self.tree.span(self.number);
        self.tree
            .bytes
            .get(span.start..span.end)
            .unwrap_or_default()
    }

    /// The entries in it, sorted by name; each directory with its own record.
    pub(crate) fn entries(&self) -> Entries<'a> {
        let subtree = self.tree.span(self.number).subtree;
        Entries {
            tree: self.tree,
            reader: Reader::new(self.record()),
            last: &[],
            next: self.number + 1,
            end: self.number + subtree,
        }
    }

    /// Appends the records of the subtree to `records` and the table's rows to `rows`.
    pub(crate) fn copy_subtree(&self, records: &mut Vec<u8>, rows: &mut Vec<(usize, usize)>) {
        let first = self.tree.span(self.number);
        let numbers = self.number..self.number + first.subtree;
        let spans = self.tree.dirs.get(numbers).unwrap_or_default();
        let end = spans.last().map_or(first.end, |last| last.end);
        let bytes = self.tree.bytes.get(first.start..end).unwrap_or_default();
        records.extend_from_slice(bytes);
        rows.extend(
            spans
                .iter()
                .map(|span| (span.end - span.start, span.subtree)),
        );
    }
}

/// The entries of a directory.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a> {
    tree: &'a Tree,
    reader: Reader<'a>,
    last: &'a [u8],
    next: usize,
    end: usize,
}

impl<'a> Entries<'a> {
    fn read(&mut self) -> Result<(EntryRef<'a>, Option<DirRef<'a>>), Malformed> {
        let entry = EntryRef::decode(&mut self.reader)?;
        let name = entry.name;
        // A name leads nowhere but to something in its directory, whoever wrote it.
        if name.is_empty()
            || name == b"."
            || name == b".."
            || name.contains(&b'/')
            || name.contains(&0)
        {
            return Err(Malformed("it has an entry with an impossible name"));
        }
        if !self.last.is_empty() && self.last >= name {
            return Err(Malformed("its entries are out of order"));
        }
        self.last = name;
        if entry.kind != super::NodeKind::Directory {
            return Ok((entry, None));
        }
        let number = self.next;
        if number >= self.end {
            return Err(Malformed("it has a directory without a record"));
        }
        self.next += self.tree.span(number).subtree;
        let dir = DirRef {
            tree: self.tree,
            number,
        };
        Ok((entry, Some(dir)))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(EntryRef<'a>, Option<DirRef<'a>>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let entry = self.read();
        if entry.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(entry)
    }
}

/// The head of a tree's bytes: everything before the records.
pub(super) fn head(root: EntryRef<'_>, rows: &[(usize, usize)]) -> Vec<u8> {
    let mut entry = Vec::new();
    root.encode(&mut entry);
    let mut out = Vec::with_capacity(entry.len() + 8 + rows.len() * ROW_BYTES);
    out.put_counted(&entry);
    out.put_u32(crate::wire::length(rows.len()));
    for (len, subtree) in rows {
        out.put_u32(crate::wire::length(*len));
        out.put_u32(crate::wire::length(*subtree));
    }
    out
}
