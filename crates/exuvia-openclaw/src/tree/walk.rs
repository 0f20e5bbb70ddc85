//! Walking a tree that somebody hostile may have built.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links};

use super::{Tree, TreeFile};
use crate::label::shown_path;

/// How much of a tree is looked at.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most entries that are listed.
    pub max_entries: usize,
    /// Deepest nesting of directories that is entered.
    pub max_depth: usize,
    /// Names of directories that are left out, wherever they are.
    pub leave_out: Vec<&'static str>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_depth: 64,
            leave_out: Vec::new(),
        }
    }
}

impl Limits {
    /// With this name left out as well.
    #[must_use]
    pub fn without(mut self, name: &'static str) -> Self {
        self.leave_out.push(name);
        self
    }
}

/// Most problems that one tree tells of; after that it is broken as a whole.
const MAX_PROBLEMS: usize = 20;

/// Lists a tree. It never fails: what cannot be read is in [`Tree::problems`], and the rest is
/// there all the same.
pub fn walk(host: &dyn Host, root: &Path, limits: &Limits) -> Tree {
    let mut walk = Walk {
        host,
        limits,
        seen: 0,
        tree: Tree {
            root: root.to_owned(),
            complete: true,
            ..Tree::default()
        },
    };
    let mut pending = vec![(PathBuf::new(), 0)];
    while let Some((directory, depth)) = pending.pop() {
        for child in walk.list(&directory) {
            if depth >= limits.max_depth {
                walk.problem(format!(
                    "{} is nested deeper than {} directories: what is below was not looked at",
                    shown_path(&child),
                    limits.max_depth
                ));
            } else {
                pending.push((child, depth + 1));
            }
        }
    }
    walk.finish()
}

struct Walk<'a> {
    host: &'a dyn Host,
    limits: &'a Limits,
    seen: usize,
    tree: Tree,
}

impl Walk<'_> {
    /// Takes up what a directory holds, and gives the directories in it.
    fn list(&mut self, directory: &Path) -> Vec<PathBuf> {
        let entries = match self.host.read_dir(&self.tree.root.join(directory)) {
            Ok(entries) => entries,
            Err(error) => {
                self.problem(error.to_string());
                return Vec::new();
            }
        };
        let mut children = Vec::new();
        for (name, kind) in entries {
            if self.seen >= self.limits.max_entries {
                let words = format!(
                    "more than {} entries: the rest was not looked at",
                    self.seen
                );
                self.problem(words);
                return Vec::new();
            }
            self.seen += 1;
            let path = directory.join(&name);
            match kind {
                EntryKind::File => self.file(path),
                EntryKind::Symlink => self.link(path),
                EntryKind::Other => self.tree.specials.push(path),
                EntryKind::Directory => {
                    if !self.limits.leave_out.iter().any(|out| name == *out) {
                        children.push(path);
                    }
                }
            }
        }
        self.tree.directories.extend(children.iter().cloned());
        children
    }

    fn file(&mut self, path: PathBuf) {
        match self
            .host
            .metadata(&self.tree.root.join(&path), Links::Refuse)
        {
            Ok(meta) => self.tree.files.push(TreeFile {
                name: path.to_string_lossy().into_owned(),
                path,
                len: meta.len,
                executable: meta.is_executable(),
                modified: meta.modified,
            }),
            Err(error) => self.problem(error.to_string()),
        }
    }

    fn link(&mut self, path: PathBuf) {
        match self.host.read_link(&self.tree.root.join(&path)) {
            Ok(target) => self.tree.links.push((path, target)),
            Err(error) => self.problem(error.to_string()),
        }
    }

    fn problem(&mut self, words: String) {
        self.tree.complete = false;
        if self.tree.problems.len() < MAX_PROBLEMS {
            self.tree.problems.push(words);
        }
    }

    fn finish(mut self) -> Tree {
        use std::os::unix::ffi::OsStrExt;
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
        self.tree.files.sort_by_cached_key(|file| bytes(&file.path));
        self.tree.directories.sort_by_cached_key(|path| bytes(path));
        self.tree.links.sort_by_cached_key(|(path, _)| bytes(path));
        self.tree.specials.sort_by_cached_key(|path| bytes(path));
        self.tree
    }
}
