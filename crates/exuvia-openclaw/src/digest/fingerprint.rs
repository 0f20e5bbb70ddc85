//! The `clawhub` command's `fingerprint`.

use std::path::Path;

use exuvia_model::digest::hex;
use sha2::{Digest as _, Sha256};

use super::collation;
use super::ignore_rules::IgnoreRules;
use crate::tree::{FileDigest, Tree};

/// A fingerprint, and whether another one could be right too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hexadecimal value.
    pub value: String,
    /// Why the client could have computed another for the same files, where it could. Equality
    /// with the recorded one proves equal files all the same.
    pub doubt: Option<&'static str>,
}

/// The fingerprint that the `clawhub` command (`skills.js`, 0.23.3) records: SHA-256 over
/// `<path>:<sha256 of the file>` lines in the order of JavaScript's `localeCompare`. Names that
/// begin with a dot and `node_modules` are left out, links too, and what ignore files at the
/// skill's root exclude. `None` where no file is left, or one could not be read.
///
/// `ignore_files` are the contents of `.gitignore`, `.clawhubignore` and `.clawdhubignore`.
pub fn fingerprint(
    tree: &Tree,
    digests: &[Result<FileDigest, exuvia_host::HostError>],
    ignore_files: &[String],
) -> Option<Fingerprint> {
    let rules = IgnoreRules::parse(ignore_files.iter().map(String::as_str));
    let mut files = Vec::new();
    for (file, digest) in tree.files.iter().zip(digests) {
        if counts(&file.path) && !rules.exclude(&file.name) {
            files.push((file.name.as_str(), digest.as_ref().ok()?));
        }
    }
    if files.is_empty() {
        return None;
    }
    files.sort_by(|left, right| collation::compare(left.0, right.0));
    let doubt = if files.iter().any(|(name, _)| !collation::is_exact_for(name)) {
        Some("paths that are not plain ASCII are sorted by rules that are not known here")
    } else if rules.is_empty() {
        None
    } else {
        Some("the skill has an ignore file, which the client may read differently")
    };
    let lines: Vec<String> = files
        .iter()
        .map(|(name, digest)| format!("{name}:{}", hex(&digest.sha256)))
        .collect();
    let value = hex(&Sha256::digest(lines.join("\n").as_bytes()));
    Some(Fingerprint { value, doubt })
}

fn counts(path: &Path) -> bool {
    path.components().all(|part| {
        let name = part.as_os_str().to_string_lossy();
        !name.starts_with('.') && name != "node_modules"
    })
}
