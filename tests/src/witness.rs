//! A witness of whether anything was touched: stricter than a comparison of digests.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use exuvia_testkit::tree::Snapshot;

/// Everything under a directory: content and modes, and the inode and change time of each file.
/// The kernel sets a change time, and no program can set it back.
#[derive(Debug)]
pub struct Witness {
    content: Snapshot,
    touched: BTreeMap<PathBuf, String>,
}

impl Witness {
    /// Looks at everything under `root`, links not followed.
    pub fn of(root: &Path) -> Self {
        let mut touched = BTreeMap::new();
        look(root, root, &mut touched);
        Self {
            content: Snapshot::of(root),
            touched,
        }
    }

    /// What was added, removed, changed, rewritten or chmodded since, sorted. A directory counts
    /// only by its mode: its times say no more than its entries do.
    pub fn touched(&self, later: &Self) -> Vec<PathBuf> {
        let mut touched = self.content.changed(&later.content);
        let paths = self.touched.keys().chain(later.touched.keys());
        let moved = paths.filter(|path| self.touched.get(*path) != later.touched.get(*path));
        touched.extend(moved.cloned());
        touched.sort();
        touched.dedup();
        touched
    }
}

fn look(root: &Path, dir: &Path, touched: &mut BTreeMap<PathBuf, String>) {
    let fail = |error: std::io::Error| -> ! { panic!("{}: {error}", dir.display()) };
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| fail(error)) {
        let path = entry.unwrap_or_else(|error| fail(error)).path();
        let meta = path.symlink_metadata().unwrap_or_else(|error| fail(error));
        if meta.is_dir() {
            look(root, &path, touched);
            continue;
        }
        let mark = format!("{} {}.{}", meta.ino(), meta.ctime(), meta.ctime_nsec());
        let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
        touched.insert(relative, mark);
    }
}
