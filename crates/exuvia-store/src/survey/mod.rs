//! A look at a live tree: walked first, then read where it moved since the last time.

mod companions;
mod encode;
mod ingest;
mod node;
mod reader;
mod sink;
mod splice;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use exuvia_host::disk::{Dir, FileTime};

pub(crate) use ingest::Ingest;
pub(crate) use node::{Found, Node, Record, Totals, Waiting};

use crate::error::StoreError;
use crate::exclude::Excludes;
use crate::id::BlobId;
use crate::layout::Layout;
use crate::progress::Stage;
use crate::snapshot::{LeftOut, Snapshot};
use crate::tree::{self, Entry, Tree, TreeBytes};
use crate::wire::Malformed;

/// File times closer than this to the beginning of the last look say nothing: two writes within a
/// tick of the kernel's clock, which is at most 10 ms, leave the same time.
pub(crate) const RACY_MILLIS: u32 = 20;

/// What an earlier look at the same tree found.
#[derive(Debug)]
pub(crate) struct Previous {
    pub(crate) tree: Tree,
    pub(crate) id: BlobId,
    pub(crate) snapshot: Snapshot,
}

impl Previous {
    /// The newest snapshot of a directory. One whose tree is damaged is no help, and no harm here.
    pub(crate) fn of(
        layout: &Layout,
        source: &Path,
        excludes: &Excludes,
    ) -> Result<Option<Self>, StoreError> {
        let newest = crate::catalog::newest_of(layout, source, excludes.patterns())?;
        let Some(snapshot) = newest else {
            return Ok(None);
        };
        let id = snapshot.tree;
        match tree::load(&layout.open(&layout.trees())?, id) {
            Ok(tree) => Ok(Some(Self { tree, id, snapshot })),
            Err(error) if error.is_damage() => Ok(None),
            Err(StoreError::Host(error)) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What changed at this time or later must be looked at again.
    fn trusted_before(&self) -> FileTime {
        FileTime::from(self.snapshot.began).earlier_by_millis(RACY_MILLIS)
    }
}

/// A tree that has been walked.
#[derive(Debug)]
pub(crate) struct Survey {
    root: Dir,
    entry: Entry,
    node: Node,
    previous: Option<Previous>,
    pub(crate) began: FileTime,
    pub(crate) left_out: Vec<LeftOut>,
}

/// What the tree is now.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// What it was.
    Same(Box<Previous>),
    /// Something else, or that cannot be told without reading; and the previous tree, which it may
    /// turn out to be.
    New(TreeBytes, Option<BlobId>),
}

/// What there is when everything has been read.
#[derive(Debug)]
pub(crate) struct Surveyed {
    pub(crate) looked: Looked,
    pub(crate) findings: Findings,
}

/// What a tree is made of.
#[derive(Debug)]
pub(crate) struct Looked {
    entry: Entry,
    node: Node,
    previous: Option<Previous>,
    unchanged: bool,
}

/// What is told of a tree besides.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) began: FileTime,
    pub(crate) totals: Totals,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) unstable: Vec<PathBuf>,
}

impl Survey {
    /// Walks a directory.
    pub(crate) fn walk(
        layout: &Layout,
        source: &Path,
        excludes: &Excludes,
        previous: Option<Previous>,
    ) -> Result<Self, StoreError> {
        let root = layout.disk.open_dir(source)?;
        let began = layout.disk.file_clock();
        let store = layout.open(layout.root())?.stat_self()?;
        let walk = walk::Walk {
            previous: previous.as_ref().map(|previous| &previous.tree),
            trusted_before: previous.as_ref().map(Previous::trusted_before),
            excludes,
            store: (store.device, store.inode),
            left_out: Mutex::default(),
            meter: layout.meter(Stage::Look, None),
        };
        let (entry, node) = walk.root(&root)?;
        let left_out = walk.into_left_out();
        Ok(Self {
            root,
            entry,
            node,
            previous,
            began,
            left_out,
        })
    }

    /// How many files must be read, and their bytes.
    pub(crate) fn to_read(&self) -> (u64, u64) {
        self.node.to_read()
    }

    /// Whether nothing moved at all.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.node.same
            && self.previous.as_ref().is_some_and(|previous| {
                previous
                    .tree
                    .root_entry()
                    .is_ok_and(|old| old == self.entry.borrow())
            })
    }

    /// Reads what must be read.
    pub(crate) fn read(
        mut self,
        ingest: &Ingest<'_>,
        accept_unstable: bool,
    ) -> Result<Surveyed, StoreError> {
        let unchanged = self.is_unchanged();
        let unstable = if unchanged {
            Vec::new()
        } else {
            self.read_moved(ingest, accept_unstable)?
        };
        Ok(Surveyed {
            findings: Findings {
                began: self.began,
                totals: self.node.totals(),
                left_out: self.left_out,
                unstable,
            },
            looked: Looked {
                entry: self.entry,
                node: self.node,
                previous: self.previous,
                unchanged,
            },
        })
    }

    fn read_moved(
        &mut self,
        ingest: &Ingest<'_>,
        accept_unstable: bool,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let (_, bytes) = self.to_read();
        let meter = ingest.layout.meter(Stage::Read, Some(bytes));
        let reader = reader::FileReader::new(&self.root, ingest, &meter, accept_unstable);
        reader.read_all(&mut self.node)?;
        splice::databases(&self.root, ingest, &meter, &mut self.node)?;
        meter.finish();
        ingest.finish_blocks()?;
        Ok(reader.into_unstable())
    }
}

impl Looked {
    /// What the tree is now.
    pub(crate) fn outcome(self) -> Outcome {
        match self.previous {
            Some(previous) if self.unchanged => Outcome::Same(Box::new(previous)),
            previous => {
                let tree = encode::encode(&self.entry, self.node, previous.as_ref());
                Outcome::New(tree, previous.map(|previous| previous.id))
            }
        }
    }
}

impl Outcome {
    /// The tree as it is now.
    pub(crate) fn into_tree(self, source: &Path) -> Result<Tree, StoreError> {
        let tree = match self {
            Self::Same(previous) => Ok(previous.tree),
            Self::New(tree, _) => tree.into_tree(),
        };
        tree.map_err(|Malformed(why)| StoreError::damaged(source, why))
    }
}
