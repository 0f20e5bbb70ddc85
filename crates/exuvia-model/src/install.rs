//! What an install is, as the documents tell it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One OpenClaw install: where it is and what it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallSummary {
    /// Stable for as long as the state directory stays where it is: a digest of its real path.
    pub id: String,
    /// The state directory, such as `~/.openclaw`, as a real path.
    pub state_dir: String,
    /// The config file that is in force.
    pub config_path: String,
    /// The package tree, when one was found.
    pub package_root: Option<String>,
    /// What put the package there.
    pub package_manager: PackageManager,
    /// Whether this process may replace the package tree.
    pub package_writable: bool,
    /// The OpenClaw profile, when one is in force.
    pub profile: Option<String>,
    /// The Node that runs this OpenClaw.
    pub node: Option<NodeRuntime>,
    /// Database schema versions that the installed package writes: `state` and `agent`
    /// (`openclaw.schemaVersions` in its package.json).
    pub schema_versions: BTreeMap<String, u32>,
    /// The databases found, with what they really are at.
    pub databases: Vec<Database>,
}

/// What put a package where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PackageManager {
    /// `npm i -g`.
    Npm,
    /// `pnpm add -g`.
    Pnpm,
    /// `bun add -g`.
    Bun,
    /// A checkout of the source.
    Git,
    /// None of these could be recognised.
    Unknown,
}

/// A Node.js binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeRuntime {
    /// Where it is.
    pub path: String,
    /// What it said it is, without the `v`.
    pub version: String,
}

/// One of OpenClaw's databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Database {
    /// `state`, or `agent`.
    pub role: String,
    /// The agent's id, for an agent's database.
    pub agent: Option<String>,
    /// Where it is.
    pub path: String,
    /// `PRAGMA user_version`, write-ahead log included; absent when it could not be read.
    pub user_version: Option<u32>,
    /// Whether the installed package says that it writes this schema version.
    pub known_schema: bool,
}
