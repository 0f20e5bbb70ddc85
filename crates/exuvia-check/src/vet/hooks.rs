//! Code that runs because something is installed.

use std::sync::LazyLock;

use exuvia_model::Finding;
use exuvia_model::vetting::FindingKind;
use regex::Regex;

use super::File;
use super::before::Before;
use super::manifest::{ManifestFacts, compare_at};
use super::role::split;
use crate::pattern::pattern;

/// Largest package.json that is parsed, in bytes.
const MANIFEST_MAX: usize = super::LOOK_MAX;

/// The hooks that a file brings: npm's, node-gyp's, and the installers in a skill's metadata.
pub(super) fn look(file: &File<'_>, before: &Before<'_>) -> Vec<Finding> {
    let (_, name) = split(file.path);
    match name.to_ascii_lowercase().as_str() {
        _ if file.path.split('/').any(|part| part == "node_modules") => Vec::new(),
        "package.json" => {
            let old = before.file(file.path).map(facts).unwrap_or_default();
            compare_at(file.path, &old, &facts(file))
        }
        "binding.gyp" => vec![gyp(file)],
        "skill.md" => installers(file, before),
        _ => Vec::new(),
    }
}

fn facts(file: &File<'_>) -> ManifestFacts {
    file.content
        .filter(|content| content.len() <= MANIFEST_MAX)
        .and_then(|content| serde_json::from_slice(content).ok())
        .map(|json| ManifestFacts::from_package_json(&json))
        .unwrap_or_default()
}

/// npm runs `node-gyp rebuild` where this file lies and no install script is given.
fn gyp(file: &File<'_>) -> Finding {
    Finding::new(
        FindingKind::InstallHook,
        "node-gyp rebuild",
        file.path,
        None,
        "npm compiles what this file describes when the package is installed",
    )
}

/// `metadata.openclaw.install` of a skill: what OpenClaw offers to install for it
/// (OpenClaw's `docs/tools/skills.md`).
fn installers(file: &File<'_>, before: &Before<'_>) -> Vec<Finding> {
    let Some(text) = file.content.and_then(super::decode::decode) else {
        return Vec::new();
    };
    let old = before.lines(file.path);
    let Some(rest) = text.strip_prefix("---") else {
        return Vec::new();
    };
    let end = rest.find("\n---").map_or(rest.len(), |end| end + 3);
    let head = text.get(..end).unwrap_or(&text);
    head.lines()
        .enumerate()
        .filter(|(_, line)| !old.contains(line.trim()))
        .filter_map(|(number, line)| {
            let found = INSTALLER.captures(line)?;
            let what = found.get(1)?.as_str();
            let number = u32::try_from(number + 1).ok();
            Some(Finding::new(
                FindingKind::InstallHook,
                what,
                file.path,
                number,
                line,
            ))
        })
        .collect()
}

/// What the entry installs, whatever the installer.
static INSTALLER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"["']?\b(?:formula|package|module|url)["']?\s*:\s*["']?([^"',{}\s]+)"#)
});
