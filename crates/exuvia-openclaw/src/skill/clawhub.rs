//! `.clawhub/origin.json`: where a skill from ClawHub came from, and whether that can be believed.

use std::path::Path;

use exuvia_host::{Host, HostError, Links, read_optional};
use exuvia_model::asset::{ClawHubClient, LocalChanges, Provenance};
use exuvia_model::text::one_line;
use jiff::Timestamp;
use serde_json::Value;

use crate::digest::{fingerprint, openclaw_tree};
use crate::json;
use crate::tree::{FileDigest, Tree};

/// Largest record that is read.
const MAX_BYTES: u64 = 256 * 1024;
/// Largest ignore file that is read.
const MAX_IGNORE: u64 = 256 * 1024;

/// The record in a skill; nothing where there is none.
pub(super) fn origin(host: &dyn Host, skill: &Path) -> Result<Option<Value>, String> {
    for name in [".clawhub/origin.json", ".clawdhub/origin.json"] {
        if let Some(value) = read(host, skill, name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The record of this name in a skill.
pub(super) fn read(host: &dyn Host, skill: &Path, name: &str) -> Result<Option<Value>, String> {
    json::read(host, &skill.join(name), MAX_BYTES)
}

/// What both records say, if they agree with each other and can be true.
pub(super) fn provenance(origin: &Value, lock: Option<&Value>) -> Result<Provenance, String> {
    let slug = json::text(origin, "slug").ok_or("its origin.json names no skill")?;
    if !is_slug(slug) {
        let shown = one_line(slug, 80);
        return Err(format!(
            "its origin.json names \"{shown}\", which cannot be a skill"
        ));
    }
    if json::text(origin, "installedVersion").is_none() {
        return Err("its origin.json names no version".to_owned());
    }
    let owner = json::string(origin, "ownerHandle");
    if owner.as_deref().is_some_and(|owner| !is_owner(owner)) {
        return Err("its origin.json names a publisher that cannot be one".to_owned());
    }
    if let Some(lock) = lock {
        agree(origin, lock)?;
    }
    Ok(Provenance::ClawHub {
        slug: slug.to_owned(),
        owner,
        registry: json::string(origin, "registry"),
        client: client(origin),
        archive_sha256: origin
            .get("artifact")
            .and_then(|artifact| json::string(artifact, "sha256")),
    })
}

/// OpenClaw requires the same of its own records (`planTrackedClawHubSkillState`). What only one of
/// the two files has cannot disagree: the `clawhub` command writes less into the lock file.
fn agree(origin: &Value, lock: &Value) -> Result<(), String> {
    let pairs = [
        ("installedVersion", "version", "version"),
        ("registry", "registry", "registry"),
        ("ownerHandle", "ownerHandle", "publisher"),
        ("installedAt", "installedAt", "time of installation"),
        ("fileTreeSha256", "fileTreeSha256", "digest of the files"),
        ("artifact", "artifact", "digest of the archive"),
    ];
    for (in_origin, in_lock, what) in pairs {
        if let (Some(ours), Some(theirs)) = (origin.get(in_origin), lock.get(in_lock))
            && ours != theirs
        {
            return Err(format!(
                "lock.json and origin.json disagree about its {what} ({} and {})",
                one_line(&theirs.to_string(), 60),
                one_line(&ours.to_string(), 60)
            ));
        }
    }
    Ok(())
}

/// OpenClaw records the archive's and the files' digests, the `clawhub` command a fingerprint or
/// nothing.
fn client(origin: &Value) -> ClawHubClient {
    let of_openclaw = ["artifact", "fileTreeSha256", "skillFile", "sourceUrl"];
    if of_openclaw.iter().any(|key| origin.get(key).is_some()) {
        ClawHubClient::OpenClaw
    } else {
        ClawHubClient::ClawHubCli
    }
}

/// When it was installed, as RFC 3339: the clients write milliseconds.
pub(super) fn installed_at(origin: &Value) -> Option<String> {
    let at = origin.get("installedAt")?;
    match at.as_i64() {
        Some(millis) => Timestamp::from_millisecond(millis)
            .ok()
            .map(|at| at.to_string()),
        None => Some(at.as_str()?.parse::<Timestamp>().ok()?.to_string()),
    }
}

/// Compares the files with the digest that was recorded when they were installed.
pub(super) fn local_changes(
    host: &dyn Host,
    origin: &Value,
    tree: &Tree,
    digests: &[Result<FileDigest, HostError>],
) -> LocalChanges {
    let verdict = |same: bool, basis: &str| {
        let basis = basis.to_owned();
        if same {
            LocalChanges::None { basis }
        } else {
            LocalChanges::Modified {
                basis,
                files: Vec::new(),
            }
        }
    };
    if let Some(recorded) = json::text(origin, "fileTreeSha256") {
        return match openclaw_tree(tree, digests) {
            Ok(computed) => verdict(
                computed.as_str() == recorded,
                "the fileTreeSha256 that OpenClaw recorded",
            ),
            Err(error) => LocalChanges::unknown(error.to_string()),
        };
    }
    let Some(recorded) = json::text(origin, "fingerprint") else {
        return LocalChanges::unknown("its record holds no digest of its files");
    };
    match fingerprint(tree, digests, &ignore_files(host, tree)) {
        Some(computed) => match computed.doubt {
            Some(doubt) if computed.value != recorded => LocalChanges::unknown(doubt),
            _ => verdict(
                computed.value == recorded,
                "the fingerprint that the clawhub command recorded",
            ),
        },
        None => LocalChanges::unknown("its files could not all be read"),
    }
}

fn ignore_files(host: &dyn Host, tree: &Tree) -> Vec<String> {
    [".gitignore", ".clawhubignore", ".clawdhubignore"]
        .iter()
        .filter_map(|name| {
            let path = tree.root.join(name);
            // One that cannot be read leaves a fingerprint that does not agree: then it is unknown.
            let bytes = read_optional(host, &path, MAX_IGNORE, Links::Refuse)
                .ok()
                .flatten()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

/// `demo`, or `@acme/demo`.
pub(super) fn is_reference(key: &str) -> bool {
    match key.strip_prefix('@') {
        Some(rest) => rest
            .split_once('/')
            .is_some_and(|(owner, slug)| is_owner(owner) && is_slug(slug)),
        None => is_slug(key),
    }
}

/// `VALID_SLUG_PATTERN` in OpenClaw's `src/skills/lifecycle`.
fn is_slug(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    edge(text.bytes().next())
        && edge(text.bytes().next_back())
        && text.len() <= 200
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `CLAWHUB_OWNER_HANDLE_PATTERN` in OpenClaw's `clawhub-store.ts`, case ignored.
fn is_owner(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    edge(text.bytes().next())
        && edge(text.bytes().next_back())
        && text.len() <= 40
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
