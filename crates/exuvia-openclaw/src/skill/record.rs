//! A skill's own record of where it came from, as its client would write it for another version.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use exuvia_host::Host;
use exuvia_model::digest::hex;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{clawhub, git_source};
use crate::digest::{fingerprint, openclaw_tree};
use crate::tree::{FileDigest, Tree, TreeFile};

/// Directories in a skill that its installers keep for themselves.
pub const RECORDS: [&str; 3] = [".clawhub", ".clawdhub", ".openclaw"];

/// A skill's record, and the file that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The file, as a path inside the skill.
    pub file: PathBuf,
    /// What it holds.
    pub value: Value,
}

/// A version as it was published.
#[derive(Debug, Clone)]
pub struct Published {
    /// The version.
    pub version: String,
    /// When it is installed.
    pub at: Timestamp,
    /// SHA-256 of the archive.
    pub archive_sha256: [u8; 32],
    /// What is installed of it, without the records.
    pub files: Vec<PublishedFile>,
    /// The contents of the ignore files in it, which the `clawhub` command heeds.
    pub ignore_files: Vec<String>,
}

/// A file of a version.
#[derive(Debug, Clone)]
pub struct PublishedFile {
    /// Its path inside the skill.
    pub path: String,
    /// SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// The record of the skill in this directory; nothing where it has none, and words where it cannot
/// be read.
pub fn record(host: &dyn Host, skill: &Path) -> Result<Option<Record>, String> {
    for name in [".clawhub/origin.json", ".clawdhub/origin.json"] {
        if let Some(value) = clawhub::read(host, skill, name)? {
            let file = PathBuf::from(name);
            return Ok(Some(Record { file, value }));
        }
    }
    let source = git_source::source_origin(host, skill)?;
    Ok(source.map(|value| Record {
        file: PathBuf::from(git_source::SOURCE_ORIGIN),
        value,
    }))
}

impl Record {
    /// The same for another version from ClawHub. The digests are those of what was published, so
    /// that what the user changed in it is told from it, by either client, as before.
    ///
    /// Keys and digests as `performClawHubSkillInstall` of OpenClaw 2026.9.5 and `cmdInstall` of
    /// clawhub 0.23.3 write them.
    #[must_use]
    pub fn at_version(&self, published: &Published) -> Self {
        let mut value = self.value.clone();
        set(&mut value, "installedVersion", json!(published.version));
        published.note(&mut value);
        Self {
            file: self.file.clone(),
            value,
        }
    }

    /// The same for another commit, as `installLocalSkillDir` of OpenClaw 2026.9.5 writes it.
    #[must_use]
    pub fn at_commit(&self, commit: &str, at: Timestamp) -> Self {
        let mut value = self.value.clone();
        set(&mut value, "installedAt", json!(at.as_millisecond()));
        if let Some(git) = value.get_mut("git") {
            set(git, "commit", json!(commit));
            let at = at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            set(git, "resolvedAt", json!(at));
        }
        Self {
            file: self.file.clone(),
            value,
        }
    }
}

impl Published {
    /// A lock file's entry, for this version. What the registry said of the other one is left out:
    /// OpenClaw does not write that either where the registry says nothing.
    #[must_use]
    pub fn lock_entry(&self, entry: &Value) -> Value {
        let mut entry = entry.clone();
        set(&mut entry, "version", json!(self.version));
        self.note(&mut entry);
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("verification");
        }
        entry
    }

    /// What both records have in common. Only what was recorded before is recorded again: that is
    /// what tells one client's records from the other's.
    fn note(&self, value: &mut Value) {
        set(value, "installedAt", json!(self.at.as_millisecond()));
        let sha256 = hex(&self.archive_sha256);
        if let Some(artifact) = value.get_mut("artifact") {
            set(artifact, "sha256", json!(sha256));
            let integrity = format!("sha256-{}", STANDARD.encode(self.archive_sha256));
            set(artifact, "integrity", json!(integrity));
        }
        let skill_file = self.files.iter().find(|file| file.path == "SKILL.md");
        if let (Some(recorded), Some(file)) = (value.get_mut("skillFile"), skill_file) {
            *recorded = json!({ "path": file.path, "sha256": hex(&file.sha256) });
        }
        let (tree, digests) = self.tree();
        if value.get("fileTreeSha256").is_some()
            && let Ok(digest) = openclaw_tree(&tree, &digests)
        {
            set(value, "fileTreeSha256", json!(digest.as_str()));
        }
        if value.get("fingerprint").is_some()
            && let Some(fingerprint) = fingerprint(&tree, &digests, &self.ignore_files)
        {
            set(value, "fingerprint", json!(fingerprint.value));
        }
    }

    /// As if it lay on disk.
    fn tree(&self) -> (Tree, Vec<Result<FileDigest, exuvia_host::HostError>>) {
        let mut files: Vec<&PublishedFile> = self.files.iter().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let parents = files.iter().flat_map(|file| {
            let path = Path::new(&file.path);
            path.ancestors().skip(1).filter(|dir| *dir != Path::new(""))
        });
        let directories: BTreeSet<PathBuf> = parents.map(Path::to_owned).collect();
        let digests = files.iter().map(|file| {
            Ok(FileDigest {
                sha256: file.sha256,
                blake3: [0; 32],
                shebang: false,
            })
        });
        let digests = digests.collect();
        let tree = Tree {
            directories: directories.into_iter().collect(),
            files: files
                .iter()
                .map(|file| TreeFile {
                    path: PathBuf::from(&file.path),
                    name: file.path.clone(),
                    len: 0,
                    executable: false,
                    modified: self.at,
                })
                .collect(),
            complete: true,
            ..Tree::default()
        };
        (tree, digests)
    }
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), to);
    }
}
