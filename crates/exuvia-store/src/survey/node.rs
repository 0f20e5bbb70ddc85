//! What a walk found.

use std::path::PathBuf;

use crate::tree::Entry;

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

/// A name that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entry: Entry,
    pub(crate) todo: Todo,
}

/// What is still to be done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Todo {
    /// Nothing: all is known.
    Done,
    /// Its content must be read.
    Read,
    /// It is a database, to be taken together with its log. When its own file did not move, the
    /// entry has its pieces.
    Database {
        /// Whether the database's own file is as before.
        unmoved: bool,
    },
    /// It is gone.
    Gone,
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
        let own = own.iter().filter(|found| found.todo != Todo::Done);
        let (mut files, mut bytes) = own.fold((0, 0), |(files, bytes), found| {
            (files + 1, bytes + found.entry.meta.size)
        });
        for child in self.children.iter().filter(|child| !child.same) {
            let below = child.to_read();
            files += below.0;
            bytes += below.1;
        }
        (files, bytes)
    }
}
