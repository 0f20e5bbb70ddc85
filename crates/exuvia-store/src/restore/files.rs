//! Writes files, in parallel, in the order in which their contents lie in the store.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

use exuvia_host::disk::{Dir, File};
use rayon::prelude::*;

use super::apply::{Manner, Restore, by_directory, split};
use super::attributes;
use super::plan::is_same;
use crate::blobs::BlockCache;
use crate::chunk;
use crate::error::StoreError;
use crate::progress::Tally;
use crate::tree::Entry;
use crate::wire::Malformed;

type Job<'j> = (&'j Path, &'j Entry);

/// What one thread has at hand.
struct Hands<'j, 'm> {
    dir: Option<(&'j Path, Dir)>,
    source: Source<'m>,
}

/// Where its contents come from.
struct Source<'m> {
    cache: BlockCache,
    tally: Tally<'m>,
}

impl<'m> Hands<'_, 'm> {
    fn new(restore: &'m Restore<'_>) -> Self {
        Self {
            dir: None,
            source: Source {
                cache: BlockCache::default(),
                tally: restore.meter.tally(),
            },
        }
    }
}

/// Writes files.
pub(super) fn write_all(restore: &Restore<'_>, jobs: &[Job<'_>]) -> Result<(), StoreError> {
    batches(restore, jobs)
        .into_par_iter()
        .with_max_len(1)
        .try_for_each_init(
            || Hands::new(restore),
            |hands, batch| {
                batch
                    .into_iter()
                    .try_for_each(|(path, entry)| write(restore, path, entry, hands))
            },
        )
}

/// Files whose contents lie in the same block together; large files alone, and first.
fn batches<'j>(restore: &Restore<'_>, jobs: &[Job<'j>]) -> Vec<Vec<Job<'j>>> {
    let block = |entry: &Entry| {
        let first = entry
            .borrow()
            .pieces()
            .flatten()
            .find_map(|piece| piece.blob);
        first.and_then(|id| restore.blobs.block_of(id))
    };
    let (mut large, small): (Vec<Job<'j>>, Vec<Job<'j>>) = jobs
        .iter()
        .partition(|(_, entry)| entry.meta.size >= chunk::SMALL);
    large.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.meta.size));
    let mut placed: Vec<_> = small.into_iter().map(|job| (block(job.1), job)).collect();
    placed.sort_by_key(|(block, _)| *block);
    let small = placed
        .chunk_by(|a, b| a.0 == b.0)
        .flat_map(|same| same.chunks(256))
        .map(|batch| batch.iter().map(|(_, job)| *job).collect());
    large
        .into_iter()
        .map(|job| vec![job])
        .chain(small)
        .collect()
}

fn write<'j>(
    restore: &Restore<'_>,
    path: &'j Path,
    entry: &Entry,
    hands: &mut Hands<'j, '_>,
) -> Result<(), StoreError> {
    let (above, name) = split(path);
    if !is_same(hands.dir.as_ref().map(|(open, _)| *open), above) {
        hands.dir = Some((above, restore.root.open_beneath(above)?));
    }
    let Some((_, dir)) = &hands.dir else {
        return Ok(());
    };
    let temporary = match restore.manner {
        Manner::Fresh => None,
        Manner::InPlace => Some(restore.temporary_name()),
    };
    let first = temporary.as_deref().map_or(name, OsStr::new);
    let file = dir.create_file(first, 0o600)?;
    let mut done = fill(restore, &file, entry, &mut hands.source)
        .and_then(|()| attributes::set(restore, &file, path, entry));
    if temporary.is_some() && done.is_ok() {
        done = dir.rename(first, dir, name).map_err(StoreError::from);
    }
    if done.is_err() {
        // The first error is the one to tell; a leftover is removed by the next restore.
        let _ = dir.remove_file(first);
    }
    done
}

/// Writes the content. What is not as it was when it was taken is not written.
fn fill(
    restore: &Restore<'_>,
    file: &File,
    entry: &Entry,
    source: &mut Source<'_>,
) -> Result<(), StoreError> {
    let damaged = |why: &str| StoreError::damaged(Path::new("trees"), why);
    let mut offset = 0;
    let mut ends_in_hole = false;
    for piece in entry.borrow().pieces() {
        let piece = piece.map_err(|Malformed(why)| damaged(why))?;
        if let Some(id) = piece.blob {
            let content = match restore.ready.get(&id) {
                Some(content) => content,
                None => restore.blobs.read(id, &mut source.cache)?,
            };
            if content.len() as u64 != piece.len {
                return Err(damaged("it has a content of another length"));
            }
            file.write_at(content, offset)?;
            source.tally.add(piece.len);
        }
        ends_in_hole = piece.blob.is_none();
        offset += piece.len;
    }
    if ends_in_hole {
        file.set_len(offset)?;
    }
    Ok(())
}

/// Sets the attributes of files whose content is right.
pub(super) fn set_attributes(restore: &Restore<'_>, jobs: &[Job<'_>]) -> Result<(), StoreError> {
    by_directory(jobs.iter().copied())
        .into_par_iter()
        .try_for_each(|(above, jobs)| {
            let dir = restore.root.open_beneath(above)?;
            jobs.into_iter().try_for_each(|(path, entry)| {
                match dir.open_file(split(path).1) {
                    Ok(file) => attributes::set(restore, &file, path, entry),
                    // Not even its owner may read it now: it is written anew.
                    Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                        write(restore, path, entry, &mut Hands::new(restore))
                    }
                    Err(error) => Err(error.into()),
                }
            })
        })
}
