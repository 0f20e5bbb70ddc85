//! `agent` and `agent.wait`.

use super::answer;

answer! {
    /// A turn was taken on.
    pub struct TurnBegun {
        /// What it is waited for by; the idempotency key that it was asked with.
        run_id: String,
        /// `accepted`; `ok` when the same turn had ended already, `in_flight` while it runs.
        status: String,
    }
}

answer! {
    /// How a turn ended, or that it has not.
    pub struct TurnEnd {
        /// `ok`, `error`, or `timeout` while it has not ended.
        status: String,
        /// Why it failed.
        error: String,
        /// Why the model stopped.
        stop_reason: String,
        /// What it said at last.
        terminal_reply: Reply,
    }
}

answer! {
    /// What a turn said at last.
    pub struct Reply {
        /// `visible`, or why there is nothing to see.
        disposition: String,
        /// The text.
        text: String,
    }
}

impl TurnEnd {
    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.status
            .as_deref()
            .is_some_and(|status| status != "timeout")
    }

    /// Whether it ended well.
    pub fn is_ok(&self) -> bool {
        self.status.as_deref() == Some("ok")
    }

    /// What it said at last.
    pub fn text(&self) -> Option<&str> {
        self.terminal_reply.as_ref()?.text.as_deref()
    }
}
