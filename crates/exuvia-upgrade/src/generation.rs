//! What can be gone back to.

use std::path::PathBuf;

use exuvia_host::{Home, Host, HostError, Links, read_optional};
use exuvia_model::journal::RunId;
use exuvia_model::upgrade::Kind;
use exuvia_model::vitals::Vitals;
use exuvia_model::{AssetId, Version};
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
    pub version: Version,
    /// The version that took its place.
    pub replaced_by: Version,
    /// The directory that holds its tree.
    pub beside: PathBuf,
    /// The tree.
    pub tree: TreeId,
    /// The state that belongs to it.
    pub snapshot: SnapshotId,
    /// What the install looked like with it.
    pub vitals: Vitals,
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

    /// The one that the last upgrade to this version replaced: where going back leads.
    pub fn before(&self, live: &Version) -> Option<&Generation> {
        let upgrades = self.kept.iter().rev();
        upgrades
            .filter(|kept| kept.kind == Kind::Upgrade)
            .find(|kept| kept.replaced_by == *live)
    }

    fn path(home: &Home, install: &str) -> PathBuf {
        home.install(install).join("generations.json")
    }
}
