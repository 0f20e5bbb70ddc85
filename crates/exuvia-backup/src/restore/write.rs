//! Writes what a plan says.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use exuvia_host::HostError;
use exuvia_host::disk::{Dir, File};
use rayon::prelude::*;
use rustic_core::repofile::Node;

use super::fetch::Fetch;
use super::origin::Origin;
use super::plan::Plan;
use super::{Refused, Restored, attributes, is_refusal};
use crate::error::BackupError;
use crate::progress::Progress;
use crate::repository::Repository;

/// What a directory is while something is done in it.
const OWN: u32 = 0o700;

/// A restore that is under way.
pub(super) struct Writer<'r> {
    root: &'r Dir,
    fetch: Fetch<'r>,
    progress: &'r dyn Progress,
    refused: Mutex<Vec<Refused>>,
}

/// Writes everything: directories, files, links, and at last what directories are like.
pub(super) fn all(
    repository: &Repository,
    origin: &Origin,
    plan: &Plan,
    root: &Dir,
) -> Result<Restored, BackupError> {
    let files = plan.files.iter().map(|(_, node)| node);
    let writer = Writer {
        root,
        fetch: Fetch::of(origin, &repository.depot, files)?,
        progress: repository.progress.as_ref(),
        refused: Mutex::default(),
    };
    writer.directories(plan)?;
    writer.files(plan)?;
    writer.links(plan)?;
    writer.finish_directories(origin, plan)?;
    let mut refused = writer.refused.into_inner().unwrap_or_default();
    refused.extend(plan.refused.iter().map(|one| Refused {
        path: one.path.clone(),
        why: one.why.clone(),
    }));
    refused.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Restored {
        files: (plan.files.len() + plan.links.len()) as u64,
        directories: plan.directories.len() as u64,
        bytes: plan.bytes,
        refused,
    })
}

impl Writer<'_> {
    /// Goes on when the machine does not allow an attribute, and remembers that it did not.
    pub(super) fn allow(
        &self,
        path: &Path,
        result: Result<(), HostError>,
    ) -> Result<(), BackupError> {
        match result {
            Err(error) if is_refusal(&error) => {
                self.refused().push(Refused {
                    path: path.to_owned(),
                    why: error.to_string(),
                });
                Ok(())
            }
            other => Ok(other?),
        }
    }

    fn refused(&self) -> MutexGuard<'_, Vec<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn above(&self, path: &Path) -> Result<Dir, HostError> {
        let above = path.parent().unwrap_or(Path::new(""));
        self.root.open_beneath(above)
    }

    fn directories(&self, plan: &Plan) -> Result<(), BackupError> {
        for (path, _) in &plan.directories {
            let name = path.file_name().unwrap_or_default();
            self.above(path)?.make_dir(name, OWN)?;
        }
        Ok(())
    }

    fn files(&self, plan: &Plan) -> Result<(), BackupError> {
        let mut sorted: Vec<_> = plan.files.iter().collect();
        sorted.sort_by_key(|(_, node)| self.fetch.order(node));
        sorted
            .into_par_iter()
            .with_max_len(16)
            .try_for_each(|(path, node)| {
                let name = path.file_name().unwrap_or_default();
                let file = self.above(path)?.create_file(name, 0o600)?;
                self.fill(&file, node)?;
                attributes::set(self, &file, path, node)
            })
    }

    /// Writes the content, and leaves a hole where there are but zeros.
    fn fill(&self, file: &File, node: &Node) -> Result<(), BackupError> {
        let mut offset = 0;
        let mut written = 0;
        for id in node.content.iter().flatten() {
            let content = self.fetch.read(*id)?;
            let len = content.len() as u64;
            if content.iter().any(|byte| *byte != 0) {
                file.write_at(&content, offset)?;
                written = offset + len;
            }
            offset += len;
            self.progress.advance(len);
        }
        if written < offset {
            file.set_len(offset)?;
        }
        Ok(())
    }

    fn links(&self, plan: &Plan) -> Result<(), BackupError> {
        for (path, node) in &plan.symlinks {
            let dir = self.above(path)?;
            let name = path.file_name().unwrap_or_default();
            dir.make_symlink(node.node_type.to_link().as_os_str(), name)?;
            attributes::set_link(self, &dir, path, node)?;
        }
        for (path, first) in &plan.links {
            let (name, new) = (first.file_name(), path.file_name());
            let to = self.above(path)?;
            self.above(first)?
                .hard_link(name.unwrap_or_default(), &to, new.unwrap_or_default())?;
        }
        Ok(())
    }

    /// The deepest first: a directory that may not be entered any more must be the last of its
    /// subtree, and what is done in it moves its time.
    fn finish_directories(&self, origin: &Origin, plan: &Plan) -> Result<(), BackupError> {
        for (path, node) in plan.directories.iter().rev() {
            let file = self.root.open_beneath(path)?.as_file()?;
            attributes::set(self, &file, path, node)?;
        }
        match &origin.top {
            Some(node) => attributes::set(self, &self.root.as_file()?, Path::new(""), node),
            None => Ok(()),
        }
    }
}
