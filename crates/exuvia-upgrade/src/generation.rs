//! What can be gone back to.

use std::path::PathBuf;

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use exuvia_model::journal::RunId;
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::Vitals;
use exuvia_model::{AssetId, Revision};
use exuvia_openclaw::plugin::RecordText;
use exuvia_openclaw::skill::LockEntry;
use exuvia_store::SnapshotId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::tree::TreeId;

const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A package tree that was replaced, and the state that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// The run that replaced it.
    pub run: RunId,
    /// When.
    pub at: Timestamp,
    /// Which way that run went.
    pub kind: Kind,
    /// What it is of.
    pub asset: AssetId,
    /// Its version.
    pub version: Revision,
    /// The version that took its place.
    pub replaced_by: Revision,
    /// The directory that holds its tree.
    pub beside: PathBuf,
    /// The tree.
    pub tree: TreeId,
    /// The state that belongs to it, where it goes with a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotId>,
    /// What the install looked like with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vitals: Option<Vitals>,
    /// What belongs to a skill besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<KeptSkill>,
    /// What belongs to a plugin besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<KeptExtension>,
}

/// What belongs to a plugin that was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptExtension {
    /// What people call it.
    pub name: String,
    /// What OpenClaw calls it.
    pub id: String,
    /// The npm package.
    pub package: String,
    /// The directory that it was live in.
    pub project: PathBuf,
    /// What OpenClaw's index said of it.
    pub record: RecordText,
}

/// What belongs to a skill that was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptSkill {
    /// What people call it.
    pub name: String,
    /// Where it was live.
    pub live: PathBuf,
    /// What the lock file said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockEntry>,
}

/// The generations of one install, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generations {
    /// Version of this shape: 1.
    #[serde(default)]
    pub version: u32,
    /// Each that is kept.
    #[serde(default)]
    pub kept: Vec<Generation>,
}

impl Generations {
    /// Reads them. What cannot be read is an error: it is the way back.
    pub fn read(host: &dyn Host, home: &Home, install: &str) -> Result<Self, HostError> {
        let path = Self::path(home, install);
        let Some(bytes) = read_optional(host, &path, MAX_BYTES, Links::Refuse)? else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&bytes).map_err(|error| HostError::new("read", &path, error.into()))
    }

    /// Keeps them, durably.
    pub fn write(&self, host: &dyn Host, home: &Home, install: &str) -> Result<(), HostError> {
        let path = Self::path(home, install);
        let json = serde_json::to_vec_pretty(self)
            .map_err(|error| HostError::new("write", &path, error.into()))?;
        host.create_private_dir(&home.install(install))?;
        host.write_atomic(&path, &json, 0o600)
    }

    /// Adds what a run replaced, in place of what lay in the same directory; the same run twice is
    /// once.
    pub fn add(&mut self, generation: Generation) {
        self.version = 1;
        self.kept
            .retain(|kept| kept.run != generation.run && kept.beside != generation.beside);
        self.kept.push(generation);
    }

    /// The one that this run replaced.
    pub fn of_run(&self, run: &RunId) -> Option<&Generation> {
        self.kept.iter().find(|kept| kept.run == *run)
    }

    /// The one that the last upgrade replaced of those that are still in force: where going back
    /// leads. `live` tells the version that an asset is at.
    pub fn before(
        &self,
        mut live: impl FnMut(&Generation) -> Option<Revision>,
    ) -> Option<&Generation> {
        let upgrades = self.kept.iter().rev();
        upgrades
            .filter(|kept| kept.kind == Kind::Upgrade)
            .find(|kept| live(kept).as_ref() == Some(&kept.replaced_by))
    }

    /// Forgets what was gone back to: it is live.
    pub fn forget(&mut self, run: &RunId) {
        self.kept.retain(|kept| kept.run != *run);
    }

    fn path(home: &Home, install: &str) -> PathBuf {
        home.install(install).join("generations.json")
    }
}
