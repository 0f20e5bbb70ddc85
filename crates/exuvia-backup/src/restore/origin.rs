//! What is restored: the tree of a backup, and for a snapshot's its record.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Component;

use exuvia_model::text;
use exuvia_store::Snapshot;
use rustic_core::repofile::{BlobType, Node, Tree};
use rustic_core::{BlobId, IndexedFullStatus, Repository as Rustic, TreeId};

use crate::backup::{Backup, BackupId};
use crate::error::BackupError;
use crate::progress::Stage;
use crate::repository::Repository;
use crate::source::RECORD;

/// A record with a hundred thousand paths in it is still smaller.
const MAX_RECORD: u64 = 64 << 20;

/// A tree in a repository.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) backup: BackupId,
    pub(super) rustic: Rustic<IndexedFullStatus>,
    /// Its address, to tell people.
    at: String,
    /// The directory that was taken; nothing for the root of another program's backup.
    pub(super) top: Option<Node>,
    /// What is in it.
    pub(super) tree: TreeId,
    pub(super) snapshot: Option<Snapshot>,
}

impl Repository {
    /// Reads the index, and finds what the backup is of.
    pub(super) fn origin(&self, backup: &Backup) -> Result<Origin, BackupError> {
        let file = self.file_of(&backup.id)?;
        let rustic = self.again(Stage::Prepare)?;
        let rustic = rustic.to_indexed().map_err(|error| self.failed(&error))?;
        let mut origin = Origin {
            backup: backup.id.clone(),
            rustic,
            at: self.address.to_string(),
            top: None,
            tree: file.tree,
            snapshot: None,
        };
        if let Some(id) = &backup.snapshot {
            let record = origin.record()?;
            if record.id != *id {
                return Err(origin.failed("it says that it is of another snapshot than its record"));
            }
            origin.descend(&record)?;
            origin.snapshot = Some(record);
        }
        Ok(origin)
    }
}

impl Origin {
    /// Reads a directory.
    pub(super) fn tree(&self, id: TreeId) -> Result<Tree, BackupError> {
        self.rustic
            .get_tree(&id)
            .map_err(|error| self.failed(&crate::error::told(&error)))
    }

    /// A name that may be written to a disk: one that leads nowhere but into its directory.
    pub(super) fn name(&self, node: &Node) -> Result<OsString, BackupError> {
        let name = node.name();
        let bytes = name.as_bytes();
        let why = match bytes {
            b"" => "is no name",
            b"." | b".." => "leads out of its directory",
            _ if bytes.contains(&b'/') => "leads out of its directory",
            _ if bytes.contains(&0) || bytes.len() > 255 => "is no name of a file",
            _ => return Ok(name.into_owned()),
        };
        Err(self.hostile(&name, why))
    }

    pub(super) fn hostile(&self, name: &OsStr, why: &'static str) -> BackupError {
        BackupError::Hostile {
            backup: self.backup.clone(),
            name: text::one_line(&name.to_string_lossy(), 80),
            why,
        }
    }

    pub(super) fn failed(&self, why: &str) -> BackupError {
        BackupError::Failed {
            at: self.at.clone(),
            why: format!("{}: {why}", self.backup),
        }
    }

    fn record(&self) -> Result<Snapshot, BackupError> {
        let root = self.tree(self.tree)?;
        let node = self.child(&root, OsStr::new(RECORD))?;
        let mut content = Vec::new();
        for id in node.content.iter().flatten() {
            let part = self
                .rustic
                .get_blob_cached(&BlobId::from(**id), BlobType::Data)
                .map_err(|error| self.failed(&crate::error::told(&error)))?;
            content.extend_from_slice(&part);
            if content.len() as u64 > MAX_RECORD {
                return Err(self.failed("its record is impossibly large"));
            }
        }
        serde_json::from_slice(&content)
            .map_err(|error| self.failed(&format!("its record cannot be understood: {error}")))
    }

    /// Goes down to the directory that was taken.
    fn descend(&mut self, record: &Snapshot) -> Result<(), BackupError> {
        for part in record.source.components() {
            let name = match part {
                Component::RootDir => continue,
                Component::Normal(name) => name,
                _ => {
                    return Err(self.hostile(record.source.as_os_str(), "is no path of a snapshot"));
                }
            };
            let tree = self.tree(self.tree)?;
            let node = self.child(&tree, name)?.clone();
            self.tree = node
                .subtree
                .ok_or_else(|| self.failed("it does not hold the directory that was taken"))?;
            self.top = Some(node);
        }
        Ok(())
    }

    fn child<'t>(&self, tree: &'t Tree, name: &OsStr) -> Result<&'t Node, BackupError> {
        let mut nodes = tree.nodes.iter();
        nodes
            .find(|node| *node.name() == *name)
            .ok_or_else(|| self.failed(&format!("it does not hold {}", name.display())))
    }
}
