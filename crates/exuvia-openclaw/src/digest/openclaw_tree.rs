//! OpenClaw's `fileTreeSha256`.

use std::collections::BTreeMap;
use std::path::Path;

use exuvia_model::Digest;
use exuvia_model::digest::hex;
use sha2::{Digest as _, Sha256};

use crate::label::shown_path;
use crate::tree::{FileDigest, Tree};

/// Names that are left out, at the root of a skill only.
const RECORDS: [&str; 2] = [".clawhub", ".clawdhub"];

/// OpenClaw has no digest for this tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTreeDigest {
    /// Something in it is neither a file nor a directory.
    #[error("{0} is neither a file nor a directory, for which OpenClaw has no digest")]
    Unsupported(String),
    /// Something in it could not be read.
    #[error("{0} could not be read")]
    Unreadable(String),
}

/// The digest that OpenClaw 2026.9.5 records in `.clawhub/origin.json` and the lock file
/// (`src/skills/lifecycle/skill-tree-digest.ts`): SHA-256 over compact JSON, an array with an
/// object for each entry of a walk in pre-order, a directory's names sorted as JavaScript sorts
/// strings. Dot files and empty directories count, modes and times do not.
///
/// The tree must have been walked with nothing left out. OpenClaw also refuses hard links, which
/// cannot be told from here.
pub fn openclaw_tree(
    tree: &Tree,
    digests: &[Result<FileDigest, exuvia_host::HostError>],
) -> Result<Digest, NoTreeDigest> {
    let odd = tree
        .links
        .iter()
        .map(|(path, _)| path)
        .chain(&tree.specials);
    if let Some(path) = odd.into_iter().find(|path| counts(path)) {
        return Err(NoTreeDigest::Unsupported(shown_path(path)));
    }
    if !tree.complete {
        return Err(NoTreeDigest::Unreadable(shown_path(&tree.root)));
    }
    let mut entries = BTreeMap::new();
    for path in tree.directories.iter().filter(|path| counts(path)) {
        entries.insert(sort_key(path)?, (slashes(path), None));
    }
    for (file, digest) in tree.files.iter().zip(digests) {
        if counts(&file.path) {
            let digest = digest
                .as_ref()
                .map_err(|_| NoTreeDigest::Unreadable(shown_path(&file.path)))?;
            let value = (slashes(&file.path), Some(hex(&digest.sha256)));
            entries.insert(sort_key(&file.path)?, value);
        }
    }
    let lines: Vec<String> = entries
        .into_values()
        .map(|(path, sha)| entry(&path, sha))
        .collect();
    let json = format!("[{}]", lines.join(","));
    Ok(Digest::sha256(&Sha256::digest(json.as_bytes()).into()))
}

/// Whether a path is part of the digest.
fn counts(path: &Path) -> bool {
    let first = path.components().next();
    !first.is_some_and(|first| RECORDS.iter().any(|record| first.as_os_str() == *record))
}

/// Names as UTF-16 code units: comparing these lists is the walk's order, for a directory comes
/// right before what is in it, and each level is sorted as JavaScript sorts.
fn sort_key(path: &Path) -> Result<Vec<Vec<u16>>, NoTreeDigest> {
    path.components()
        .map(|part| {
            let name = part.as_os_str().to_str();
            let name = name.ok_or_else(|| NoTreeDigest::Unreadable(shown_path(path)))?;
            Ok(name.encode_utf16().collect())
        })
        .collect()
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// By hand, for the order of the keys is part of the digest.
fn entry(path: &str, sha256: Option<String>) -> String {
    let quoted = serde_json::Value::from(path);
    match sha256 {
        None => format!(r#"{{"path":{quoted},"type":"directory"}}"#),
        Some(sha256) => format!(r#"{{"path":{quoted},"type":"file","sha256":"{sha256}"}}"#),
    }
}
