//! One plugin as an asset.

use std::ffi::OsStr;
use std::path::Path;

use exuvia_host::Host;
use exuvia_model::asset::{ClonedBy, LocalChanges, Provenance};
use exuvia_model::{Asset, AssetClass, AssetId, AssetKind, Revision};

use super::index::InstallRecord;
use super::payload::Payload;
use super::untracked::{Place, Untracked};
use crate::environment::absolute;
use crate::git::{self, Remote};
use crate::tree::content_digest;
use crate::{json, label, script};

/// Why a plugin is there.
pub(super) enum Origin<'a> {
    Recorded(&'a String, &'a InstallRecord),
    Untracked(&'a Untracked),
}

/// How strong a plugin is against others of its id, the strongest first
/// (`resolveDuplicatePrecedenceRank` in `src/plugins/manifest-registry.ts`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Configured,
    Recorded,
    Bundled,
    Workspace,
    Global,
}

/// A plugin that was looked at.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) asset: Asset,
    /// The id that OpenClaw knows it by.
    pub(super) plugin_id: String,
    pub(super) rank: Rank,
}

pub(super) fn take(host: &dyn Host, origin: &Origin<'_>, home: &Path) -> Taken {
    match origin {
        Origin::Recorded(id, record) => recorded(host, id, record, home),
        Origin::Untracked(untracked) => loose(host, untracked),
    }
}

fn recorded(host: &dyn Host, id: &str, record: &InstallRecord, home: &Path) -> Taken {
    let root = record
        .install_path
        .as_deref()
        .map(|path| absolute(home, path));
    let mut asset = origin(id, record, root.as_deref());
    asset.id = AssetId::new(AssetClass::Extension, &label::unique(OsStr::new(id)));
    asset.installed_at.clone_from(&record.installed_at);
    asset.current_version = record.version.as_deref().map(Revision::from);
    match root {
        Some(root) => look(host, &mut asset, &root, Some(record)),
        None => asset
            .problems
            .push("its record does not say where it lies".to_owned()),
    }
    Taken {
        asset,
        plugin_id: id.to_owned(),
        rank: if record.source == "path" {
            Rank::Configured
        } else {
            Rank::Recorded
        },
    }
}

/// Kind and provenance by the record's source.
fn origin(id: &str, record: &InstallRecord, root: Option<&Path>) -> Asset {
    let place = root
        .map(|root| root.to_string_lossy().into_owned())
        .unwrap_or_default();
    let new =
        |kind, provenance| Asset::new(kind, &label::shown(OsStr::new(id)), &place, provenance);
    match record.source.as_str() {
        "npm" => match record.package.clone().or_else(|| record.package_of_spec()) {
            Some(package) => {
                let provenance = Provenance::Npm {
                    package: package.clone(),
                    spec: record.spec.clone(),
                    integrity: record.integrity.clone(),
                };
                let mut asset = new(AssetKind::ExtensionNpm, provenance);
                asset.npm_package = Some(package);
                asset
            }
            None => untracked(
                new(AssetKind::ExtensionNpm, Provenance::Bundled),
                "its record names no npm package",
            ),
        },
        "git" => from_git(record, |provenance| {
            new(AssetKind::ExtensionGithub, provenance)
        }),
        "path" | "archive" => {
            let source = record.source_path.as_deref().map(Path::new);
            let linked = record.source == "path" && source.is_some() && source == root;
            let provenance = Provenance::Local {
                source_path: record.source_path.clone(),
                linked,
            };
            new(AssetKind::ExtensionLocal, provenance)
        }
        other => {
            let other = exuvia_model::text::one_line(other, 40);
            let reason = format!(
                "it came from \"{other}\", whose plugins Exuvia does not follow: update it with \
                 `openclaw plugins update`"
            );
            untracked(new(AssetKind::ExtensionLocal, Provenance::Bundled), &reason)
        }
    }
}

fn from_git(record: &InstallRecord, new: impl Fn(Provenance) -> Asset) -> Asset {
    let mut asset = match record.git_url.as_deref().map(Remote::parse) {
        Some(Ok(remote)) => {
            let mut asset = new(Provenance::Git {
                url: remote.url.clone(),
                branch: record.git_ref.clone(),
                subdir: None,
                cloned_by: ClonedBy::OpenClaw,
            });
            asset.repo = Some(remote.url);
            asset
        }
        Some(Err(refused)) => untracked(new(Provenance::Bundled), &refused.to_string()),
        None => untracked(new(Provenance::Bundled), "its record names no repository"),
    };
    asset.current_commit.clone_from(&record.git_commit);
    asset
}

fn untracked(mut asset: Asset, reason: &str) -> Asset {
    asset.problems.push(reason.to_owned());
    asset.provenance = Provenance::Untracked {
        reason: reason.to_owned(),
    };
    asset
}

fn loose(host: &dyn Host, found: &Untracked) -> Taken {
    let name = found.dir.file_name().unwrap_or_default();
    let place = found.dir.to_string_lossy();
    let provenance = match found.place {
        Place::Configured => Provenance::Local {
            source_path: Some(place.clone().into_owned()),
            linked: true,
        },
        Place::Workspace | Place::Global => Provenance::Untracked {
            reason: "OpenClaw has no record of how it was installed".to_owned(),
        },
    };
    let mut asset = Asset::new(
        AssetKind::ExtensionLocal,
        &label::shown(name),
        &place,
        provenance,
    );
    let (prefix, rank) = match found.place {
        Place::Configured => ("configured", Rank::Configured),
        Place::Workspace => ("workspace", Rank::Workspace),
        Place::Global => ("extensions", Rank::Global),
    };
    asset.id = AssetId::new(
        AssetClass::Extension,
        &format!("{prefix}/{}", label::unique(name)),
    );
    asset
        .problems
        .extend(label::trouble(name).map(str::to_owned));
    let payload = Payload::read(host, &found.dir);
    let plugin_id = payload.id();
    if plugin_id.is_none() {
        let words = "it has no openclaw.plugin.json that names it: OpenClaw may not load it";
        asset.problems.push(words.to_owned());
    }
    asset.current_version = json::text(&payload.package, "version").map(Revision::from);
    asset.last_modified = payload.tree.newest().map(|newest| newest.to_string());
    describe(&mut asset, &payload);
    asset.local_changes =
        LocalChanges::unknown("nothing is recorded that it could be compared with");
    Taken {
        plugin_id: plugin_id.unwrap_or_else(|| name.to_string_lossy().into_owned()),
        asset,
        rank,
    }
}

/// Compares the record with what is there.
fn look(host: &dyn Host, asset: &mut Asset, root: &Path, record: Option<&InstallRecord>) {
    if host.metadata(root, exuvia_host::Links::Follow).is_err() {
        asset.problems.push(format!(
            "{} is not there: reinstall it, or remove it with `openclaw plugins uninstall`",
            label::shown_path(root)
        ));
        asset.local_changes = LocalChanges::unknown("its files are gone");
        return;
    }
    let payload = Payload::read(host, root);
    let present = json::text(&payload.package, "version");
    if let (Some(present), Some(recorded)) = (present, record.and_then(|r| r.version.as_deref()))
        && present != recorded
    {
        asset.problems.push(format!(
            "its record says version {}, its files say {}",
            exuvia_model::text::one_line(recorded, 60),
            exuvia_model::text::one_line(present, 60)
        ));
    }
    if let Some(present) = present {
        asset.current_version = Some(Revision::from(present));
    }
    if asset.kind == AssetKind::ExtensionGithub && git::is_checkout(host, root) {
        let commit = git::read(host, root).commit;
        if commit.is_some() && commit != asset.current_commit {
            let words = "its checkout is at another commit than the one that was installed";
            asset.problems.push(words.to_owned());
            asset.current_commit = commit;
        }
    }
    if asset.kind == AssetKind::ExtensionLocal {
        asset.last_modified = payload.tree.newest().map(|newest| newest.to_string());
    }
    describe(asset, &payload);
    asset.local_changes = match asset.kind {
        AssetKind::ExtensionNpm => {
            LocalChanges::unknown("compared with the published archive in the scan")
        }
        AssetKind::ExtensionGithub => LocalChanges::unknown("compared with its commit in the scan"),
        _ => LocalChanges::unknown("nothing is recorded that it could be compared with"),
    };
}

fn describe(asset: &mut Asset, payload: &Payload) {
    asset.content_digest = content_digest(&payload.tree, &payload.digests);
    asset.scripts = script::find(&payload.tree, &payload.digests);
    let from_git = asset.kind == AssetKind::ExtensionGithub;
    asset.scripts.extend(script::install_hooks(
        &payload.package,
        &payload.tree,
        from_git,
    ));
    asset.problems.extend(payload.problems.iter().cloned());
}
