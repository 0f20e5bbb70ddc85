//! `chat.history`.

use serde_json::{Map, Value};

use super::answer;

answer! {
    /// One page of a transcript, the newest messages at its end.
    pub struct History {
        /// The id of the transcript.
        session_id: String,
        /// Messages, oldest first.
        messages: Vec<HistoryMessage>,
        /// Whether older ones are there.
        has_more: bool,
        /// How many there are in all.
        total_messages: u64,
        /// The session in short: `{hasActiveRun, …}`.
        session_info: Map<String, Value>,
    }
}

answer! {
    /// One message.
    pub struct HistoryMessage {
        /// `user`, `assistant`, `toolResult` …
        role: String,
        /// Text, or a list of `{type: "text", text}` and other blocks.
        content: Value,
        /// When it was written, in milliseconds since 1970.
        timestamp: u64,
        /// What kept it from being written twice; the gateway adds `:user` to that of a turn.
        idempotency_key: String,
        /// The gateway's own notes: `{id, seq, runId, …}`.
        #[serde(rename = "__openclaw")]
        record: Map<String, Value>,
    }
}

impl HistoryMessage {
    /// The text of all its text blocks.
    pub fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(blocks)) => {
                let texts = blocks
                    .iter()
                    .filter_map(|block| block.get("text")?.as_str());
                texts.collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }

    /// Its id in the transcript.
    pub fn id(&self) -> Option<&str> {
        self.record.as_ref()?.get("id")?.as_str()
    }
}
