//! A skill's directory as it lies there.

use std::path::Path;

use exuvia_host::Host;
use exuvia_model::Digest;
use exuvia_openclaw::skill::RECORDS;
use exuvia_openclaw::tree::{self, FileDigest, Limits, Tree, content_digest, digest_all};

use super::merge::{Item, Items, Kind};
use super::source::CLIENT_NOTE;
use crate::Trouble;

/// Largest file that is merged, in bytes: what is larger is compared by its digest alone.
const MAX_MERGED: u64 = 8 << 20;

/// All of a skill's directory.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) tree: Tree,
    digests: Vec<FileDigest>,
    /// Of all of it.
    pub(super) content: Digest,
}

impl Live {
    pub(super) fn read(host: &dyn Host, root: &Path) -> Result<Self, Trouble> {
        let tree = tree::walk(host, root, &Limits::default());
        let digests = digest_all(host, &tree);
        let unreadable = |why: &str| {
            Trouble::new(format!(
                "not all of {} can be read ({why}), so it could not be kept; mend that first",
                root.display()
            ))
        };
        if let Some(problem) = tree.problems.first() {
            return Err(unreadable(problem));
        }
        if let Some(special) = tree.specials.first() {
            let words = format!("{} is a pipe, socket or device", special.display());
            return Err(unreadable(&words));
        }
        if let Some(odd) = tree.files.iter().find(|file| file.path.to_str().is_none()) {
            return Err(unreadable(&format!("the name {} is not UTF-8", odd.name)));
        }
        let content = content_digest(&tree, &digests);
        let digests = digests.into_iter().collect::<Result<Vec<_>, _>>()?;
        let content = content.ok_or_else(|| unreadable("it changed meanwhile"))?;
        Ok(Self {
            tree,
            digests,
            content,
        })
    }

    /// What is the skill's or the user's, without what the clients keep in it for themselves.
    pub(super) fn items(&self, host: &dyn Host) -> Items {
        let files = self.tree.files.iter().zip(&self.digests);
        let files = files
            .filter(|(file, _)| !is_record(&file.path))
            .map(|(file, digest)| {
                let content = (file.len <= MAX_MERGED)
                    .then(|| tree::read(host, &self.tree.root, &file.path, MAX_MERGED).ok());
                let kind = Kind::File {
                    sha256: digest.sha256,
                    executable: file.executable,
                };
                let content = content.flatten();
                (file.name.clone(), Item { kind, content })
            });
        let links = self.tree.links.iter().filter(|(path, _)| !is_record(path));
        let links = links.map(|(path, target)| {
            let target = target.to_string_lossy().into_owned();
            let item = Item {
                kind: Kind::Link { target },
                content: None,
            };
            (path.to_string_lossy().into_owned(), item)
        });
        files.chain(links).collect()
    }

    /// What the clients keep in it, but for one file.
    pub(super) fn records<'a>(&'a self, but: &'a Path) -> impl Iterator<Item = &'a Path> {
        let files = self.tree.files.iter().map(|file| file.path.as_path());
        files.filter(move |path| is_record(path) && *path != but && *path != Path::new(CLIENT_NOTE))
    }

    /// Whether ClawHub's own note is in it: one client leaves it out.
    pub(super) fn has_note(&self) -> bool {
        self.tree.files.iter().any(|file| file.name == CLIENT_NOTE)
    }

    /// The SHA-256 of a file.
    pub(super) fn sha256(&self, path: &str) -> Option<[u8; 32]> {
        let files = self.tree.files.iter().zip(&self.digests);
        files
            .filter(|(file, _)| file.name == path)
            .map(|(_, digest)| digest.sha256)
            .next()
    }

    /// Directories that nothing lies in.
    pub(super) fn empty_directories(&self) -> impl Iterator<Item = &Path> {
        let files = self.tree.files.iter().map(|file| file.path.as_path());
        let paths: Vec<&Path> = files
            .chain(self.tree.links.iter().map(|(path, _)| path.as_path()))
            .chain(
                self.tree
                    .directories
                    .iter()
                    .map(std::path::PathBuf::as_path),
            )
            .collect();
        let is_empty = move |dir: &&Path| {
            !paths
                .iter()
                .any(|path| path.starts_with(dir) && path != dir)
        };
        let directories = self.tree.directories.iter();
        directories
            .map(std::path::PathBuf::as_path)
            .filter(is_empty)
    }
}

fn is_record(path: &Path) -> bool {
    let first = path
        .components()
        .next()
        .map(std::path::Component::as_os_str);
    path == Path::new(CLIENT_NOTE)
        || first.is_some_and(|first| RECORDS.iter().any(|record| first == *record))
}
