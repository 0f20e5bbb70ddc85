//! Skills from git: installed by OpenClaw, or cloned by hand.

use std::path::{Path, PathBuf};

use exuvia_host::Host;
use exuvia_model::Asset;
use exuvia_model::asset::{ClonedBy, Provenance};
use serde_json::Value;

use crate::git::{self, Remote};
use crate::json;

/// Largest record that is read (`MAX_SKILL_SOURCE_ORIGIN_BYTES` in OpenClaw).
const MAX_BYTES: u64 = 16_384;

/// The record, inside a skill.
pub(super) const SOURCE_ORIGIN: &str = ".openclaw/source-origin.json";

/// `.openclaw/source-origin.json`, which OpenClaw writes for skills from git and from a path
/// (`src/cli/skills-cli.ts`).
pub(super) fn source_origin(host: &dyn Host, skill: &Path) -> Result<Option<Value>, String> {
    json::read(host, &skill.join(SOURCE_ORIGIN), MAX_BYTES)
}

/// The top of the checkout that a skill is in: its own directory or one above it, below the root.
/// Not the root and what is above it: OpenClaw makes every workspace a repository.
pub(super) fn checkout_of(host: &dyn Host, skill: &Path, root: &Path) -> Option<PathBuf> {
    skill
        .ancestors()
        .take_while(|dir| *dir == skill || (dir.starts_with(root) && *dir != root))
        .find(|dir| git::is_checkout(host, dir))
        .map(Path::to_owned)
}

/// What OpenClaw recorded of a skill that it installed from git.
pub(super) fn from_record(asset: &mut Asset, record: &Value) {
    let git = record.get("git").unwrap_or(&Value::Null);
    asset.current_commit = json::string(git, "commit");
    let remote = json::text(git, "url").map(Remote::parse);
    asset.provenance = match (remote, &asset.current_commit) {
        (Some(Ok(remote)), Some(_)) => {
            asset.repo = Some(remote.url.clone());
            Provenance::Git {
                url: remote.url,
                branch: json::string(git, "ref"),
                subdir: None,
                cloned_by: ClonedBy::OpenClaw,
            }
        }
        (Some(Err(refused)), _) => untracked(asset, refused.to_string()),
        _ => untracked(
            asset,
            "its source-origin.json names no repository or commit".to_owned(),
        ),
    };
}

/// What a clone says of itself.
pub(super) fn from_checkout(host: &dyn Host, asset: &mut Asset, top: &Path, skill: &Path) {
    let checkout = git::read(host, top);
    asset.current_commit = checkout.commit;
    asset.problems.extend(checkout.problems);
    let Some(remote) = checkout.remote else {
        asset.provenance = Provenance::Untracked {
            reason: "the checkout has no remote that can be asked".to_owned(),
        };
        return;
    };
    if remote.had_credentials {
        let words = "the remote's address holds credentials, which are left out here";
        asset.problems.push(words.to_owned());
    }
    asset.repo = Some(remote.url.clone());
    let subdir = skill.strip_prefix(top).ok();
    asset.provenance = Provenance::Git {
        url: remote.url,
        branch: checkout.branch,
        subdir: subdir
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| path.to_string_lossy().into_owned()),
        cloned_by: ClonedBy::User,
    };
}

fn untracked(asset: &mut Asset, reason: String) -> Provenance {
    asset.problems.push(reason.clone());
    Provenance::Untracked { reason }
}
