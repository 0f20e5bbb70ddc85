//! What a snapshot is of.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use exuvia_store::{Excludes, Snapshot};
use serde::{Deserialize, Serialize};

use crate::Context;

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole state directory.
    Install,
    /// One agent, and its workspace.
    Agent(AgentId),
}

impl Scope {
    /// The word for it, without the agent.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Agent(_) => "agent",
        }
    }

    /// What a snapshot says that it is of; nothing for one that is of something else.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        match snapshot.scope.as_str() {
            "install" => Some(Self::Install),
            "agent" => Context::of(snapshot)?.agent.map(Self::Agent),
            _ => None,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Install => f.write_str("install"),
            Self::Agent(agent) => write!(f, "agent {agent}"),
        }
    }
}

/// The id of an agent as OpenClaw writes it in paths (`normalizeAgentId`): 1 to 64 lower-case
/// letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

/// The text is no id of an agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be the id of an agent: it takes 1 to 64 lower-case letters, digits, \"_\" and \
     \"-\"; `openclaw agents list` shows them"
)]
pub struct NotAnAgentId(String);

impl AgentId {
    /// Checks an id.
    pub fn new(text: &str) -> Result<Self, NotAnAgentId> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if !text.is_empty() && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnAgentId(text.chars().take(80).collect()))
        }
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AgentId {
    type Error = NotAnAgentId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<AgentId> for String {
    fn from(id: AgentId) -> Self {
        id.0
    }
}

/// Patterns that leave out everything but these paths of a tree; nothing where one of them cannot
/// be written as a pattern.
pub(crate) fn nothing_but(paths: &BTreeSet<PathBuf>) -> Option<Vec<String>> {
    let outermost: Vec<&PathBuf> = paths
        .iter()
        .filter(|path| path.ancestors().skip(1).all(|above| !paths.contains(above)))
        .collect();
    let above: BTreeSet<(usize, &Path)> = outermost
        .iter()
        .flat_map(|path| path.ancestors().skip(1))
        .map(|above| (above.components().count(), above))
        .filter(|(depth, _)| *depth > 0)
        .collect();
    // A directory must be taken in before anything in it can be, so those above come first.
    let mut patterns = vec!["/*".to_owned()];
    for (_, directory) in above {
        let name = literal(directory)?;
        patterns.push(format!("!/{name}/"));
        patterns.push(format!("/{name}/*"));
    }
    for path in outermost {
        patterns.push(format!("!/{}", literal(path)?));
    }
    Some(patterns)
}

/// A path below the root, as a pattern.
fn literal(path: &Path) -> Option<String> {
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| Excludes::literal(path)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_ids_are_no_ids() {
        for good in ["main", "a", "_x-1", &"a".repeat(64)] {
            assert!(AgentId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "..",
            "../x",
            "a/b",
            "*",
            "[a]",
            "{a,b}",
            "!main",
            "Main",
            "a b",
            "a\n",
            "ä",
            "a\u{202e}",
            &"a".repeat(65),
        ] {
            assert!(AgentId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn patterns_open_the_way_to_what_is_kept_and_close_all_else() {
        let paths = [
            "agents/main",
            "agents/main/agent",
            "workspace",
            "deep/er/[x]",
        ];
        let paths = paths.iter().map(PathBuf::from).collect();
        let expected = [
            "/*",
            "!/agents/",
            "/agents/*",
            "!/deep/",
            "/deep/*",
            "!/deep/er/",
            "/deep/er/*",
            "!/agents/main",
            "!/deep/er/\\[x\\]",
            "!/workspace",
        ];
        assert_eq!(nothing_but(&paths).unwrap(), expected);
        let out = BTreeSet::from([PathBuf::from("../x")]);
        assert_eq!(nothing_but(&out), None);
    }
}
