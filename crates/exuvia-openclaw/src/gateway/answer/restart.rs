//! `gateway.restart.preflight` and `gateway.restart.request`.

use serde_json::{Map, Value};

use super::answer;
use super::suspension::Blocker;

answer! {
    /// What a restart would interrupt.
    pub struct RestartReadiness {
        /// Whether nothing would be lost.
        safe: bool,
        /// Work by kind, and `totalActive`.
        counts: Map<String, Value>,
        /// What is under way.
        blockers: Vec<Blocker>,
        /// The same in words.
        summary: String,
    }
}

answer! {
    /// What became of a request to restart.
    pub struct RestartAnswer {
        /// `scheduled`, `deferred` or `coalesced`; with a target `delivered` or so.
        status: String,
        /// What it would have interrupted.
        preflight: RestartReadiness,
        /// How it restarts: `{pid, signal, delayMs, coalesced, …}`.
        restart: Map<String, Value>,
    }
}

impl RestartReadiness {
    /// How much work is under way.
    pub fn active(&self) -> Option<u64> {
        self.counts.as_ref()?.get("totalActive")?.as_u64()
    }
}
