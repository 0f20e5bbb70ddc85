//! The agents that are configured, and where they work.

use std::path::PathBuf;

use exuvia_host::Host;
use serde_json::Value;

use super::{Config, path};
use crate::{Install, json};

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id, as OpenClaw writes it in paths.
    pub id: String,
    /// Its workspace (`resolveAgentWorkspaceDir` in OpenClaw's `src/agents/agent-scope-config.ts`).
    pub workspace: PathBuf,
    /// Where its database and its own skills lie (`resolveEffectiveAgentDir`).
    pub dir: PathBuf,
}

/// The agent that there is where none is configured.
const IMPLICIT_AGENT: &str = "main";

impl Config {
    /// Every configured agent, the owner of the default workspace first.
    pub fn agents(&self, host: &dyn Host, install: &Install) -> Vec<Agent> {
        let roster = self.roster();
        let owner = self.workspace_owner(&roster);
        let mut agents: Vec<Agent> = Vec::new();
        for (id, entry) in &roster {
            if agents.iter().all(|agent| agent.id != *id) {
                let owns = owner.as_ref() == Some(id);
                agents.push(self.agent(host, install, id, entry, owns));
            }
        }
        agents.sort_by_key(|agent| owner.as_ref() != Some(&agent.id));
        agents
    }

    /// `agents.entries`, else `agents.list`, else the implicit agent (`agent-roster.ts`). That one
    /// is there with an empty list as well, seen in 2026.9.5: its workspace must not go unseen.
    fn roster(&self) -> Vec<(String, Value)> {
        let configured = self.configured();
        if configured.is_empty() {
            vec![(IMPLICIT_AGENT.to_owned(), Value::Null)]
        } else {
            configured
        }
    }

    fn configured(&self) -> Vec<(String, Value)> {
        match (
            self.get(&["agents", "entries"]),
            self.get(&["agents", "list"]),
        ) {
            (Some(Value::Object(entries)), _) => entries
                .iter()
                .filter(|(_, entry)| entry.is_object())
                .map(|(id, entry)| (normalize(id), entry.clone()))
                .collect(),
            (None, Some(Value::Array(list))) => list
                .iter()
                .filter(|entry| entry.is_object())
                .map(|entry| {
                    (
                        normalize(json::text(entry, "id").unwrap_or_default()),
                        entry.clone(),
                    )
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The agent that the default workspace belongs to: the only one marked so, else the only one.
    fn workspace_owner(&self, roster: &[(String, Value)]) -> Option<String> {
        let only = |found: Vec<&String>| match found.as_slice() {
            [one] => Some((*one).clone()),
            _ => None,
        };
        let explicit =
            self.get(&["agents", "ownership"]).and_then(Value::as_str) == Some("explicit");
        let marked = roster.iter().filter(|(_, entry)| {
            !explicit && entry.get("default").and_then(Value::as_bool) == Some(true)
        });
        only(marked.map(|(id, _)| id).collect())
            .or_else(|| only(roster.iter().map(|(id, _)| id).collect()))
    }

    fn agent(
        &self,
        host: &dyn Host,
        install: &Install,
        id: &str,
        entry: &Value,
        owns_default: bool,
    ) -> Agent {
        let own = |key| json::text(entry, key).and_then(|text| path(host, install, text));
        let shared = self
            .get(&["agents", "defaults"])
            .and_then(|defaults| json::text(defaults, "workspace"))
            .and_then(|text| path(host, install, text));
        let workspace = own("workspace").unwrap_or_else(|| match (owns_default, shared) {
            (true, Some(shared)) => shared,
            (true, None) => install.default_workspace.clone(),
            (false, Some(shared)) => shared.join(id),
            (false, None) => install.state_dir.join(format!("workspace-{id}")),
        });
        let dir = own("agentDir")
            .unwrap_or_else(|| install.state_dir.join("agents").join(id).join("agent"));
        Agent {
            id: id.to_owned(),
            workspace,
            dir,
        }
    }
}

/// An id as it stands in paths (`normalizeAgentId`): lower case, and each run of other characters
/// than letters, digits, `_` and `-` made one `-`.
fn normalize(id: &str) -> String {
    let lower = id.trim().to_lowercase();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let starts = lower.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts && lower.len() <= 64 && lower.chars().all(allowed) {
        return lower;
    }
    let mut text = String::with_capacity(lower.len());
    let mut in_run = false;
    for c in lower.chars() {
        if allowed(c) {
            text.push(c);
        } else if !in_run {
            text.push('-');
        }
        in_run = !allowed(c);
    }
    let text: String = text.trim_matches('-').chars().take(64).collect();
    if text.is_empty() {
        IMPLICIT_AGENT.to_owned()
    } else {
        text
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "agents_tests.rs"]
mod tests;
