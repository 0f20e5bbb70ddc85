//! What will be written, all of it looked at before anything is.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustic_core::TreeId;
use rustic_core::repofile::{Node, NodeType};

use super::Refused;
use super::origin::Origin;
use crate::error::BackupError;

/// As deep as a snapshot goes, and a little more for the paths of other programs.
const MAX_DEPTH: usize = 512;
/// More names than any disk has: a tree that names itself in several places grows past all bounds.
const MAX_NAMES: usize = 20_000_000;

/// What will be written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Directories, each before those in it.
    pub(super) directories: Vec<(PathBuf, Node)>,
    /// Files with bytes of their own.
    pub(super) files: Vec<(PathBuf, Node)>,
    /// Further names of files: which, and where it is.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    /// Symbolic links.
    pub(super) symlinks: Vec<(PathBuf, Node)>,
    /// What cannot be made.
    pub(super) refused: Vec<Refused>,
    /// The bytes of all files.
    pub(super) bytes: u64,
}

#[derive(Default)]
struct Walk {
    plan: Plan,
    /// Where the first name of a file with several is.
    first: HashMap<(u64, u64), PathBuf>,
    names: usize,
}

impl Plan {
    /// Looks at every name of a backup.
    pub(super) fn of(origin: &Origin) -> Result<Self, BackupError> {
        let mut walk = Walk::default();
        walk.directory(origin, origin.tree, Path::new(""), 0)?;
        Ok(walk.plan)
    }
}

impl Walk {
    fn directory(
        &mut self,
        origin: &Origin,
        tree: TreeId,
        path: &Path,
        depth: usize,
    ) -> Result<(), BackupError> {
        if depth > MAX_DEPTH {
            return Err(origin.hostile(path.as_os_str(), "lies impossibly deep"));
        }
        let mut seen: HashSet<OsString> = HashSet::new();
        for node in origin.tree(tree)?.nodes {
            let name = origin.name(&node)?;
            let path = path.join(&name);
            self.names += 1;
            if self.names > MAX_NAMES {
                return Err(origin.hostile(&name, "is one of impossibly many"));
            }
            if !seen.insert(name) {
                return Err(origin.hostile(path.as_os_str(), "is there twice"));
            }
            match (&node.node_type, node.subtree) {
                (NodeType::Dir, Some(below)) => {
                    self.plan.directories.push((path.clone(), node));
                    self.directory(origin, below, &path, depth + 1)?;
                }
                (NodeType::Dir, None) => {
                    return Err(origin.failed("a directory in it has no content"));
                }
                (NodeType::File, _) => self.file(path, node),
                (NodeType::Symlink { .. }, _) => self.plan.symlinks.push((path, node)),
                (other, _) => {
                    let why = format!("it is a {other}, which is not made");
                    self.plan.refused.push(Refused { path, why });
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, node: Node) {
        let meta = &node.meta;
        if meta.links > 1 && meta.inode != 0 {
            let key = (meta.device_id, meta.inode);
            if let Some(first) = self.first.get(&key) {
                self.plan.links.push((path, first.clone()));
                return;
            }
            self.first.insert(key, path.clone());
        }
        self.plan.bytes = self.plan.bytes.saturating_add(meta.size);
        self.plan.files.push((path, node));
    }
}
