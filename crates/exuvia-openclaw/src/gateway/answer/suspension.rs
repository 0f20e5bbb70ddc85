//! `gateway.suspend.*`.

use super::answer;

answer! {
    /// Whether the gateway stands still.
    pub struct SuspensionState {
        /// `ready` (it does), `draining` (it will), `busy` (it will not), `running` (it does not).
        status: String,
        /// Why it is busy: `active-work`, `gateway-draining`.
        reason: String,
        /// What the lease is renewed and ended by.
        suspension_id: String,
        /// When the lease ends by itself, in milliseconds since 1970: two minutes after the last
        /// request for it.
        expires_at_ms: u64,
        /// How much work is under way.
        active_count: u64,
        /// What is.
        blockers: Vec<Blocker>,
        /// When to ask again, in milliseconds.
        retry_after_ms: u64,
    }
}

answer! {
    /// Work that is under way.
    pub struct Blocker {
        /// `queue`, `embedded-run`, `chat-run`, `task`, `root-request`, `session-admission` …
        kind: String,
        /// How many of these.
        count: u64,
        /// In words.
        message: String,
    }
}

answer! {
    /// `gateway.suspend.resume`.
    pub struct Resumed {
        /// Whether it went on because of us; `false` when it ran already.
        resumed: bool,
    }
}
