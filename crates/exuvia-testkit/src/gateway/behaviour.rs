//! What a stand-in does and does not do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A script. The program reads it from [`Behaviour::FILE`] in its state directory each time that it
/// matters, so a test may change it while the gateway runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Behaviour {
    /// The version where no package tree says another.
    pub version: String,
    /// The protocol version that is spoken.
    pub protocol: u64,
    /// The token that must be shown; with none, everybody may come in.
    pub token: Option<String>,
    /// How long after the start nothing listens.
    pub listens_after_ms: u64,
    /// How long after that `/readyz` says `startup-sidecars` and nobody is let in.
    pub ready_after_ms: u64,
    /// When it dies by itself, counted from the start, without clearing up behind it.
    pub dies_after_ms: Option<u64>,
    /// The exit code of that death.
    pub dies_with: i32,
    /// What `/readyz` complains of.
    pub failing: Vec<String>,
    /// What answers on the port.
    pub speaks: Speaks,
    /// Methods that are never answered.
    pub silent: Vec<String>,
    /// Methods that are refused, with the error: `{code, message, retryable, details}`.
    pub refuses: BTreeMap<String, Value>,
    /// Methods that get another answer.
    pub answers: BTreeMap<String, Value>,
    /// Work that is under way: `{kind, count, message}`.
    pub work: Vec<Value>,
    /// How long a turn takes.
    pub turn_ms: u64,
    /// What an agent says at the end of a turn.
    pub reply: String,
    /// What a restart does, asked for by signal or by request.
    pub restart: Restart,
    /// How long a clean stop takes.
    pub stop_ms: u64,
    /// Whether SIGTERM is not heeded.
    pub ignores_term: bool,
    /// Whether the configuration is bad: `gateway run` exits with 78. A config file that is no JSON
    /// is bad in any case.
    pub bad_config: bool,
    /// Commands that come to no end as long as they are named here: `plugins doctor`, and
    /// `doctor --fix` once it has migrated.
    pub hanging: Vec<String>,
    /// What `plugins doctor` complains of.
    pub plugin_problems: Vec<String>,
    /// Plugins: `{id, version, …}`.
    pub plugins: Option<Vec<Value>>,
    /// Skills.
    pub skills: Option<Vec<Value>>,
    /// Cron jobs.
    pub cron: Option<Vec<Value>>,
    /// Further sessions, by key.
    pub sessions: Vec<String>,
}

/// What answers on the port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// The gateway.
    #[default]
    Gateway,
    /// Another program: a web page with 200 to everything, and no WebSocket.
    WebPage,
    /// Nobody: connections are taken, and nothing is ever answered.
    Nothing,
}

/// What a restart does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// What the real one does: with `OPENCLAW_SUPERVISOR_MODE=external` it leaves a handoff and
    /// ends, else it begins anew within the process.
    #[default]
    Real,
    /// It says yes, and goes on as if nothing had been said.
    Ignored,
}

impl Behaviour {
    /// The script's name in the state directory.
    pub const FILE: &str = "standin.json";
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            version: "2026.9.5".to_owned(),
            protocol: 4,
            token: None,
            listens_after_ms: 0,
            ready_after_ms: 0,
            dies_after_ms: None,
            dies_with: 1,
            failing: Vec::new(),
            speaks: Speaks::default(),
            silent: Vec::new(),
            refuses: BTreeMap::new(),
            answers: BTreeMap::new(),
            work: Vec::new(),
            turn_ms: 0,
            reply: "ok".to_owned(),
            restart: Restart::default(),
            stop_ms: 0,
            ignores_term: false,
            bad_config: false,
            hanging: Vec::new(),
            plugin_problems: Vec::new(),
            plugins: None,
            skills: None,
            cron: None,
            sessions: Vec::new(),
        }
    }
}
