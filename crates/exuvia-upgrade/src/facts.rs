//! What a transaction found out on its way, for whoever carries it on.

use std::path::{Path, PathBuf};

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use exuvia_model::journal::RunId;
use exuvia_model::vitals::Vitals;
use exuvia_store::SnapshotId;
use serde::{Deserialize, Serialize};

use crate::core::{Rehearsed, Rewritten};
use crate::extension::ExtensionFacts;
use crate::skill::SkillFacts;
use crate::tree::TreeId;

/// Largest file that is read: thousands of sessions.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What a transaction found out. It lies in `$EXUVIA_HOME/runs/<run>/facts.json`, and each part is
/// durable before what depends on it is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// What the install looked like before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Vitals>,
    /// The tree that was live before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_tree: Option<TreeId>,
    /// The tree that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_tree: Option<TreeId>,
    /// What the rehearsal found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Rehearsed>,
    /// The rollback point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<SnapshotId>,
    /// The state that belongs to the new tree, of a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<SnapshotId>,
    /// What the install looked like with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Vitals>,
    /// What became of the user's configuration, where the new version rewrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Rewritten>,
    /// What was found out of a skill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<SkillFacts>,
    /// What was found out of a plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<ExtensionFacts>,
    /// What was there when the way back began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<SnapshotId>,
}

impl Facts {
    /// The directory of a run.
    pub fn dir(home: &Home, run: &RunId) -> PathBuf {
        home.root().join("runs").join(run.as_str())
    }

    /// Those of a run; none where it has found out nothing yet.
    pub fn read(host: &dyn Host, dir: &Path) -> Result<Self, HostError> {
        let path = dir.join("facts.json");
        let Some(bytes) = read_optional(host, &path, MAX_BYTES, Links::Refuse)? else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&bytes).map_err(|error| HostError::new("read", &path, error.into()))
    }

    /// Keeps them, durably.
    pub fn write(&self, host: &dyn Host, dir: &Path) -> Result<(), HostError> {
        let path = dir.join("facts.json");
        let json = serde_json::to_vec_pretty(self)
            .map_err(|error| HostError::new("write", &path, error.into()))?;
        host.create_private_dir(dir)?;
        host.write_atomic(&path, &json, 0o600)
    }
}
