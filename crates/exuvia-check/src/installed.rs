//! An asset's files as they lie on disk.

use std::path::Path;
use std::sync::Arc;

use exuvia_host::Host;
use exuvia_model::AssetKind;
use exuvia_openclaw::tree::{self, Limits};

/// Largest file whose content is kept to be looked into, in bytes.
const KEEP_FILE: u64 = 1024 * 1024;
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

/// Reads an asset's own files: not what its client keeps beside them, and not the dependencies of
/// an npm package.
pub(crate) fn read(host: &Arc<dyn Host>, kind: AssetKind, root: &Path) -> Installed {
    let mut limits = Limits::default().without(".git");
    if matches!(kind, AssetKind::CoreNpm | AssetKind::ExtensionNpm) {
        limits = limits.without("node_modules");
    }
    let tree = tree::walk(&**host, root, &limits);
    let digests = tree::digest_all(&**host, &tree);
    let mut kept = 0;
    let mut installed = Installed {
        files: Vec::new(),
        complete: tree.complete,
    };
    for (file, digest) in tree.files.iter().zip(digests) {
        if is_client_file(&file.name) {
            continue;
        }
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
            path: file.name.replace(std::path::MAIN_SEPARATOR, "/"),
            executable: file.executable,
            size: file.len,
            sha256: digest.sha256,
            content,
        });
    }
    installed
}

fn is_client_file(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    CLIENT_FILES.contains(&first)
}
