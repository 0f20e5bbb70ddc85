//! Reads files, in parallel, each until it holds still.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use exuvia_host::disk::Dir;
use rayon::prelude::*;

use super::sink::Sink;
use super::{Found, Ingest, Node, Record, Waiting};
use crate::chunk;
use crate::error::StoreError;
use crate::pack::BlockBuilder;
use crate::progress::{Meter, Tally};
use crate::tree::{Encoded, EntryRef, Flavour, Meta, NodeKind, encode_pieces, encode_xattrs};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 5;
/// How much a thread takes on at once.
const BATCH_BYTES: u64 = 256 << 10;
const BATCH_FILES: usize = 256;

/// Reads the files of a walk.
#[derive(Debug)]
pub(super) struct FileReader<'r> {
    root: &'r Dir,
    ingest: &'r Ingest<'r>,
    meter: &'r Meter,
    accept_unstable: bool,
    unstable: Mutex<Vec<PathBuf>>,
}

/// A file to read.
struct Task<'t> {
    dir: &'t Path,
    found: &'t mut Found,
    size: u64,
}

/// What one thread has at hand.
struct Hands<'r, 's> {
    dir: Option<(&'r Path, Dir)>,
    block: BlockBuilder,
    scratch: &'s mut Vec<u8>,
    tally: Tally<'s>,
}

impl<'r> FileReader<'r> {
    pub(super) fn new(
        root: &'r Dir,
        ingest: &'r Ingest<'r>,
        meter: &'r Meter,
        accept_unstable: bool,
    ) -> Self {
        Self {
            root,
            ingest,
            meter,
            accept_unstable,
            unstable: Mutex::default(),
        }
    }

    /// Reads everything that is to be read.
    pub(super) fn read_all(&self, node: &mut Node) -> Result<(), StoreError> {
        let mut batches = Batches::default();
        batches.collect(node);
        batches
            .finish()
            .into_par_iter()
            .with_max_len(1)
            .try_for_each_init(Vec::new, |scratch, batch| self.read_batch(batch, scratch))?;
        let unstable = self.unstable.lock().unwrap_or_else(PoisonError::into_inner);
        if unstable.is_empty() || self.accept_unstable {
            Ok(())
        } else {
            Err(StoreError::Unstable(unstable.clone()))
        }
    }

    pub(super) fn into_unstable(self) -> Vec<PathBuf> {
        let mut unstable = self
            .unstable
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        unstable.sort();
        unstable
    }

    fn read_batch(&self, batch: Vec<Task<'_>>, scratch: &mut Vec<u8>) -> Result<(), StoreError> {
        let mut hands = Hands {
            dir: None,
            block: BlockBuilder::default(),
            scratch,
            tally: self.meter.tally(),
        };
        for Task { dir, found, .. } in batch {
            self.read(dir, found, &mut hands)?;
        }
        self.ingest.leave(&mut hands.block)
    }

    fn read<'t>(
        &self,
        dir: &'t Path,
        found: &mut Found,
        hands: &mut Hands<'t, '_>,
    ) -> Result<(), StoreError> {
        let name: Box<[u8]> = found.name().into();
        *found = match self.read_until_still(dir, name, hands) {
            Err(StoreError::Host(error)) if error.is_not_found() => Found::Gone,
            other => other?,
        };
        Ok(())
    }

    fn read_until_still<'t>(
        &self,
        path: &'t Path,
        name: Box<[u8]>,
        hands: &mut Hands<'t, '_>,
    ) -> Result<Found, StoreError> {
        if hands
            .dir
            .as_ref()
            .is_none_or(|(open, _)| open.as_os_str() != path.as_os_str())
        {
            hands.dir = Some((path, self.root.open_beneath(path)?));
        }
        let Some((_, dir)) = &hands.dir else {
            return Ok(Found::Gone);
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (file, before) = dir.open_file_with_stat(OsStr::from_bytes(&name))?;
            let mut sink = Sink {
                ingest: self.ingest,
                block: &mut hands.block,
                scratch: hands.scratch,
                tally: &mut hands.tally,
            };
            let Some(pieces) = sink.read(&file, &before)? else {
                let (size, unmoved) = (before.size, None);
                return Ok(Found::Database(Box::new(Waiting {
                    name,
                    size,
                    unmoved,
                })));
            };
            let after = file.stat()?;
            let len = pieces.iter().map(|piece| piece.len).sum();
            let still = len == after.size && Meta::of(&before) == Meta::of(&after);
            if !still && attempts < ATTEMPTS {
                continue;
            }
            if !still {
                self.note_unstable(path.join(OsStr::from_bytes(&name)));
            }
            self.ingest.count_file();
            let entry = EntryRef {
                name: &name,
                // What was read is what comes back, whatever the file is by now.
                meta: Meta {
                    size: len,
                    ..Meta::of(&after)
                },
                kind: NodeKind::File(Flavour::Plain),
                xattrs: &encode_xattrs(&file.xattrs()?),
                body: &encode_pieces(&pieces),
            };
            return Ok(Found::Done(Encoded::of(entry)));
        }
    }

    fn note_unstable(&self, path: PathBuf) {
        self.unstable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path);
    }
}

/// Puts what is to be read together: large files alone and first, so that none is begun last; small
/// ones in batches.
#[derive(Default)]
struct Batches<'t> {
    large: Vec<Task<'t>>,
    small: Vec<Vec<Task<'t>>>,
    open: Vec<Task<'t>>,
    open_bytes: u64,
}

impl<'t> Batches<'t> {
    fn collect(&mut self, node: &'t mut Node) {
        let dir = node.path.as_path();
        if let Record::New(found) = &mut node.record {
            for found in found {
                if let Found::Read(_, size) = *found {
                    self.add(Task { dir, found, size });
                }
            }
        }
        for child in node.children.iter_mut().filter(|child| !child.same) {
            self.collect(child);
        }
    }

    fn add(&mut self, task: Task<'t>) {
        if task.size >= chunk::SMALL {
            self.large.push(task);
            return;
        }
        self.open_bytes += task.size;
        self.open.push(task);
        if self.open_bytes >= BATCH_BYTES || self.open.len() >= BATCH_FILES {
            self.small.push(std::mem::take(&mut self.open));
            self.open_bytes = 0;
        }
    }

    fn finish(mut self) -> Vec<Vec<Task<'t>>> {
        self.large.sort_by_key(|task| std::cmp::Reverse(task.size));
        self.small.push(self.open);
        let large = self.large.into_iter().map(|task| vec![task]);
        large.chain(self.small).collect()
    }
}
