//! SQLite databases, which must be taken while somebody may be writing them.
//!
//! A database is up to three files: itself, `-wal` with what was committed and not yet moved into
//! it, or `-journal` with what must be put back if a transaction was cut short. Copying them one
//! after the other beside a writer gives torn copies that even pass `integrity_check`; copying them
//! while nobody can write gives the database as it is at that moment. The `-shm` beside a log is
//! only its index, and SQLite makes it anew.

mod hold;
mod take;

use exuvia_host::HostError;
use exuvia_host::disk::File;

pub(crate) use take::take;

/// How the name of a write-ahead log ends.
pub(crate) const LOG: &str = "-wal";
/// How the name of its index ends.
pub(crate) const LOG_INDEX: &str = "-shm";
/// How the name of a rollback journal ends.
pub(crate) const JOURNAL: &str = "-journal";

/// What every database begins with (sqlite.org/fileformat2.html, 1.3).
const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// Where the salts of a log's header are (the same, 4.1).
const SALTS_AT: u64 = 16;

/// Whether this is the beginning of a database.
pub(crate) fn begins_with_header(content: &[u8]) -> bool {
    content.starts_with(HEADER)
}

/// Whether a file is a database.
pub(crate) fn has_header(file: &File) -> Result<bool, HostError> {
    let mut header = [0; HEADER.len()];
    let len = file.read_at(&mut header, 0)?;
    Ok(len == header.len() && header == *HEADER)
}

/// The salts of a log; zeros for one that has no header yet.
pub(crate) fn salts(file: &File) -> Result<[u8; 8], HostError> {
    let mut salts = [0; 8];
    let len = file.read_at(&mut salts, SALTS_AT)?;
    Ok(if len == salts.len() { salts } else { [0; 8] })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
