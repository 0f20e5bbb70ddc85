//! What a plugin's own files say.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, HostError, Links};
use serde_json::Value;

use crate::tree::{FileDigest, Limits, Tree, TreeFile, digest_all, walk};
use crate::{Install, json};

/// Largest manifest that is read.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The files of a plugin, and its two manifests.
#[derive(Debug)]
pub(super) struct Payload {
    pub(super) tree: Tree,
    pub(super) digests: Vec<Result<FileDigest, HostError>>,
    pub(super) package: Value,
    /// `openclaw.plugin.json`.
    pub(super) manifest: Value,
    pub(super) problems: Vec<String>,
}

impl Payload {
    /// Reads them: its own files, without what npm put below and without `.git`.
    pub(super) fn read(host: &dyn Host, root: &Path) -> Self {
        let tree = match host.metadata(root, Links::Follow) {
            Ok(meta) if meta.kind == EntryKind::File => single_file(root, &meta),
            _ => {
                let limits = Limits::default().without("node_modules").without(".git");
                walk(host, root, &limits)
            }
        };
        let mut problems = tree.problems.clone();
        let mut manifest = |name: &str| {
            json::read(host, &tree.root.join(name), MAX_BYTES)
                .unwrap_or_else(|problem| {
                    problems.push(problem);
                    None
                })
                .unwrap_or_default()
        };
        let package = manifest("package.json");
        let manifest = manifest("openclaw.plugin.json");
        let digests = digest_all(host, &tree);
        let unread = digests.iter().filter_map(|digest| digest.as_ref().err());
        problems.extend(unread.take(5).map(ToString::to_string));
        Self {
            tree,
            digests,
            package,
            manifest,
            problems,
        }
    }

    /// The plugin's id, as it tells it.
    pub(super) fn id(&self) -> Option<String> {
        json::string(&self.manifest, "id")
    }
}

/// A plugin may be one file (`plugins.load.paths` takes those too).
fn single_file(path: &Path, meta: &exuvia_host::Meta) -> Tree {
    let name = path.file_name().unwrap_or_default();
    Tree {
        root: path.parent().unwrap_or(path).to_owned(),
        files: vec![TreeFile {
            path: PathBuf::from(name),
            name: name.to_string_lossy().into_owned(),
            len: meta.len,
            executable: meta.is_executable(),
            modified: meta.modified,
        }],
        complete: true,
        ..Tree::default()
    }
}

/// The plugins in the package: `dist/extensions/<id>`, with their places.
pub(super) fn bundled(host: &dyn Host, install: &Install) -> Vec<(String, PathBuf)> {
    let Some(package) = &install.package_root else {
        return Vec::new();
    };
    let directory = package.join("dist/extensions");
    // A package without that directory, such as an unbuilt checkout, has none.
    let entries = host.read_dir(&directory).unwrap_or_default();
    let directories = entries
        .into_iter()
        .filter(|(name, kind)| *kind == EntryKind::Directory && name != "node_modules");
    directories
        .map(|(name, _)| (name.to_string_lossy().into_owned(), directory.join(&name)))
        .filter(|(_, root)| {
            let manifest = root.join("openclaw.plugin.json");
            host.metadata(&manifest, Links::Refuse).is_ok()
        })
        .collect()
}
