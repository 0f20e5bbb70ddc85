//! A snapshot of the local store as something that rustic can archive.
//!
//! In the backup it lies at the path that it was taken from, as restic would have it, and beside
//! the tree the root has one file more: the snapshot's record, so that a machine that knows nothing
//! but the password can tell what it is and make it a snapshot again.

use std::ffi::OsStr;
use std::io::{self, Cursor, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use exuvia_store::{Contents, Item, Snapshot, StoreError};
use jiff::Timestamp;
use rustic_core::{
    ErrorKind, ReadSource, ReadSourceEntry, ReadSourceOpen, RusticError, RusticResult,
};

use crate::depot::Depot;
use crate::node;

/// The name of the record.
pub(crate) const RECORD: &str = "exuvia-snapshot.json";

/// A snapshot, to be archived.
#[derive(Debug)]
pub(crate) struct Source {
    contents: Contents,
    root: Item,
    base: PathBuf,
    record: Bytes,
    created_at: Timestamp,
    /// How many there are: those of the snapshot, its links and the record.
    pub(crate) files: u64,
    bytes: u64,
    depot: Arc<Depot>,
}

/// Why a snapshot cannot be archived.
#[derive(Debug)]
pub(crate) enum Unfit {
    Store(StoreError),
    Because(String),
}

impl Source {
    /// What is read, and what goes wrong with it, is told to `depot`: rustic leaves out what it
    /// cannot read and says so in its log only.
    pub(crate) fn new(
        contents: Contents,
        snapshot: &Snapshot,
        depot: Arc<Depot>,
    ) -> Result<Self, Unfit> {
        let because = |why: &str| Unfit::Because(why.to_owned());
        let mut parts = snapshot.source.components();
        if parts.next() != Some(Component::RootDir) || parts.clone().next().is_none() {
            return Err(because("its source is no path below the root"));
        }
        if parts.next() == Some(Component::Normal(OsStr::new(RECORD))) {
            return Err(because("its source has the name of Exuvia's own record"));
        }
        let record = serde_json::to_vec_pretty(&snapshot.record())
            .map_err(|error| Unfit::Because(error.to_string()))?;
        Ok(Self {
            root: contents.root().map_err(Unfit::Store)?,
            contents,
            base: snapshot.source.clone(),
            record: record.into(),
            created_at: snapshot.created_at,
            files: snapshot.stats.files + snapshot.stats.symlinks + 1,
            bytes: snapshot.stats.bytes,
            depot,
        })
    }

    /// The directories down to the one that was taken, and that.
    fn spine(&self) -> Result<Vec<ReadSourceEntry<Opener>>, StoreError> {
        let mut spine = Vec::new();
        let mut path = PathBuf::from("/");
        for part in self.base.components() {
            let Component::Normal(name) = part else {
                continue;
            };
            path.push(name);
            spine.push(ReadSourceEntry {
                path: path.clone(),
                node: node::above(name, &self.root),
                open: None,
            });
        }
        if let Some(last) = spine.last_mut() {
            let name = self.base.file_name().unwrap_or_default();
            last.node = node::named(&self.contents, &self.root, name)?;
        }
        Ok(spine)
    }

    fn record(&self) -> ReadSourceEntry<Opener> {
        let name = OsStr::new(RECORD);
        ReadSourceEntry {
            path: Path::new("/").join(name),
            node: node::private(name, self.record.len(), self.created_at, &self.root),
            open: Some(Opener::Record(self.record.clone())),
        }
    }

    /// Names of one directory must come in the order of their bytes.
    fn record_is_first(&self) -> bool {
        let first = self.base.components().find_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        first.is_some_and(|first| OsStr::new(RECORD) < first)
    }
}

fn entry(
    contents: &Contents,
    base: &Path,
    depot: &Arc<Depot>,
    item: Item,
) -> Result<ReadSourceEntry<Opener>, StoreError> {
    let node = node::of(contents, &item)?;
    let path = base.join(&item.path);
    let open = item.entry.borrow().kind().is_file().then(|| Opener::File {
        contents: contents.clone(),
        item: Box::new(item),
        depot: Arc::clone(depot),
    });
    Ok(ReadSourceEntry { path, node, open })
}

impl ReadSource for Source {
    type Open = Opener;
    type Iter = Box<dyn Iterator<Item = RusticResult<ReadSourceEntry<Opener>>> + Send>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(Some(self.bytes + self.record.len() as u64))
    }

    fn entries(&self) -> Self::Iter {
        let (contents, base, depot) = (
            self.contents.clone(),
            self.base.clone(),
            Arc::clone(&self.depot),
        );
        let told = Arc::clone(&self.depot);
        let spine = match self.spine() {
            Ok(spine) => spine.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        let below = contents
            .items()
            .map(move |item| entry(&contents, &base, &depot, item?));
        let tree = spine.into_iter().chain(below);
        let first = self.record_is_first();
        let record = |wanted: bool| (wanted == first).then(|| Ok(self.record()));
        let all = record(true).into_iter().chain(tree).chain(record(false));
        Box::new(all.map(move |one| one.map_err(|error| refuse(&told, error))))
    }
}

fn refuse(depot: &Depot, error: StoreError) -> Box<RusticError> {
    depot.fail(error.to_string());
    RusticError::with_source(ErrorKind::InputOutput, error.to_string(), error)
}

/// What opens a file of the source.
#[derive(Debug)]
pub(crate) enum Opener {
    /// The snapshot's record.
    Record(Bytes),
    /// A file of the snapshot.
    File {
        contents: Contents,
        item: Box<Item>,
        depot: Arc<Depot>,
    },
}

impl ReadSourceOpen for Opener {
    type Reader = Box<dyn Read + Send>;

    fn open(self) -> RusticResult<Self::Reader> {
        match self {
            Self::Record(record) => Ok(Box::new(Cursor::new(record))),
            Self::File {
                contents,
                item,
                depot,
            } => {
                let content = contents
                    .open(&item)
                    .map_err(|error| refuse(&depot, error))?;
                Ok(Box::new(Watched { content, depot }))
            }
        }
    }
}

/// A file whose failure to be read is remembered.
struct Watched<R> {
    content: R,
    depot: Arc<Depot>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer);
        if let Err(error) = &read {
            self.depot.fail(error.to_string());
        }
        read
    }
}
