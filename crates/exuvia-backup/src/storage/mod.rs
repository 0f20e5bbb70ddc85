//! Where the files of a repository lie: five kinds of file in a directory, on a server or in a
//! bucket, by the layout of restic.

mod local;
mod rest;
mod retry;
mod s3;
mod sftp;
mod web;

use std::fmt;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use exuvia_host::disk::Disk;
use exuvia_host::{Host, HostError};
use reqwest::StatusCode;

use crate::address::Address;
use retry::Retrying;

/// What a file of a repository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// What the repository is; there is one.
    Config,
    /// The keys, each under a password.
    Keys,
    /// One for each backup.
    Snapshots,
    /// What is in the packs.
    Index,
    /// The packs.
    Data,
    /// Who uses the repository.
    Locks,
}

impl Kind {
    /// Those that have a directory.
    pub(crate) const LISTED: [Self; 5] = [
        Self::Keys,
        Self::Snapshots,
        Self::Index,
        Self::Data,
        Self::Locks,
    ];

    /// The name of its directory, or of the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Keys => "keys",
            Self::Snapshots => "snapshots",
            Self::Index => "index",
            Self::Data => "data",
            Self::Locks => "locks",
        }
    }
}

/// The name of a file in a repository: its kind and, but for the config, the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    kind: Kind,
    id: String,
}

impl Name {
    /// The one file without a digest.
    pub(crate) fn config() -> Self {
        Self {
            kind: Kind::Config,
            id: String::new(),
        }
    }

    /// A name from outside: nothing but a digest is taken for one.
    pub(crate) fn parse(kind: Kind, id: &str) -> Option<Self> {
        let is_digest = id.len() == 64
            && id
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then(|| Self {
            kind,
            id: id.to_owned(),
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The digest; empty for the config.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Where it lies below the repository's root. Packs are spread over 256 directories.
    pub(crate) fn path(&self) -> String {
        let directory = self.kind.name();
        match self.kind {
            Kind::Config => directory.to_owned(),
            Kind::Data => {
                let first = self.id.get(..2).unwrap_or_default();
                format!("{directory}/{first}/{}", self.id)
            }
            _ => format!("{directory}/{}", self.id),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.id.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", self.id)
    }
}

/// Why a storage could not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is no such file.
    Missing,
    /// It did not work this time: asked again, it may.
    Passing,
    /// It does not work.
    Lasting,
}

/// A storage could not do it. Says where and what, never with credentials.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot {what} in {at}: {why}")]
pub(crate) struct StorageError {
    /// What was tried, with the name of the file.
    pub(crate) what: String,
    /// The repository's address.
    pub(crate) at: String,
    /// The answer.
    pub(crate) why: String,
    /// Whether trying again can help.
    pub(crate) trouble: Trouble,
}

/// A place for the files of a repository. All calls block.
pub(crate) trait Storage: fmt::Debug + Send + Sync + 'static {
    /// The address, to tell people.
    fn address(&self) -> &str;

    /// Makes the directories that files will be written to. That they are there is no error.
    fn create(&self) -> Result<(), StorageError>;

    /// All files of a kind with their sizes. Names that are no digests are left out.
    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError>;

    /// The size of a file, if it is there.
    fn size(&self, name: &Name) -> Result<Option<u64>, StorageError>;

    /// A file, or a range of it.
    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError>;

    /// Writes a file. Whoever reads it sees all of it or nothing.
    fn write(&self, name: &Name, content: Bytes) -> Result<(), StorageError>;

    /// Removes a file. That it is gone already is no error.
    fn remove(&self, name: &Name) -> Result<(), StorageError>;
}

/// The storage at an address.
pub(crate) fn open(
    host: &Arc<dyn Host>,
    disk: &Disk,
    address: &Address,
) -> Result<Arc<dyn Storage>, StorageError> {
    let at = address.to_string();
    Ok(match address {
        Address::Local(path) => {
            let (host, disk) = (Arc::clone(host), disk.clone());
            Arc::new(local::Local::new(host, disk, path.clone()))
        }
        Address::Rest(url) => Arc::new(Retrying(rest::Rest::new(host.as_ref(), url, at)?)),
        Address::S3(place) => Arc::new(Retrying(s3::Objects::new(Arc::clone(host), place, at)?)),
        Address::Sftp(place) => Arc::new(Retrying(sftp::Sftp::new(place.clone(), at))),
    })
}

fn range_header(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
}

/// What was asked for: a server may send all of a file though asked for a part.
fn slice(body: Bytes, status: StatusCode, range: Option<Range<u64>>) -> Bytes {
    match range {
        Some(range) if status == StatusCode::OK => {
            let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
            body.slice(bound(range.start)..bound(range.end))
        }
        _ => body,
    }
}

/// Whether there is anything in a directory that shall become a repository.
pub(crate) fn is_occupied(disk: &Disk, path: &Path) -> Result<bool, HostError> {
    match disk.open_dir(path) {
        Ok(dir) => Ok(!dir.list()?.is_empty()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
