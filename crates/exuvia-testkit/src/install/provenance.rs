//! The records that whoever installed a skill leaves in it and beside it.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::{Value, json};

use super::digest::{file_tree_sha256, fingerprint};
use super::{pretty, write};
use crate::clawhub::zip;
use crate::hash::{sha256_hex, sha256_integrity};

const INSTALLED_AT: u64 = 1_795_171_622_647;
/// Recorded where a test names no registry; nothing answers there.
const NO_REGISTRY: &str = "http://127.0.0.1:9";

/// A skill's place on ClawHub.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    owner: String,
    slug: String,
    version: String,
    pub(super) registry: String,
}

impl Hub {
    pub(super) fn new(owner: &str, slug: &str, version: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            slug: slug.to_owned(),
            version: version.to_owned(),
            registry: NO_REGISTRY.to_owned(),
        }
    }

    /// Keys as `performClawHubSkillInstall` of openclaw 2026.9.5 writes them.
    pub(super) fn record_openclaw(
        &self,
        root: &Path,
        files: &[(String, Vec<u8>)],
    ) -> (String, Value) {
        let archive = zip(files);
        let skill_md = files.iter().find(|(path, _)| path == "SKILL.md");
        let mut shared = json!({
            "registry": self.registry,
            "ownerHandle": self.owner,
            "installedAt": INSTALLED_AT,
            "artifact": {
                "kind": "archive",
                "sha256": sha256_hex(&archive),
                "integrity": sha256_integrity(&archive),
            },
            "fileTreeSha256": file_tree_sha256(root),
        });
        if let Some((path, content)) = skill_md {
            shared["skillFile"] = json!({ "path": path, "sha256": sha256_hex(content) });
        }
        let mut origin = shared.clone();
        origin["version"] = json!(1);
        origin["slug"] = json!(self.slug);
        origin["installedVersion"] = json!(self.version);
        write(&root.join(".clawhub/origin.json"), pretty(&origin));
        shared["version"] = json!(self.version);
        shared["verification"] = json!({
            "schema": "clawhub.skill.verify.v1", "ok": true, "decision": "pass", "reasons": [],
            "card": null, "artifact": null, "provenance": null, "signature": null,
            "security": { "status": "clean", "passed": true },
        });
        (self.slug.clone(), shared)
    }

    /// Keys as `cmdInstall` of clawhub 0.23.3 writes them.
    pub(super) fn record_cli(&self, root: &Path, files: &[(String, Vec<u8>)]) -> (String, Value) {
        let files = files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_slice()));
        let origin = json!({
            "version": 1,
            "registry": self.registry,
            "slug": self.slug,
            "ownerHandle": self.owner,
            "installedVersion": self.version,
            "installedAt": INSTALLED_AT,
            "fingerprint": fingerprint(files),
        });
        write(&root.join(".clawhub/origin.json"), pretty(&origin));
        let entry = json!({
            "version": self.version, "installedAt": INSTALLED_AT, "ownerHandle": self.owner,
        });
        (format!("@{}/{}", self.owner, self.slug), entry)
    }
}

/// Keys as `installLocalSkillDir` of openclaw 2026.9.5 writes them.
pub(super) fn record_git(root: &Path, slug: &OsStr, url: &str, commit: &str) {
    let origin = json!({
        "version": 1,
        "source": "git",
        "spec": format!("git:{url}"),
        "slug": slug.to_string_lossy(),
        "installedAt": INSTALLED_AT,
        "git": { "url": url, "commit": commit, "resolvedAt": "2026-11-20T10:44:44.528Z" },
    });
    write(&root.join(".openclaw/source-origin.json"), pretty(&origin));
}
