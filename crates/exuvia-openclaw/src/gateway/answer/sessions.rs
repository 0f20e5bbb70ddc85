//! `sessions.list`.

use super::answer;

answer! {
    /// One page of sessions.
    pub struct SessionList {
        /// Sessions.
        sessions: Vec<SessionEntry>,
        /// How many are on this page.
        count: u64,
        /// How many there are in all.
        total_count: u64,
        /// Whether more follow.
        has_more: bool,
        /// Where they begin.
        next_offset: u64,
    }
}

answer! {
    /// One session.
    pub struct SessionEntry {
        /// Its key: `agent:<agent>:<name>`.
        key: String,
        /// The id of its present transcript.
        session_id: String,
        /// Whose it is.
        agent_id: String,
        /// When anything of it changed, in milliseconds since 1970.
        updated_at: u64,
        /// Whether it was put away.
        archived: bool,
        /// Whether a turn is running.
        has_active_run: bool,
        /// How the last turn ended: `done`, `failed` …
        status: String,
        /// Why it failed.
        last_run_error: String,
    }
}
