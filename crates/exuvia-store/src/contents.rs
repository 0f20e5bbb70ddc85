//! Reading what a snapshot holds, without restoring it: for copies that go elsewhere.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use exuvia_host::disk::{FileTime, Xattrs};

use crate::blobs::{Blobs, BlockCache};
use crate::error::StoreError;
use crate::lock::Guard;
use crate::snapshot::Snapshot;
use crate::store::{Opened, Store};
use crate::survey::RACY_MILLIS;
use crate::tree::{self, Entry, Piece, Tree};
use crate::wire::Malformed;

/// How many unpacked blocks are kept: files that lie together are read together.
const BLOCKS: usize = 16;

/// What a snapshot holds. While this lives, a prune waits.
#[derive(Debug, Clone)]
pub struct Contents(Arc<Held>);

#[derive(Debug)]
struct Held {
    _guard: Guard,
    tree: Tree,
    blobs: Blobs,
    blocks: Mutex<Vec<BlockCache>>,
    settled: FileTime,
}

/// One name of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its path in the snapshot; empty for the root.
    pub path: PathBuf,
    /// What is known of it.
    pub entry: Entry,
}

impl Store<Opened> {
    /// Opens what a snapshot holds for reading.
    pub fn contents(&self, snapshot: &Snapshot) -> Result<Contents, StoreError> {
        let guard = self.share()?;
        let held = Held {
            _guard: guard,
            tree: tree::load(&self.layout.open(&self.layout.trees())?, snapshot.tree)?,
            blobs: Blobs::load(&self.layout)?,
            blocks: Mutex::new(Vec::new()),
            settled: FileTime::from(snapshot.began).earlier_by_millis(RACY_MILLIS),
        };
        Ok(Contents(Arc::new(held)))
    }
}

impl Contents {
    /// The directory that was taken.
    pub fn root(&self) -> Result<Item, StoreError> {
        let entry = self.0.tree.root_entry().map_err(damaged)?;
        Ok(Item {
            path: PathBuf::new(),
            entry: entry.own(),
        })
    }

    /// Everything below it: a directory before what is in it, names in the order of their bytes.
    pub fn items(&self) -> Items {
        Items {
            contents: self.clone(),
            stack: Vec::new(),
            begun: false,
        }
    }

    /// The bytes of a file, each block verified as it is read.
    pub fn open(&self, item: &Item) -> Result<Content, StoreError> {
        let pieces = item.entry.borrow().pieces().read().map_err(damaged)?;
        Ok(Content {
            contents: self.clone(),
            pieces: pieces.into_iter(),
            ready: Vec::new(),
            at: 0,
            hole: 0,
        })
    }

    /// The extended attributes of an item.
    pub fn xattrs(&self, item: &Item) -> Result<Xattrs, StoreError> {
        item.entry.borrow().xattrs().map_err(damaged)
    }

    /// Whether the times of an item can be trusted to have moved if it changed after the snapshot:
    /// what changed twice within one tick of the file system's clock has the same times.
    pub fn is_settled(&self, item: &Item) -> bool {
        let meta = item.entry.borrow();
        meta.meta().modified < self.0.settled && meta.meta().changed < self.0.settled
    }

    /// Reads one block's worth of content, keeping what else was unpacked with it.
    fn read(&self, piece: Piece, into: &mut Vec<u8>) -> Result<(), StoreError> {
        let Some(id) = piece.blob else {
            return Ok(());
        };
        let wanted = self.0.blobs.block_of(id);
        let mut cache = self.take_block(wanted);
        let read = self.0.blobs.read(id, &mut cache).map(|content| {
            into.clear();
            into.extend_from_slice(content);
        });
        self.put_back(cache);
        read?;
        if into.len() as u64 == piece.len {
            Ok(())
        } else {
            Err(damaged(Malformed("it has a content of another length")))
        }
    }

    /// The block that holds this, if it is at hand; else the one that was not used for longest.
    fn take_block(&self, wanted: Option<(u32, u32)>) -> BlockCache {
        let mut blocks = self.0.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = blocks.iter().position(|block| block.holds(wanted));
        match found {
            Some(number) => blocks.remove(number),
            None if blocks.len() < BLOCKS => BlockCache::default(),
            None => blocks.remove(0),
        }
    }

    fn put_back(&self, block: BlockCache) {
        let mut blocks = self.0.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.push(block);
    }
}

fn damaged(Malformed(why): Malformed) -> StoreError {
    StoreError::damaged(Path::new("trees"), why)
}

/// The names of a snapshot, one after the other.
#[derive(Debug)]
pub struct Items {
    contents: Contents,
    stack: Vec<Level>,
    begun: bool,
}

/// The rest of one directory.
#[derive(Debug)]
struct Level {
    path: PathBuf,
    rest: std::vec::IntoIter<(Entry, Option<usize>)>,
}

impl Items {
    fn enter(&mut self, number: usize, path: PathBuf) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        for entry in self.contents.0.tree.dir(number).entries() {
            let (entry, below) = entry.map_err(damaged)?;
            entries.push((entry.own(), below.map(|dir| dir.number())));
        }
        let rest = entries.into_iter();
        self.stack.push(Level { path, rest });
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<Item>, StoreError> {
        if !self.begun {
            self.begun = true;
            self.enter(0, PathBuf::new())?;
        }
        while let Some(level) = self.stack.last_mut() {
            let Some((entry, below)) = level.rest.next() else {
                self.stack.pop();
                continue;
            };
            let path = level.path.join(entry.borrow().name());
            if let Some(number) = below {
                self.enter(number, path.clone())?;
            }
            return Ok(Some(Item { path, entry }));
        }
        Ok(None)
    }
}

impl Iterator for Items {
    type Item = Result<Item, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let advanced = self.advance();
        if advanced.is_err() {
            self.stack.clear();
        }
        advanced.transpose()
    }
}

/// The bytes of one file. A hole reads as zeros.
#[derive(Debug)]
pub struct Content {
    contents: Contents,
    pieces: std::vec::IntoIter<Piece>,
    ready: Vec<u8>,
    at: usize,
    hole: u64,
}

impl Content {
    /// Gets the next stretch ready; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let Some(piece) = self.pieces.next() else {
            return Ok(false);
        };
        if piece.blob.is_none() {
            self.hole = piece.len;
            return Ok(true);
        }
        self.at = 0;
        let read = self.contents.read(piece, &mut self.ready);
        read.map(|()| true).map_err(io::Error::other)
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.hole > 0 {
                let zeros = io::repeat(0).take(self.hole).read(buffer)?;
                self.hole -= zeros as u64;
                return Ok(zeros);
            }
            let mut rest: &[u8] = self.ready.get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                let len = rest.read(buffer)?;
                self.at += len;
                return Ok(len);
            }
            if !self.advance()? {
                return Ok(0);
            }
        }
    }
}
