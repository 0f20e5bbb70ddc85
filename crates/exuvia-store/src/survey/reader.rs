//! Reads files, in parallel, each until it holds still.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use exuvia_host::disk::Dir;
use rayon::prelude::*;

use super::sink::Sink;
use super::{Found, Ingest, Node, Record, Todo};
use crate::chunk;
use crate::error::StoreError;
use crate::pack::BlockBuilder;
use crate::tree::{Meta, encode_pieces, encode_xattrs};

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
    accept_unstable: bool,
    unstable: Mutex<Vec<PathBuf>>,
}

/// A file to read.
struct Task<'t> {
    dir: &'t Path,
    found: &'t mut Found,
}

/// What one thread has at hand.
struct Hands<'r, 's> {
    dir: Option<(&'r Path, Dir)>,
    block: BlockBuilder,
    scratch: &'s mut Vec<u8>,
}

impl<'r> FileReader<'r> {
    pub(super) fn new(root: &'r Dir, ingest: &'r Ingest<'r>, accept_unstable: bool) -> Self {
        Self {
            root,
            ingest,
            accept_unstable,
            unstable: Mutex::default(),
        }
    }

    /// Reads everything that is to be read.
    pub(super) fn read_all(&self, node: &mut Node) -> Result<(), StoreError> {
        let mut tasks = Vec::new();
        collect(node, &mut tasks);
        batches(tasks)
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
        };
        for task in batch {
            self.read(task, &mut hands)?;
        }
        self.ingest.leave(&mut hands.block)
    }

    fn read<'t>(&self, task: Task<'t>, hands: &mut Hands<'t, '_>) -> Result<(), StoreError> {
        let found = task.found;
        match self.read_until_still(task.dir, found, hands) {
            Err(StoreError::Host(error)) if error.is_not_found() => {
                found.todo = Todo::Gone;
                Ok(())
            }
            other => other,
        }
    }

    fn read_until_still<'t>(
        &self,
        path: &'t Path,
        found: &mut Found,
        hands: &mut Hands<'t, '_>,
    ) -> Result<(), StoreError> {
        if hands.dir.as_ref().is_none_or(|(open, _)| *open != path) {
            hands.dir = Some((path, self.root.open_beneath(path)?));
        }
        let Some((_, dir)) = &hands.dir else {
            return Ok(());
        };
        let name = OsStr::from_bytes(&found.entry.name).to_owned();
        for attempt in 1..=ATTEMPTS {
            let (file, before) = dir.open_file_with_stat(&name)?;
            let mut sink = Sink {
                ingest: self.ingest,
                block: &mut hands.block,
                scratch: hands.scratch,
            };
            let Some(pieces) = sink.read(&file, &before)? else {
                found.todo = Todo::Database { unmoved: false };
                return Ok(());
            };
            let after = file.stat()?;
            let len = pieces.iter().map(|piece| piece.len).sum();
            let still = len == after.size && Meta::of(&before) == Meta::of(&after);
            if still || attempt == ATTEMPTS {
                found.entry.body = encode_pieces(&pieces);
                found.entry.xattrs = encode_xattrs(&file.xattrs()?);
                found.entry.meta = Meta::of(&after);
                // What was read is what comes back, whatever the file is by now.
                found.entry.meta.size = len;
                found.todo = Todo::Done;
                self.ingest.count_file();
            }
            if still {
                return Ok(());
            }
        }
        self.note_unstable(path.join(&name));
        Ok(())
    }

    fn note_unstable(&self, path: PathBuf) {
        self.unstable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path);
    }
}

fn collect<'t>(node: &'t mut Node, tasks: &mut Vec<Task<'t>>) {
    let dir = node.path.as_path();
    if let Record::New(found) = &mut node.record {
        let to_read = found.iter_mut().filter(|found| found.todo == Todo::Read);
        tasks.extend(to_read.map(|found| Task { dir, found }));
    }
    for child in node.children.iter_mut().filter(|child| !child.same) {
        collect(child, tasks);
    }
}

/// Large files alone and first, so that none is begun last; small ones together.
fn batches(tasks: Vec<Task<'_>>) -> Vec<Vec<Task<'_>>> {
    let (mut large, small): (Vec<_>, Vec<_>) = tasks
        .into_iter()
        .partition(|task| task.found.entry.meta.size >= chunk::SMALL);
    large.sort_by_key(|task| std::cmp::Reverse(task.found.entry.meta.size));
    let mut batches: Vec<Vec<Task<'_>>> = large.into_iter().map(|task| vec![task]).collect();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for task in small {
        bytes += task.found.entry.meta.size;
        batch.push(task);
        if bytes >= BATCH_BYTES || batch.len() >= BATCH_FILES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
    }
    batches.push(batch);
    batches
}
