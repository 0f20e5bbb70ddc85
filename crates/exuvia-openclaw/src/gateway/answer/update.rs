//! `update.status`.

use serde_json::{Map, Value};

use super::answer;

answer! {
    /// Where OpenClaw's own updater stands.
    pub struct UpdateStatus {
        /// Its restart sentinel; `null` when there is none, which is not the same as unknown.
        sentinel: Value,
        /// A newer version that it knows of, or `null`.
        update_available: Value,
        /// The channel in force.
        effective_channel: String,
        /// Whether it updates by itself: `{channel, autoEnabled, …}`.
        schedule: Map<String, Value>,
        /// An update of its own that is under way.
        active_run: Map<String, Value>,
        /// The last one that ended.
        last_run: Map<String, Value>,
    }
}

answer! {
    /// A newer version (`updateAvailable`).
    pub struct AvailableUpdate {
        /// The one that runs.
        current_version: String,
        /// The newer one.
        latest_version: String,
        /// The channel that has it.
        channel: String,
    }
}

impl UpdateStatus {
    /// The newer version that it knows of, if it said so.
    pub fn newer(&self) -> Option<AvailableUpdate> {
        serde_json::from_value(self.update_available.clone()?).ok()
    }

    /// Whether an update of OpenClaw's own is under way.
    pub fn is_updating(&self) -> bool {
        self.active_run.is_some()
    }
}
