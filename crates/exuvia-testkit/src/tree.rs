//! A directory's content at one moment, to tell whether anything changed.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::hash::sha256_hex;

/// Every path under a directory with its kind, mode and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, String>);

impl Snapshot {
    /// Reads everything under `root`. Symbolic links are read, not followed.
    pub fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        collect(root, root, &mut entries);
        Self(entries)
    }

    /// The paths that were added, removed or changed between `self` and `later`, sorted.
    pub fn changed(&self, later: &Self) -> Vec<PathBuf> {
        let paths = self.0.keys().chain(later.0.keys());
        let mut changed: Vec<PathBuf> = paths
            .filter(|path| self.0.get(*path) != later.0.get(*path))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

fn collect(root: &Path, dir: &Path, entries: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
    {
        let path = entry.expect("a directory entry").path();
        let meta = path
            .symlink_metadata()
            .expect("an entry that was just listed");
        let mode = meta.permissions().mode();
        let content = if meta.is_symlink() {
            format!(
                "link {}",
                std::fs::read_link(&path).expect("a link").display()
            )
        } else if meta.is_dir() {
            "directory".to_owned()
        } else if meta.is_file() {
            sha256_hex(&std::fs::read(&path).expect("a readable file"))
        } else {
            "special".to_owned()
        };
        let relative = path
            .strip_prefix(root)
            .expect("a path under the root")
            .to_owned();
        entries.insert(relative, format!("{mode:o} {content}"));
        if meta.is_dir() {
            collect(root, &path, entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_content_mode_or_presence_is_seen_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["same", "content", "mode", "gone"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let before = Snapshot::of(dir.path());
        assert!(before.changed(&Snapshot::of(dir.path())).is_empty());

        std::fs::write(dir.path().join("content"), "other").unwrap();
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(dir.path().join("mode"), mode).unwrap();
        std::fs::remove_file(dir.path().join("gone")).unwrap();
        std::fs::write(dir.path().join("new"), "").unwrap();

        let changed = before.changed(&Snapshot::of(dir.path()));
        assert_eq!(
            changed,
            ["content", "gone", "mode", "new"].map(PathBuf::from)
        );
    }
}
