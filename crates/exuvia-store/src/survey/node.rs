//! What a walk found.

use std::path::PathBuf;

use crate::tree::{Encoded, Entry};

/// A directory that was walked.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its path from the root.
    pub(crate) path: PathBuf,
    pub(crate) record: Record,
    /// The directories in it, in the order of their names.
    pub(crate) children: Vec<Node>,
    /// Whether it and everything below is as before.
    pub(crate) same: bool,
    totals: Totals,
}

/// What is in a directory.
#[derive(Debug)]
pub(crate) enum Record {
    /// The same as in the directory of this number of the previous tree.
    Same(usize),
    /// This.
    New(Vec<Found>),
}

/// A name that was found, and what is still to be done with it. There may be a million of these, so
/// they hold no more than what is needed next.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing: all is known.
    Done(Encoded),
    /// Its content must be read.
    Read(Box<[u8]>, u64),
    /// It is a database, to be taken together with its log.
    Database(Box<Waiting>),
    /// It is gone.
    Gone,
}

/// A database that is to be taken.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) name: Box<[u8]>,
    pub(crate) size: u64,
    /// What it was, if its own file did not move since.
    pub(crate) unmoved: Option<Entry>,
}

impl Found {
    /// The name; empty for what is gone.
    pub(super) fn name(&self) -> &[u8] {
        match self {
            Self::Done(entry) => entry.name(),
            Self::Read(name, _) => name,
            Self::Database(waiting) => &waiting.name,
            Self::Gone => &[],
        }
    }

    /// How many bytes must be read of it.
    fn to_read(&self) -> Option<u64> {
        match self {
            Self::Done(_) | Self::Gone => None,
            Self::Read(_, size) => Some(*size),
            Self::Database(waiting) => Some(waiting.size),
        }
    }
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) files: u64,
    pub(crate) directories: u64,
    pub(crate) symlinks: u64,
    pub(crate) bytes: u64,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.directories += other.directories;
        self.symlinks += other.symlinks;
        self.bytes += other.bytes;
    }
}

impl Node {
    /// A directory, with what is in it itself and the directories in it that did not vanish.
    pub(super) fn new(
        path: PathBuf,
        record: Record,
        children: Vec<Option<Self>>,
        own: Totals,
    ) -> Self {
        let children: Vec<Self> = children.into_iter().flatten().collect();
        let mut totals = own;
        for child in &children {
            totals.add(child.totals);
        }
        let same = matches!(record, Record::Same(_)) && children.iter().all(|child| child.same);
        Self {
            path,
            record,
            // What is the same is copied with everything below it.
            children: if same { Vec::new() } else { children },
            same,
            totals,
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) fn to_read(&self) -> (u64, u64) {
        let own = match &self.record {
            Record::Same(_) => &[][..],
            Record::New(found) => found,
        };
        let own = own.iter().filter_map(Found::to_read);
        let (mut files, mut bytes) =
            own.fold((0, 0), |(files, bytes), size| (files + 1, bytes + size));
        for child in self.children.iter().filter(|child| !child.same) {
            let below = child.to_read();
            files += below.0;
            bytes += below.1;
        }
        (files, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_names_take_little_room_while_they_are_looked_at() {
        assert!(size_of::<Found>() <= 32, "{}", size_of::<Found>());
    }
}
