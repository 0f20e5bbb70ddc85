//! `HEAD` and the commit it stands for.

use std::path::Path;

use exuvia_host::{Host, Links, read_optional};

use super::small;
use crate::label::shown_path;

/// Largest `packed-refs` that is read.
const MAX_PACKED: u64 = 16 * 1024 * 1024;

/// What is checked out.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) branch: Option<String>,
    pub(super) commit: Option<String>,
}

pub(super) fn head(host: &dyn Host, git_dir: &Path, common: &Path) -> Result<Head, String> {
    let path = git_dir.join("HEAD");
    let text = small(host, &path)?;
    let text = text.trim();
    let Some(name) = text.strip_prefix("ref:").map(str::trim) else {
        let commit =
            commit(text).ok_or_else(|| format!("{} names no commit", shown_path(&path)))?;
        return Ok(Head {
            branch: None,
            commit: Some(commit),
        });
    };
    if !is_ref(name) {
        return Err(format!(
            "{} names what cannot be a branch",
            shown_path(&path)
        ));
    }
    let branch = name.strip_prefix("refs/heads/").map(str::to_owned);
    let loose = small(host, &git_dir.join(name)).or_else(|_| small(host, &common.join(name)));
    let resolved = match loose.ok().and_then(|text| commit(text.trim())) {
        Some(commit) => Some(commit),
        None => packed(host, common, name)?,
    };
    Ok(Head {
        branch,
        commit: resolved,
    })
}

fn packed(host: &dyn Host, common: &Path, name: &str) -> Result<Option<String>, String> {
    let bytes = read_optional(host, &common.join("packed-refs"), MAX_PACKED, Links::Refuse)
        .map_err(|error| error.to_string())?
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let found = text.lines().find_map(|line| {
        let (value, of) = line.split_once(' ')?;
        (of.trim() == name).then(|| commit(value)).flatten()
    });
    Ok(found)
}

/// A name that stays inside the repository (git-check-ref-format).
fn is_ref(name: &str) -> bool {
    name.starts_with("refs/")
        && name.len() < 1024
        && !name.contains("..")
        && !name.contains("//")
        && !name
            .chars()
            .any(|c| c.is_control() || " ~^:?*[\\".contains(c))
}

fn commit(text: &str) -> Option<String> {
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    (hex && matches!(text.len(), 40 | 64)).then(|| text.to_ascii_lowercase())
}
