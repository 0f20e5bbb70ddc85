//! Takes a database with its log, or its journal, as they are at one moment.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU64, Ordering};

use exuvia_host::disk::{Dir, File};
use rayon::prelude::*;

use super::hold::Hold;
use super::{JOURNAL, LOG, salts};
use crate::chunk::ALIGNED;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::pack::{BLOCK_TARGET, BlockBuilder};
use crate::survey::{Ingest, RACY_MILLIS};
use crate::tree::{Entry, Flavour, Meta, NodeKind, Piece, encode_pieces, encode_xattrs};

/// How many pieces a thread reads at once.
const RUN: u64 = 64;
/// Smaller databases are read in no time, and only once they are held.
const EARLY_FROM: u64 = 4 << 20;
/// How many new pieces a thread compresses at once.
const PACKED: usize = BLOCK_TARGET / ALIGNED;

/// A database as it was at one moment.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The database, then what belongs to it.
    pub(crate) entries: Vec<Entry>,
}

/// A new content, kept aside while the database is held: compressing it then would keep writers
/// waiting several times as long.
#[derive(Debug, Clone, Copy)]
struct Aside {
    id: BlobId,
    offset: u64,
    len: usize,
}

/// Takes a database. `unmoved` is what it was at a time since which its own file did not move:
/// that is not read again.
pub(crate) fn take(
    dir: &Dir,
    name: &OsStr,
    unmoved: Option<&Entry>,
    ingest: &Ingest<'_>,
) -> Result<Taken, StoreError> {
    let spool = Spool::new(ingest)?;
    let file = dir.open_to_lock(name)?;
    let now = Meta::of(&file.stat()?);
    let known = match unmoved.filter(|entry| entry.meta == now) {
        Some(entry) => Some(entry.clone()),
        None => spool.early(&file, &now, name)?,
    };
    let mut entries = Vec::new();
    {
        let hold = Hold::take(dir, name, file)?;
        let own = Meta::of(&hold.file().stat()?);
        match known.filter(|entry| entry.meta == own) {
            Some(entry) => entries.push(entry),
            None => entries.push(spool.file(hold.file(), name, Flavour::Database)?),
        }
        // None of these has locks, so they may be closed before the connection is.
        if let Some(log) = open(dir, &beside(name, LOG))? {
            let flavour = Flavour::Log(salts(&log)?);
            entries.push(spool.file(&log, &beside(name, LOG), flavour)?);
        }
        if let Some(journal) = open(dir, &beside(name, JOURNAL))? {
            entries.push(spool.file(&journal, &beside(name, JOURNAL), Flavour::Plain)?);
        }
    }
    spool.into_packs()?;
    ingest.count_file();
    Ok(Taken { entries })
}

fn beside(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}

fn open(dir: &Dir, name: &OsStr) -> Result<Option<File>, StoreError> {
    match dir.open_file(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where new contents wait. It has no name, so nothing of it outlives the process.
struct Spool<'i> {
    ingest: &'i Ingest<'i>,
    file: File,
    end: AtomicU64,
    aside: std::sync::Mutex<Vec<Aside>>,
}

impl<'i> Spool<'i> {
    fn new(ingest: &'i Ingest<'i>) -> Result<Self, StoreError> {
        let layout = ingest.layout;
        let tmp = layout.open(&layout.tmp())?;
        let name = layout.fresh_name("spool");
        let file = tmp.create_file(OsStr::new(&name), 0o600)?;
        tmp.remove_file(OsStr::new(&name))?;
        Ok(Self {
            ingest,
            file,
            end: AtomicU64::new(0),
            aside: std::sync::Mutex::default(),
        })
    }

    /// Reads a database's own file before it is held, so that writers wait for the reading of its
    /// log alone. What comes of it is the database only if the file has not moved from `now` on by
    /// the time that it is held; nothing comes of it where that could not be told.
    fn early(&self, file: &File, now: &Meta, name: &OsStr) -> Result<Option<Entry>, StoreError> {
        let clock = self.ingest.layout.disk.file_clock();
        let is_telling =
            now.changed.nanos != 0 && now.changed < clock.earlier_by_millis(RACY_MILLIS);
        if now.size < EARLY_FROM || !is_telling {
            return Ok(None);
        }
        match self.file(file, name, Flavour::Database) {
            Ok(entry) => Ok((entry.meta == *now).then_some(entry)),
            // It became shorter meanwhile.
            Err(StoreError::Host(error)) if error.is_unexpected_end() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a file. Unless nobody writes it, what comes of it may be of several moments.
    fn file(&self, file: &File, name: &OsStr, flavour: Flavour) -> Result<Entry, StoreError> {
        let meta = Meta::of(&file.stat()?);
        let run = RUN * ALIGNED as u64;
        let runs: Vec<Vec<Piece>> = (0..meta.size.div_ceil(run))
            .into_par_iter()
            .map_init(Vec::new, |buffer, number| {
                let start = number * run;
                self.run(file, start, (start + run).min(meta.size), buffer)
            })
            .collect::<Result<_, _>>()?;
        Ok(Entry {
            name: name.as_bytes().into(),
            meta,
            kind: NodeKind::File(flavour),
            xattrs: encode_xattrs(&file.xattrs()?),
            body: encode_pieces(&runs.concat()),
        })
    }

    fn run(
        &self,
        file: &File,
        start: u64,
        end: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Vec<Piece>, StoreError> {
        buffer.resize(usize::try_from(end - start).unwrap_or(0), 0);
        file.read_exact_at(buffer, start)?;
        let ids: Vec<BlobId> = buffer.chunks(ALIGNED).map(BlobId::of).collect();
        let claims: Vec<bool> = ids.iter().map(|id| self.ingest.claim(*id)).collect();
        let mut rest = buffer.as_slice();
        for (ids, claims) in stretches(&ids, &claims) {
            let (stretch, others) = rest.split_at(rest.len().min(ids.len() * ALIGNED));
            if claims {
                self.put_aside(ids, stretch)?;
            }
            rest = others;
        }
        let lengths = buffer.chunks(ALIGNED).map(|content| content.len() as u64);
        let pieces = lengths.zip(&ids).map(|(len, id)| Piece {
            len,
            blob: Some(*id),
        });
        Ok(pieces.collect())
    }

    fn put_aside(&self, ids: &[BlobId], contents: &[u8]) -> Result<(), StoreError> {
        let mut offset = self.end.fetch_add(contents.len() as u64, Ordering::Relaxed);
        self.file.write_at(contents, offset)?;
        let mut aside = self
            .aside
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (id, content) in ids.iter().zip(contents.chunks(ALIGNED)) {
            let len = content.len();
            aside.push(Aside {
                id: *id,
                offset,
                len,
            });
            offset += len as u64;
        }
        Ok(())
    }

    fn into_packs(self) -> Result<(), StoreError> {
        let mut aside = self
            .aside
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        aside.sort_by_key(|one| one.offset);
        aside.par_chunks(PACKED).try_for_each(|run| {
            let mut block = BlockBuilder::default();
            let mut content = Vec::new();
            for one in run {
                content.resize(one.len, 0);
                self.file.read_exact_at(&mut content, one.offset)?;
                block.push(one.id, &content);
            }
            self.ingest.leave(&mut block)
        })
    }
}

/// Pieces that follow each other and are all new, or all known.
fn stretches<'p>(
    ids: &'p [BlobId],
    claims: &'p [bool],
) -> impl Iterator<Item = (&'p [BlobId], bool)> {
    let mut rest = ids;
    claims.chunk_by(|a, b| a == b).map(move |same| {
        let (own, others) = rest.split_at(rest.len().min(same.len()));
        rest = others;
        (own, same.contains(&true))
    })
}
