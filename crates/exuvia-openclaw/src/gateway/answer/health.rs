//! `health`, `status`, `system.info`, `config.get`.

use serde_json::{Map, Value};

use super::answer;

answer! {
    /// `health`. A gateway whose package was removed under it still says `ok`.
    pub struct Health {
        /// Its own opinion.
        ok: bool,
        /// When the snapshot was taken, in milliseconds since 1970.
        ts: u64,
        /// Plugins that it loaded, and that it could not load.
        plugins: LoadedPlugins,
        /// Channels by id.
        channels: Map<String, Value>,
        /// Every agent.
        agents: Vec<Value>,
    }
}

answer! {
    /// Plugins, as `health` has them.
    pub struct LoadedPlugins {
        /// Ids of those that run.
        loaded: Vec<String>,
        /// Those that failed.
        errors: Vec<Value>,
        /// Those that are configured and cannot be had: `{id, state, diagnostic}`.
        unavailable: Vec<Value>,
    }
}

answer! {
    /// `status`.
    pub struct Status {
        /// The version of the running process.
        runtime_version: String,
        /// Plugins that are configured and do not work.
        degraded_plugins: Vec<Value>,
        /// Owners of secrets that could not be resolved.
        degraded_secret_owners: Vec<Value>,
        /// What the migration at the start complained of.
        startup_migration_warning: String,
        /// The task ledger: `{total, active, byStatus, …}`.
        tasks: Map<String, Value>,
        /// Sessions in short: `{count, paths, recent, …}`.
        sessions: Map<String, Value>,
    }
}

answer! {
    /// `system.info`: the process that answers.
    pub struct Process {
        /// Its pid; kept when the gateway restarts within itself.
        pid: u32,
        /// Names the process.
        process_instance_id: String,
        /// The port that it listens on.
        port: u16,
        /// The Node that runs it.
        node_version: String,
        /// How long the process has lived, in milliseconds.
        uptime_ms: u64,
        /// Memory: `{rssBytes, heapUsedBytes, …}`.
        process_memory: Map<String, Value>,
    }
}

answer! {
    /// `config.get`, of which only what names the state is taken; the configuration itself is in
    /// `rest`, with its secrets struck out by the gateway.
    pub struct ConfigState {
        /// Whether there is a config file.
        exists: bool,
        /// Whether OpenClaw takes it.
        valid: bool,
        /// What is wrong with it.
        issues: Vec<Value>,
        /// Digest of what was written: the file and what it includes. Keyed, so it says nothing
        /// beyond one install.
        hash: String,
        /// Digest of what it comes to.
        config_revision_hash: String,
        /// The same of what the running gateway took; another one means that a restart is due.
        applied_config_hash: String,
    }
}

impl Process {
    /// Resident memory in bytes.
    pub fn rss_bytes(&self) -> Option<u64> {
        self.process_memory.as_ref()?.get("rssBytes")?.as_u64()
    }
}
