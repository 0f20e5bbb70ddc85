//! What a release of the miniature is and does: a file of its package, read by the program.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Flaw;

/// `user_version` of both kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schemas {
    /// Of `state/openclaw.sqlite`.
    pub state: i64,
    /// Of `agents/<id>/agent/openclaw-agent.sqlite`.
    pub agent: i64,
}

impl Schemas {
    /// Those of the real release of this version, as the registry has them; of versions after
    /// 2026.9.6 those of that.
    pub fn of(version: &str) -> Self {
        let (state, agent) = match version {
            "2026.9.4" => (17, 19),
            "2026.9.5" => (17, 21),
            _ => (18, 23),
        };
        Self { state, agent }
    }
}

/// A release, as its package tells the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) version: String,
    pub(crate) schemas: Schemas,
    pub(crate) flaws: Vec<Flaw>,
}

impl Plan {
    /// Where it lies in the package.
    pub(crate) const FILE: &str = "dist/standin.json";

    /// The plan of this package tree; none where it is no miniature.
    pub(crate) fn of(package: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(package.join(Self::FILE)).ok()?;
        Some(serde_json::from_str(&text).expect("a plan in a package of ours"))
    }

    pub(crate) fn has(&self, flaw: &Flaw) -> bool {
        self.flaws.contains(flaw)
    }

    /// The first thing that one of the flaws says.
    pub(crate) fn find<'a, T: 'a>(&'a self, pick: impl Fn(&'a Flaw) -> Option<T>) -> Option<T> {
        self.flaws.iter().find_map(pick)
    }
}
