//! One skill as an asset.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use exuvia_host::{Host, HostError, Links};
use exuvia_model::asset::{LocalChanges, Provenance};
use exuvia_model::{Asset, AssetClass, AssetId, AssetKind, Revision};
use serde_json::Value;

use super::discover::Found;
use super::frontmatter::read_frontmatter;
use super::lock::{LockKey, Locks};
use super::root::{RootKind, SkillRoot};
use super::{clawhub, git_source};
use crate::tree::{FileDigest, Limits, Tree, content_digest, digest_all, walk};
use crate::{json, label, script};

/// A skill that was looked at.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) asset: Asset,
    pub(super) found: Found,
    /// The name that OpenClaw loads it under; nothing where it does not load it.
    pub(super) loaded_as: Option<String>,
    /// The entry of a lock file that is about it.
    pub(super) lock_key: Option<LockKey>,
}

/// What is recorded of where a skill came from.
enum Record {
    ClawHub(Value),
    /// One of ClawHub's that cannot be read.
    Broken(String),
    Source(Value),
    Checkout(PathBuf),
    None,
}

/// Looks at one skill. Bundled ones belong to the package: only their names matter.
pub(super) fn take(host: &dyn Host, found: &Found, roots: &[SkillRoot], locks: &Locks) -> Taken {
    let root = roots.get(found.root);
    let frontmatter = read_frontmatter(host, &found.dir, &found.real);
    let dir_name = found.dir.file_name().unwrap_or_default();
    let loaded_as = frontmatter.loads.then(|| {
        frontmatter
            .name
            .unwrap_or_else(|| dir_name.to_string_lossy().into_owned())
    });
    let mut taken = Taken {
        asset: blank(found, root),
        found: found.clone(),
        loaded_as,
        lock_key: None,
    };
    taken.asset.problems.extend(frontmatter.problems);
    if root.is_some_and(|root| root.kind != RootKind::Bundled) {
        fill(host, &mut taken, root.map(|root| root.dir.as_path()), locks);
    }
    taken
}

fn blank(found: &Found, root: Option<&SkillRoot>) -> Asset {
    let dir_name = found.dir.file_name().unwrap_or_default();
    let provenance = Provenance::Local {
        source_path: None,
        linked: false,
    };
    let path = found.dir.to_string_lossy();
    let mut asset = Asset::new(
        AssetKind::SkillLocal,
        &label::shown(dir_name),
        &path,
        provenance,
    );
    let relative = match found.relative.as_os_str() {
        whole if whole.is_empty() => OsStr::new("."),
        relative => relative,
    };
    let label = root.map_or("skills", |root| root.label.as_str());
    let place = format!("{label}/{}", label::unique(relative));
    asset.id = AssetId::new(AssetClass::Skill, &place);
    asset
        .problems
        .extend(label::trouble(dir_name).map(str::to_owned));
    asset
}

fn fill(host: &dyn Host, taken: &mut Taken, root: Option<&Path>, locks: &Locks) {
    let dir = taken.found.dir.clone();
    let root = root.unwrap_or(&dir);
    let record = record(host, &dir, root);
    let mut limits = Limits::default();
    if !matches!(record, Record::ClawHub(_)) {
        // OpenClaw's own digest of a ClawHub skill counts `.git`; nobody else's does.
        limits = limits.without(".git");
    }
    let tree = walk(host, &taken.found.real, &limits);
    let digests = digest_all(host, &tree);
    apply(host, taken, &record, root, locks);
    let asset = &mut taken.asset;
    asset.local_changes = match (&record, &asset.provenance) {
        (Record::ClawHub(origin), Provenance::ClawHub { .. }) => {
            clawhub::local_changes(host, origin, &tree, &digests)
        }
        (_, Provenance::Git { .. }) => {
            LocalChanges::unknown("compared with its commit in the scan")
        }
        _ => LocalChanges::unknown("nothing is recorded that it could be compared with"),
    };
    describe(host, asset, &tree, &digests);
}

fn record(host: &dyn Host, dir: &Path, root: &Path) -> Record {
    match clawhub::origin(host, dir) {
        Ok(Some(origin)) => return Record::ClawHub(origin),
        Err(problem) => return Record::Broken(problem),
        Ok(None) => {}
    }
    match git_source::source_origin(host, dir) {
        Ok(Some(origin)) => Record::Source(origin),
        Err(problem) => Record::Broken(problem),
        Ok(None) => git_source::checkout_of(host, dir, root).map_or(Record::None, Record::Checkout),
    }
}

fn apply(host: &dyn Host, taken: &mut Taken, record: &Record, root: &Path, locks: &Locks) {
    let asset = &mut taken.asset;
    match record {
        Record::ClawHub(origin) => {
            kind(asset, AssetKind::SkillClawhub);
            let slug = json::text(origin, "slug");
            let lock = locks.entry(root, &taken.found.relative, slug);
            asset.current_version = json::text(origin, "installedVersion").map(Revision::from);
            asset.installed_at = clawhub::installed_at(origin);
            asset.registry_version = lock
                .as_ref()
                .and_then(|(_, entry)| json::string(entry, "version"));
            let entry = lock.as_ref().map(|(_, entry)| *entry);
            asset.provenance = match clawhub::provenance(origin, entry) {
                Ok(provenance) => provenance,
                Err(reason) => untracked(asset, reason),
            };
            taken.lock_key = lock.map(|(key, _)| key);
        }
        Record::Broken(problem) => {
            kind(asset, AssetKind::SkillClawhub);
            asset.provenance = untracked(asset, problem.clone());
        }
        Record::Source(origin) if json::text(origin, "source") == Some("git") => {
            kind(asset, AssetKind::SkillGithub);
            asset.installed_at = clawhub::installed_at(origin);
            git_source::from_record(asset, origin);
        }
        Record::Source(origin) => {
            asset.installed_at = clawhub::installed_at(origin);
            asset.provenance = Provenance::Local {
                source_path: json::string(origin, "spec"),
                linked: false,
            };
        }
        Record::Checkout(top) => {
            kind(asset, AssetKind::SkillGithub);
            git_source::from_checkout(host, asset, top, &taken.found.dir);
        }
        Record::None => unrecorded(taken, root, locks),
    }
}

/// A skill without a record is the user's own, unless a lock file claims it.
fn unrecorded(taken: &mut Taken, root: &Path, locks: &Locks) {
    taken.lock_key = locks
        .entry(root, &taken.found.relative, None)
        .map(|(key, _)| key);
    if taken.lock_key.is_some() {
        let reason = "lock.json says that it came from ClawHub, but it holds no origin.json";
        taken.asset.provenance = untracked(&mut taken.asset, reason.to_owned());
    } else if let Provenance::Local { linked, .. } = &mut taken.asset.provenance {
        *linked = taken.found.real != taken.found.dir && taken.found.real.parent() != Some(root);
    }
}

fn untracked(asset: &mut Asset, reason: String) -> Provenance {
    asset.problems.push(reason.clone());
    Provenance::Untracked { reason }
}

fn kind(asset: &mut Asset, kind: AssetKind) {
    asset.kind = kind;
    asset.class = kind.class();
    asset.source = kind.source();
}

/// What its files say, whatever its origin.
fn describe(
    host: &dyn Host,
    asset: &mut Asset,
    tree: &Tree,
    digests: &[Result<FileDigest, HostError>],
) {
    asset.content_digest = content_digest(tree, digests);
    asset.scripts = script::find(tree, digests);
    asset.problems.extend(tree.problems.iter().cloned());
    let unread = digests.iter().filter_map(|digest| digest.as_ref().err());
    asset
        .problems
        .extend(unread.take(5).map(ToString::to_string));
    if !tree.specials.is_empty() {
        let first = tree.specials.first().map(|path| label::shown_path(path));
        let words = format!(
            "it holds pipes, sockets or devices: {}",
            first.unwrap_or_default()
        );
        asset.problems.push(words);
    }
    if asset.kind == AssetKind::SkillLocal {
        asset.last_modified = tree.newest().map(|newest| newest.to_string());
    }
    if asset.installed_at.is_none() {
        let made = host.metadata(&tree.root, Links::Follow);
        asset.installed_at = made.ok().map(|meta| meta.modified.to_string());
    }
}
