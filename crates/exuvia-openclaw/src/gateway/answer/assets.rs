//! `plugins.list`, `skills.status`, `cron.list`, `channels.status`.

use serde_json::{Map, Value};

use super::answer;

answer! {
    /// `plugins.list`: what is installed, and what could be.
    pub struct PluginList {
        /// Every one.
        plugins: Vec<PluginEntry>,
        /// Complaints: `{level, message}`.
        diagnostics: Vec<Value>,
        /// Counts what was applied.
        generation: u64,
    }
}

answer! {
    /// One plugin.
    pub struct PluginEntry {
        /// Its id.
        id: String,
        /// Whether it is installed; the list has official ones that are not.
        installed: bool,
        /// Whether the configuration wants it.
        enabled: bool,
        /// `enabled`, `disabled`, `not-installed`.
        state: String,
        /// Its version.
        version: String,
        /// `bundled`, `official`, `config` …
        origin: String,
        /// Whether it runs.
        runtime: PluginRuntime,
    }
}

answer! {
    /// Whether a plugin runs.
    pub struct PluginRuntime {
        /// `active` or `unloaded`; many enabled ones are loaded only when they are needed.
        state: String,
        /// Why it does not.
        error: String,
    }
}

answer! {
    /// `skills.status`.
    pub struct SkillList {
        /// Whose skills these are.
        agent_id: String,
        /// Every one that the agent sees; of equal names only the winner.
        skills: Vec<SkillEntry>,
    }
}

answer! {
    /// One skill.
    pub struct SkillEntry {
        /// Its name.
        name: String,
        /// `openclaw-workspace`, `openclaw-bundled` …
        source: String,
        /// The directory that it was loaded from.
        base_dir: String,
        /// Whether it came with the package.
        bundled: bool,
        /// Whether it is switched off.
        disabled: bool,
        /// Whether all that it needs is there.
        eligible: bool,
    }
}

answer! {
    /// `cron.list`, one page of it.
    pub struct CronList {
        /// Jobs.
        jobs: Vec<CronJob>,
        /// How many there are in all.
        total: u64,
        /// Whether more follow.
        has_more: bool,
        /// Where they begin.
        next_offset: u64,
    }
}

answer! {
    /// One job.
    pub struct CronJob {
        /// Its id.
        id: String,
        /// What names a job that OpenClaw or a plugin declares; its id may change.
        declaration_key: String,
        /// Its name.
        name: String,
        /// Whose it is.
        agent_id: String,
        /// Whether it runs.
        enabled: bool,
        /// `{kind: "every" | "cron" | "at", …}`.
        schedule: Map<String, Value>,
        /// When it runs next, in milliseconds since 1970.
        next_run_at_ms: u64,
        /// How it ended last.
        last_run_status: String,
        /// Digest of what was configured.
        config_revision: String,
    }
}

answer! {
    /// `channels.status`.
    pub struct ChannelList {
        /// Ids of the channels, in the order of the screen.
        channel_order: Vec<String>,
        /// Each one's state.
        channels: Map<String, Value>,
        /// Accounts by channel.
        channel_accounts: Map<String, Value>,
        /// Complaints.
        status_issues: Vec<Value>,
    }
}
