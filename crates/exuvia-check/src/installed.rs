//! An asset's files as they lie on disk.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use exuvia_host::Host;
use exuvia_openclaw::tree::{self, Limits};

use crate::vet::File;

/// Largest file whose content is kept to be looked into, in bytes.
const KEEP_FILE: u64 = crate::vet::LOOK_MAX as u64;
/// Most content that is kept of one asset, in bytes.
const KEEP_ALL: u64 = 64 * 1024 * 1024;

/// What the clients write beside a skill's own files.
const CLIENT_FILES: [&str; 5] = [".clawhub", ".clawdhub", ".openclaw", ".git", "_meta.json"];

/// The files of an installed asset.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    pub(crate) files: Vec<InstalledFile>,
    /// Whether all of it could be read.
    pub(crate) complete: bool,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct InstalledFile {
    pub(crate) path: String,
    pub(crate) executable: bool,
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    /// Absent where it is too large to be looked into.
    pub(crate) content: Option<Vec<u8>>,
}

impl InstalledFile {
    pub(crate) fn as_vetted(&self) -> File<'_> {
        File {
            path: &self.path,
            executable: self.executable,
            size: self.size,
            content: self.content.as_deref(),
        }
    }
}

/// Reads an asset's own files: not what its client keeps beside them, and of the packages in
/// `node_modules` only those that its archive brings along itself, as `bundled` tells.
pub(crate) fn read(host: &Arc<dyn Host>, root: &Path, bundled: &Bundled) -> Installed {
    let mut limits = Limits::default().without(".git");
    if bundled.0.is_empty() {
        limits = limits.without("node_modules");
    }
    let mut tree = tree::walk(&**host, root, &limits);
    tree.files
        .retain(|file| !is_client_file(&file.name) && bundled.covers(&file.name));
    let digests = tree::digest_all(&**host, &tree);
    let mut kept = 0;
    let mut installed = Installed {
        files: Vec::new(),
        complete: tree.complete,
    };
    for (file, digest) in tree.files.iter().zip(digests) {
        let Ok(digest) = digest else {
            installed.complete = false;
            continue;
        };
        let keep = file.len <= KEEP_FILE && kept + file.len <= KEEP_ALL;
        let content = keep
            .then(|| tree::read(&**host, root, &file.path, KEEP_FILE).ok())
            .flatten();
        kept += content.as_ref().map_or(0, |content| content.len() as u64);
        installed.files.push(InstalledFile {
            path: file.name.clone(),
            executable: file.executable,
            size: file.len,
            sha256: digest.sha256,
            content,
        });
    }
    installed
}

/// The packages in `node_modules` that an archive brings along (`bundleDependencies`), as
/// directories. The others npm puts there, and they are no part of the asset.
#[derive(Debug, Default)]
pub(crate) struct Bundled(BTreeSet<String>);

impl Bundled {
    /// Those of an archive with these paths.
    pub(crate) fn of<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        Self(paths.filter_map(package_directory).collect())
    }

    fn covers(&self, path: &str) -> bool {
        match package_directory(path) {
            Some(directory) => self.0.contains(&directory),
            None => !path.split('/').any(|part| part == "node_modules"),
        }
    }
}

/// `node_modules/zod/` of `node_modules/zod/index.js`, `node_modules/@a/b/` of what is below that.
fn package_directory(path: &str) -> Option<String> {
    let below = path.strip_prefix("node_modules/")?;
    let mut parts = below.split('/');
    let first = parts.next()?;
    if first.starts_with('@') {
        Some(format!("node_modules/{first}/{}/", parts.next()?))
    } else {
        Some(format!("node_modules/{first}/"))
    }
}

fn is_client_file(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    CLIENT_FILES.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_that_the_archive_brings_along_are_part_of_the_asset() {
        let archive = [
            "index.js",
            "node_modules/zod/index.js",
            "node_modules/@a/b/index.js",
        ];
        let bundled = Bundled::of(archive.into_iter());
        for own in [
            "index.js",
            "node_modules/zod/new.js",
            "node_modules/@a/b/x/y.js",
        ] {
            assert!(bundled.covers(own), "{own}");
        }
        for other in [
            "node_modules/left-pad/index.js",
            "node_modules/@a/c/i.js",
            "x/node_modules/y",
        ] {
            assert!(!bundled.covers(other), "{other}");
        }
        assert!(!Bundled::default().covers("node_modules/zod/index.js"));
    }
}
