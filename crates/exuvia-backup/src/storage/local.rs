//! A repository in a directory of this machine, or of one that is mounted.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use exuvia_host::disk::{Disk, Kind as FileKind};
use exuvia_host::{Host, HostError};

use super::{Kind, Name, Storage, StorageError, Trouble};

/// What a repository's directory and files are to others: nothing.
const FILE_MODE: u32 = 0o600;

/// A directory.
#[derive(Debug)]
pub(crate) struct Local {
    host: Arc<dyn Host>,
    disk: Disk,
    root: PathBuf,
    address: String,
}

impl Local {
    pub(crate) fn new(host: Arc<dyn Host>, disk: Disk, root: PathBuf) -> Self {
        Self {
            host,
            disk,
            address: root.display().to_string(),
            root,
        }
    }

    fn failed(&self, what: String, error: &HostError) -> StorageError {
        let trouble = match error.kind() {
            ErrorKind::NotFound => Trouble::Missing,
            _ => Trouble::Lasting,
        };
        StorageError {
            what,
            at: self.address.clone(),
            why: error.source.to_string(),
            trouble,
        }
    }

    fn list_directory(
        &self,
        kind: Kind,
        path: &Path,
        found: &mut Vec<(Name, u64)>,
    ) -> Result<(), HostError> {
        let listing = match self.disk.open_dir(path).and_then(|dir| dir.list()) {
            Err(error) if error.is_not_found() => return Ok(()),
            other => other?,
        };
        for listed in listing.iter() {
            match (listed.stat.kind, listed.name.to_str()) {
                (FileKind::File, Some(name)) => {
                    found.extend(Name::parse(kind, name).map(|name| (name, listed.stat.size)));
                }
                (FileKind::Directory, Some(name)) if is_spread(kind, name) => {
                    self.list_directory(kind, &path.join(name), found)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn open(&self, name: &Name) -> Result<exuvia_host::disk::File, HostError> {
        let path = self.root.join(name.path());
        let (above, file) = split(&path);
        self.disk.open_dir(above)?.open_file(file)
    }

    fn read_range(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, HostError> {
        let file = self.open(name)?;
        let range = match range {
            Some(range) => range,
            None => 0..file.stat()?.size,
        };
        let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let mut content = vec![0; len];
        file.read_exact_at(&mut content, range.start)?;
        Ok(content.into())
    }

    fn directories(&self) -> impl Iterator<Item = PathBuf> {
        let spread = (0..=u8::MAX).map(|first| self.root.join("data").join(format!("{first:02x}")));
        let plain = Kind::LISTED.map(|kind| self.root.join(kind.name()));
        plain.into_iter().chain(spread)
    }
}

/// One of the directories that packs are spread over.
fn is_spread(kind: Kind, name: &str) -> bool {
    kind == Kind::Data && name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn split(path: &Path) -> (&Path, &OsStr) {
    let above = path.parent().unwrap_or(Path::new("/"));
    (above, path.file_name().unwrap_or_default())
}

impl Storage for Local {
    fn address(&self) -> &str {
        &self.address
    }

    fn create(&self) -> Result<(), StorageError> {
        self.directories()
            .try_for_each(|path| self.host.create_private_dir(&path))
            .map_err(|error| self.failed("make the directories of a repository".into(), &error))
    }

    fn list(&self, kind: Kind) -> Result<Vec<(Name, u64)>, StorageError> {
        let mut found = Vec::new();
        self.list_directory(kind, &self.root.join(kind.name()), &mut found)
            .map_err(|error| self.failed(format!("list {}", kind.name()), &error))?;
        Ok(found)
    }

    fn size(&self, name: &Name) -> Result<Option<u64>, StorageError> {
        match self.open(name).and_then(|file| file.stat()) {
            Ok(stat) => Ok(Some(stat.size)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(self.failed(format!("look at {name}"), &error)),
        }
    }

    fn read(&self, name: &Name, range: Option<Range<u64>>) -> Result<Bytes, StorageError> {
        self.read_range(name, range)
            .map_err(|error| self.failed(format!("read {name}"), &error))
    }

    fn write(&self, name: &Name, content: Bytes) -> Result<(), StorageError> {
        self.host
            .write_atomic(&self.root.join(name.path()), &content, FILE_MODE)
            .map_err(|error| self.failed(format!("write {name}"), &error))
    }

    fn remove(&self, name: &Name) -> Result<(), StorageError> {
        self.host
            .remove_file(&self.root.join(name.path()))
            .map_err(|error| self.failed(format!("remove {name}"), &error))
    }
}
