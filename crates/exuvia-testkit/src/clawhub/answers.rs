//! The shapes of the answers.
//!
//! Read from the response schemas of the `clawhub` CLI 0.23.3 (`schema/schemas.js`, which it
//! enforces) and from what OpenClaw 2026.9.5 reads of them.

use serde_json::{Value, json};

use super::skill::{Moderation, Release, Skill, Verdict};
use crate::hash::sha256_hex;
use crate::install::digest::fingerprint;
use crate::reply::Reply;
use crate::request::Request;

const VERSIONS_PER_PAGE: usize = 25;

pub(super) fn detail(skill: &Skill) -> Value {
    let created = skill
        .releases
        .first()
        .map_or(0, |release| release.created_at);
    let updated = skill
        .releases
        .last()
        .map_or(0, |release| release.created_at);
    let owner = skill.handed_to.as_ref().unwrap_or(&skill.owner);
    json!({
        "skill": {
            "slug": skill.slug,
            "displayName": skill.slug,
            "summary": skill.summary,
            "tags": { "latest": skill.latest },
            "stats": { "downloads": 1, "stars": 0, "versions": skill.releases.len() },
            "createdAt": created,
            "updatedAt": updated,
        },
        "latestVersion": skill.newest().map(|release| json!({
            "version": release.version,
            "createdAt": release.created_at,
            "changelog": release.changelog,
            "license": "MIT-0",
        })),
        "owner": { "handle": owner, "displayName": owner, "image": null },
        "moderation": skill.moderation.map(moderation),
    })
}

fn moderation(moderation: Moderation) -> Value {
    let (malware, verdict) = match moderation {
        Moderation::Suspicious => (false, "suspicious"),
        Moderation::Malware => (true, "malicious"),
    };
    json!({
        "isSuspicious": !malware, "isMalwareBlocked": malware, "verdict": verdict,
        "reasonCodes": [format!("stand_in.{verdict}")], "summary": "Said by the stand-in.",
    })
}

pub(super) fn list_item(skill: &Skill) -> Value {
    let detail = detail(skill);
    let mut item = detail["skill"].clone();
    item["latestVersion"] = detail["latestVersion"].clone();
    item
}

pub(super) fn search_hit(skill: &Skill) -> Value {
    json!({
        "score": 1.0, "slug": skill.slug, "displayName": skill.slug, "summary": skill.summary,
        "version": skill.latest, "ownerHandle": skill.owner, "source": "clawhub",
        "install": {
            "kind": "clawhub", "reference": format!("@{}/{}", skill.owner, skill.slug), "sourceUrl": null,
        },
    })
}

/// A page of versions, newest first; the cursor is the number of versions to skip.
pub(super) fn versions(skill: &Skill, request: &Request) -> Reply {
    let number = |name: &str| {
        request
            .param(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let size = number("limit").unwrap_or(VERSIONS_PER_PAGE).clamp(1, 200);
    let from = number("cursor").unwrap_or(0);
    let page: Vec<Value> = skill
        .releases
        .iter()
        .rev()
        .skip(from)
        .take(size)
        .map(listed)
        .collect();
    let next = (from + size < skill.releases.len()).then(|| (from + size).to_string());
    Reply::json(&json!({ "items": page, "nextCursor": next }))
}

fn listed(release: &Release) -> Value {
    json!({
        "version": release.version,
        "createdAt": release.created_at,
        "changelog": release.changelog,
        "changelogSource": "user",
    })
}

pub(super) fn version(skill: &Skill, release: &Release) -> Value {
    let mut version = listed(release);
    version["license"] = json!("MIT-0");
    let files = release.files.iter().map(|(path, content)| {
        json!({
            "path": path, "size": content.len(), "sha256": sha256_hex(content),
            "contentType": content_type(path),
        })
    });
    version["files"] = files.collect();
    json!({ "version": version, "skill": { "slug": skill.slug, "displayName": skill.slug } })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "md")) => "text/markdown",
        _ => "text/plain",
    }
}

/// How the latest is to be installed: from the archive here, or from GitHub at a commit.
pub(super) fn install(skill: &Skill, base: &str) -> Reply {
    if let Some(github) = &skill.github {
        let tree = format!(
            "https://github.com/{}/tree/{}/{}",
            github.repo, github.commit, github.path
        );
        return Reply::json(&json!({
            "ok": true, "slug": skill.slug, "installKind": "github",
            "github": {
                "repo": github.repo, "path": github.path, "commit": github.commit,
                "contentHash": github.content_hash, "sourceUrl": tree,
            },
        }));
    }
    let Some(newest) = skill.newest() else {
        return Reply::json(&json!({
            "ok": false, "slug": skill.slug, "reason": "archive_version_missing",
            "message": "This skill has no version to install.", "status": 409,
        }))
        .status(409);
    };
    let download = format!(
        "{base}/api/v1/download?slug={}&version={}&ownerHandle={}",
        skill.slug, newest.version, skill.owner
    );
    Reply::json(&json!({
        "ok": true, "slug": skill.slug, "installKind": "archive",
        "archive": { "version": newest.version, "downloadUrl": download },
    }))
}

pub(super) fn resolve(skill: &Skill, hash: &str) -> Value {
    let matching = skill.releases.iter().find(|release| {
        fingerprint(
            release
                .files
                .iter()
                .map(|(path, content)| (path.as_str(), content.as_slice())),
        )
        .as_deref()
            == Some(hash)
    });
    json!({
        "match": matching.map(|release| json!({ "version": release.version })),
        "latestVersion": skill.latest.as_ref().map(|version| json!({ "version": version })),
    })
}

/// `(decision, security status, reasons)` in ClawHub's words.
fn judged(verdict: Verdict) -> (&'static str, &'static str, Vec<&'static str>) {
    match verdict {
        Verdict::Clean => ("pass", "clean", vec![]),
        Verdict::Pending => ("fail", "pending", vec!["pending_scan"]),
        Verdict::Suspicious => ("fail", "suspicious", vec!["scan.suspicious"]),
        Verdict::Malicious => ("blocked", "malicious", vec!["scan.malicious"]),
    }
}

pub(super) fn verdict(
    slug: &str,
    owner: Option<&str>,
    version: &str,
    found: Option<(&Skill, &Release)>,
    base: &str,
) -> Value {
    let mut item = json!({ "requestedSlug": slug, "requestedVersion": version });
    if let Some(owner) = owner {
        item["requestedOwnerHandle"] = json!(owner);
    }
    let further = match found {
        None => json!({
            "ok": false, "decision": "fail", "reasons": ["skill.not_found"],
            "slug": null, "version": null, "publisherHandle": null, "security": null,
            "error": { "code": "skill_not_found", "message": "Skill not found" },
        }),
        Some((skill, release)) => {
            let (decision, status, reasons) = judged(release.verdict);
            let page = format!("{base}/{}/skills/{slug}", skill.owner);
            json!({
                "ok": decision == "pass", "decision": decision, "reasons": reasons,
                "slug": slug, "version": version, "displayName": slug,
                "publisherHandle": skill.owner, "createdAt": release.created_at,
                "checkedAt": release.created_at,
                "overview": format!("The stand-in calls this version {status}."),
                "skillUrl": page, "securityAuditUrl": format!("{page}/security-audit?version={version}"),
                "security": { "status": status, "passed": decision == "pass" },
            })
        }
    };
    for (key, value) in further.as_object().expect("an object was just built") {
        item[key] = value.clone();
    }
    item
}

/// `/verify`, which OpenClaw keeps in its lock file after an install.
pub(super) fn verification(skill: &Skill, release: &Release, request: &Request) -> Value {
    let (decision, status, reasons) = judged(release.verdict);
    let asked = request.param("version").is_some();
    json!({
        "schema": "clawhub.skill.verify.v1",
        "ok": decision == "pass",
        "decision": if decision == "pass" { "pass" } else { "fail" },
        "reasons": reasons,
        "slug": skill.slug,
        "displayName": skill.slug,
        "pageUrl": format!("{}/{}/skills/{}", request.base(), skill.owner, skill.slug),
        "publisherHandle": skill.owner,
        "publisherDisplayName": skill.owner,
        "publisherProfileUrl": null,
        "version": release.version,
        "resolvedFrom": if asked { "version" } else { "latest" },
        "tag": null,
        "createdAt": release.created_at,
        "card": null,
        "artifact": null,
        "provenance": null,
        "security": { "status": status, "passed": decision == "pass" },
        "signature": null,
    })
}
