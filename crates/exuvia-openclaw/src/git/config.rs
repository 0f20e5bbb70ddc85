//! A repository's configuration, of which only remotes and branches are looked at.

use std::collections::BTreeMap;
use std::path::Path;

use exuvia_host::Host;

use super::small;

/// `(section, subsection, key)` to its last value.
#[derive(Debug, Default)]
pub(super) struct GitConfig(BTreeMap<(String, String, String), String>);

/// Where a branch comes from.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    pub(super) url: Option<String>,
    pub(super) branch: Option<String>,
}

pub(super) fn read(host: &dyn Host, path: &Path) -> Result<GitConfig, String> {
    small(host, path).map(|text| GitConfig::parse(&text))
}

impl GitConfig {
    /// Git's own syntax, without includes: a file somewhere else is none of the repository's.
    fn parse(text: &str) -> Self {
        let mut config = Self::default();
        let (mut section, mut subsection) = (String::new(), String::new());
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix('[') {
                let head = rest.split_once(']').map_or(rest, |(head, _)| head);
                (section, subsection) = heading(head);
            } else if !line.starts_with(['#', ';'])
                && let Some((key, value)) = line.split_once('=')
            {
                let key = key.trim().to_ascii_lowercase();
                let place = (section.clone(), subsection.clone(), key);
                config.0.insert(place, unquote(value.trim()));
            }
        }
        config
    }

    fn get(&self, section: &str, subsection: &str, key: &str) -> Option<&String> {
        let place = (section.to_owned(), subsection.to_owned(), key.to_owned());
        self.0.get(&place)
    }

    /// The remote of a branch: the one it is set to follow, else `origin`, else the only one.
    pub(super) fn upstream(&self, branch: Option<&str>) -> Upstream {
        let branch = branch.unwrap_or_default();
        let remotes: Vec<&String> = self
            .0
            .keys()
            .filter(|(section, _, key)| section == "remote" && key == "url")
            .map(|(_, remote, _)| remote)
            .collect();
        let only = || match remotes.as_slice() {
            [one] => Some((*one).clone()),
            _ => None,
        };
        let remote = self
            .get("branch", branch, "remote")
            .cloned()
            .or_else(|| {
                remotes
                    .iter()
                    .any(|remote| *remote == "origin")
                    .then(|| "origin".into())
            })
            .or_else(only);
        let merge = self.get("branch", branch, "merge");
        Upstream {
            url: remote.and_then(|remote| self.get("remote", &remote, "url").cloned()),
            branch: merge
                .and_then(|merge| merge.strip_prefix("refs/heads/"))
                .filter(|branch| !branch.is_empty())
                .map(str::to_owned),
        }
    }
}

/// `remote "origin"` in its two parts.
fn heading(head: &str) -> (String, String) {
    match head.split_once('"') {
        Some((section, rest)) => {
            let subsection = rest.trim_end().trim_end_matches('"').replace("\\\"", "\"");
            (
                section.trim().to_ascii_lowercase(),
                subsection.replace("\\\\", "\\"),
            )
        }
        None => (head.trim().to_ascii_lowercase(), String::new()),
    }
}

fn unquote(value: &str) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    inner
        .unwrap_or(value)
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}
