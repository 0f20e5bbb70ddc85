//! SQLite's write-ahead log, as far as it must be understood to read beside a writer.
//!
//! The format: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use exuvia_host::{Host, HostError, Links};

/// Bytes of the header of a log.
const HEADER: usize = 32;
/// Bytes of the header of a frame.
const FRAME_HEADER: usize = 24;
/// Where a database's first page has `PRAGMA user_version`, big-endian.
const USER_VERSION_AT: usize = 60;
/// How often a log that is reset while it is read is read again.
const ATTEMPTS: usize = 20;

/// A database that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It is no database.
    #[error("{} is not an SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// It never held still.
    #[error("{} was written faster than it could be read: run the check again", .0.display())]
    Busy(PathBuf),
}

/// The header of a log: whoever starts it anew changes the salts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WalHeader([u8; HEADER]);

impl WalHeader {
    fn big_endian_checksums(&self) -> bool {
        self.0.get(3).is_some_and(|byte| byte & 1 == 1)
    }

    fn is_wal(&self) -> bool {
        matches!(self.word(0), 0x377f_0682 | 0x377f_0683)
    }

    fn page_size(&self) -> usize {
        usize::try_from(self.word(8)).unwrap_or(0)
    }

    fn salts(&self) -> (u32, u32) {
        (self.word(16), self.word(20))
    }

    fn word(&self, at: usize) -> u32 {
        word(&self.0, at)
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes
        .get(at..at + 4)
        .and_then(|four| <[u8; 4]>::try_from(four).ok());
    u32::from_be_bytes(four.unwrap_or_default())
}

/// The `-wal` that belongs to a database.
pub(super) fn log_of(database: &Path) -> PathBuf {
    with_suffix(database, "-wal")
}

/// The rollback journal that a database has while it is changed in another mode than WAL.
pub(super) fn journal_of(database: &Path) -> PathBuf {
    with_suffix(database, "-journal")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(suffix);
    text.into()
}

/// The header of a log; nothing where there is no log or an empty one.
pub(super) fn header(host: &dyn Host, log: &Path) -> Result<Option<WalHeader>, HostError> {
    let mut file = match host.open(log, Links::Refuse) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = [0; HEADER];
    match read_full(&mut *file, &mut bytes) {
        Ok(true) => Ok(Some(WalHeader(bytes))),
        Ok(false) => Ok(None),
        Err(source) => Err(HostError::new("read", log, source)),
    }
}

/// `PRAGMA user_version` of a database, its log included, without opening or copying it.
///
/// It is on page 1: that of the last transaction in the log which changed page 1, else that in the
/// database itself. Nothing is locked and nothing is written.
pub fn user_version(host: &dyn Host, database: &Path) -> Result<u32, DatabaseError> {
    let database = host.canonicalize(database)?;
    let log = log_of(&database);
    for _ in 0..ATTEMPTS {
        let before = header(host, &log)?;
        let in_log = match before {
            Some(header) if header.is_wal() => version_in_log(host, &log, header)?,
            _ => None,
        };
        let version = match in_log {
            Some(version) => version,
            None => version_in_database(host, &database)?,
        };
        // Another header means another log: what was read may be from both.
        if header(host, &log)? == before {
            return Ok(version);
        }
    }
    Err(DatabaseError::Busy(database))
}

fn version_in_database(host: &dyn Host, database: &Path) -> Result<u32, DatabaseError> {
    let failed = |source| HostError::new("read", database, source);
    let mut page = [0; 100];
    let mut file = host.open(database, Links::Refuse)?;
    let whole = read_full(&mut *file, &mut page).map_err(failed)?;
    if !whole || !page.starts_with(b"SQLite format 3\0") {
        return Err(DatabaseError::NotADatabase(database.to_owned()));
    }
    Ok(word(&page, USER_VERSION_AT))
}

/// Reads the log's frames from the start as recovery does: as far as salts and checksums hold, and
/// only whole transactions count.
fn version_in_log(
    host: &dyn Host,
    log: &Path,
    header: WalHeader,
) -> Result<Option<u32>, DatabaseError> {
    let failed = |source| HostError::new("read", log, source);
    let page_size = header.page_size();
    if !(512..=65536).contains(&page_size) || !page_size.is_power_of_two() {
        return Ok(None);
    }
    let mut file = io::BufReader::with_capacity(1 << 16, host.open(log, Links::Refuse)?);
    let mut start = [0; HEADER];
    if !read_full(&mut file, &mut start).map_err(failed)? || start != header.0 {
        return Ok(None);
    }
    let mut checksum = Checksum::new(header.big_endian_checksums());
    checksum.add(start.get(..24).unwrap_or_default());
    if checksum.value() != (header.word(24), header.word(28)) {
        return Ok(None);
    }
    let mut frame = vec![0; FRAME_HEADER + page_size];
    let (mut pending, mut committed) = (None, None);
    while read_full(&mut file, &mut frame).map_err(failed)? {
        let (head, page) = frame.split_at(FRAME_HEADER);
        checksum.add(head.get(..8).unwrap_or_default());
        checksum.add(page);
        let good = (word(head, 8), word(head, 12)) == header.salts()
            && (word(head, 16), word(head, 20)) == checksum.value();
        if !good {
            break;
        }
        if word(head, 0) == 1 {
            pending = Some(word(page, USER_VERSION_AT));
        }
        let is_commit = word(head, 4) != 0;
        if is_commit {
            committed = pending.or(committed);
        }
    }
    Ok(committed)
}

/// The running checksum of a log (section 4.2 of the format).
struct Checksum {
    big_endian: bool,
    sums: (u32, u32),
}

impl Checksum {
    fn new(big_endian: bool) -> Self {
        Self {
            big_endian,
            sums: (0, 0),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        let read = |four: &[u8]| {
            let four = <[u8; 4]>::try_from(four).unwrap_or_default();
            if self.big_endian {
                u32::from_be_bytes(four)
            } else {
                u32::from_le_bytes(four)
            }
        };
        let (mut one, mut two) = self.sums;
        for eight in bytes.chunks_exact(8) {
            let (left, right) = eight.split_at(4);
            one = one.wrapping_add(read(left)).wrapping_add(two);
            two = two.wrapping_add(read(right)).wrapping_add(one);
        }
        self.sums = (one, two);
    }

    fn value(&self) -> (u32, u32) {
        self.sums
    }
}

/// Fills a buffer; `false` where the file ends before.
fn read_full(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
