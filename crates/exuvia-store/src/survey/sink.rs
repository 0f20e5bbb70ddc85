//! Takes a file apart into contents.

use exuvia_host::disk::{File, Stat};

use super::Ingest;
use crate::chunk;
use crate::database;
use crate::error::StoreError;
use crate::id::BlobId;
use crate::pack::BlockBuilder;
use crate::progress::Tally;
use crate::tree::Piece;

/// What is read of a large file at once.
const WINDOW: usize = 4 << 20;
/// A file that takes this much less on disk than it is long has holes worth looking for.
const WORTHWHILE_HOLE: u64 = 16 << 10;

/// Where one file goes.
pub(super) struct Sink<'s, 'm> {
    pub(super) ingest: &'s Ingest<'s>,
    pub(super) block: &'s mut BlockBuilder,
    pub(super) scratch: &'s mut Vec<u8>,
    pub(super) tally: &'s mut Tally<'m>,
}

impl Sink<'_, '_> {
    /// The pieces of a file; `None` for a database, which must be taken otherwise.
    pub(super) fn read(
        &mut self,
        file: &File,
        stat: &Stat,
    ) -> Result<Option<Vec<Piece>>, StoreError> {
        if has_holes(stat) {
            return if database::has_header(file)? {
                Ok(None)
            } else {
                self.read_around_holes(file, stat.size).map(Some)
            };
        }
        if stat.size < chunk::SMALL {
            return self.read_whole(file, stat.size);
        }
        if database::has_header(file)? {
            return Ok(None);
        }
        let mut pieces = Vec::new();
        self.read_stretch(file, 0, stat.size, &mut pieces)?;
        Ok(Some(pieces))
    }

    /// A file that is one content.
    fn read_whole(&mut self, file: &File, size: u64) -> Result<Option<Vec<Piece>>, StoreError> {
        let len = self.fill(file, 0, usize::try_from(size).unwrap_or(0))?;
        let content = self.scratch.get(..len).unwrap_or_default();
        if content.is_empty() {
            Ok(Some(Vec::new()))
        } else if database::begins_with_header(content) {
            Ok(None)
        } else {
            self.tally.add(len as u64);
            let piece = take(self.ingest, self.block, content)?;
            Ok(Some(vec![piece]))
        }
    }

    fn read_around_holes(&mut self, file: &File, size: u64) -> Result<Vec<Piece>, StoreError> {
        let mut pieces = Vec::new();
        let mut done = 0;
        while done < size {
            let extent = file.next_extent(done)?;
            let start = extent.map_or(size, |extent| extent.start.min(size));
            let end = extent.map_or(size, |extent| extent.end.min(size));
            if start > done {
                let len = start - done;
                pieces.push(Piece { len, blob: None });
            }
            self.read_stretch(file, start, end, &mut pieces)?;
            done = end.max(start);
        }
        Ok(pieces)
    }

    /// The bytes from `start` to `end`, as far as the file goes, in chunks.
    fn read_stretch(
        &mut self,
        file: &File,
        start: u64,
        end: u64,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), StoreError> {
        let mut done = start;
        while done < end {
            let wanted = usize::try_from(end - done).unwrap_or(WINDOW).min(WINDOW);
            let len = self.fill(file, done, wanted)?;
            let is_end = len < wanted || done + len as u64 == end;
            let mut rest = self.scratch.get(..len).unwrap_or_default();
            for cut in chunk::cuts(rest, is_end) {
                let (chunk, others) = rest.split_at(cut);
                pieces.push(take(self.ingest, self.block, chunk)?);
                self.tally.add(cut as u64);
                done += cut as u64;
                rest = others;
            }
            if is_end {
                break;
            }
        }
        Ok(())
    }

    /// Reads into the scratch space.
    fn fill(&mut self, file: &File, offset: u64, wanted: usize) -> Result<usize, StoreError> {
        if self.scratch.len() < wanted {
            self.scratch.resize(wanted, 0);
        }
        let buffer = self.scratch.get_mut(..wanted).unwrap_or_default();
        Ok(file.read_at(buffer, offset)?)
    }
}

/// Takes a content in, if it is new.
pub(super) fn take(
    ingest: &Ingest<'_>,
    block: &mut BlockBuilder,
    content: &[u8],
) -> Result<Piece, StoreError> {
    let id = BlobId::of(content);
    if ingest.claim(id) {
        block.push(id, content);
        ingest.flush_if_full(block)?;
    }
    Ok(Piece {
        len: content.len() as u64,
        blob: Some(id),
    })
}

fn has_holes(stat: &Stat) -> bool {
    stat.blocks
        .saturating_mul(512)
        .saturating_add(WORTHWHILE_HOLE)
        <= stat.size
}
