//! What is remembered with a snapshot of OpenClaw, besides the tree.

mod collect;
mod files;
mod outside;

use std::collections::BTreeMap;
use std::path::PathBuf;

use exuvia_model::install::{NodeRuntime, PackageManager};
use exuvia_store::{Snapshot, text};
use serde::{Deserialize, Serialize};

use crate::{AgentId, Attestation};
pub(crate) use collect::{Collected, collect, package};
pub use files::KeptFile;
pub(crate) use files::{services, settings_places, split};

/// The form of this document that is written.
const FORM: u32 = 1;

/// What is remembered with a snapshot of OpenClaw. The contents of files in it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// The form of this document.
    form: u32,
    /// The id of the install.
    pub install: String,
    /// Its state directory.
    #[serde(with = "text")]
    pub state_dir: PathBuf,
    /// The agent, for a snapshot of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The package that it ran on; absent where none was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PackageIdentity>,
    /// The definition of the service, with its drop-ins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<KeptFile>,
    /// The config file, where it lies outside of the state directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<KeptFile>,
    /// The ids of the agents that there were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// What belonged to it, lay elsewhere and is not held.
    #[serde(default, with = "text::list", skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<PathBuf>,
    /// What OpenClaw had on record of the agent's workspaces, for a snapshot of one agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Attestation>,
}

impl Context {
    /// That of a snapshot; nothing for one that was not taken by this crate, or by a later form of
    /// it.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        let context: Self = serde_json::from_value(snapshot.context.clone()?).ok()?;
        (context.form <= FORM).then_some(context)
    }
}

/// Which package an install ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageIdentity {
    /// Its name.
    pub name: String,
    /// Its version; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it lay.
    #[serde(with = "text")]
    pub root: PathBuf,
    /// What had put it there.
    pub manager: PackageManager,
    /// The Node that ran it; absent where none was found or it did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeRuntime>,
    /// The database schemas that it writes (`openclaw.schemaVersions` in its package.json).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schema_versions: BTreeMap<String, u32>,
    /// SHA-256 of its package.json, in hexadecimal digits.
    pub manifest_sha256: String,
}
