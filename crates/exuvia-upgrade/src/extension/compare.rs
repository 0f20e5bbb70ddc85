//! A plugin's files beside those of an archive.

use std::path::Path;

use exuvia_host::Host;
use exuvia_model::Digest;
use exuvia_openclaw::tree::{self, Limits, content_digest, digest_all};
use exuvia_sources::Archive;

use crate::Trouble;

/// Where npm puts what a package depends on; also what an archive may bring along of it.
const MODULES: &str = "node_modules";

/// What of a plugin's own files is not as in the archive: changed, added or gone. What npm put below
/// `node_modules` is left out.
pub(super) fn differences(
    host: &dyn Host,
    root: &Path,
    archive: &Archive,
) -> Result<Vec<String>, Trouble> {
    let tree = tree::walk(host, root, &Limits::default().without(MODULES));
    if let Some(problem) = tree.problems.first() {
        return Err(Trouble::new(format!(
            "not all of {} can be read: {problem}",
            root.display()
        )));
    }
    let digests = digest_all(host, &tree);
    let is_own = |path: &str| !Path::new(path).iter().any(|part| part == MODULES);
    let files = archive.files.iter().filter(|file| is_own(&file.path));
    let mut expected: std::collections::BTreeMap<&str, [u8; 32]> = files
        .map(|file| (file.path.as_str(), file.sha256))
        .collect();
    let mut found = Vec::new();
    for (file, digest) in tree.files.iter().zip(digests) {
        match expected.remove(file.name.as_str()) {
            Some(sha256) if sha256 == digest?.sha256 => {}
            Some(_) | None => found.push(file.name.clone()),
        }
    }
    let links = tree.links.iter();
    found.extend(links.map(|(path, _)| path.display().to_string()));
    found.extend(expected.into_keys().map(str::to_owned));
    found.sort();
    Ok(found)
}

/// A plugin's own files, as the inventory counts them.
pub(super) fn content(host: &dyn Host, root: &Path) -> Option<Digest> {
    let limits = Limits::default().without(MODULES).without(".git");
    let tree = tree::walk(host, root, &limits);
    content_digest(&tree, &digest_all(host, &tree))
}
