//! The frames of the gateway's protocol.
//!
//! Text messages of JSON (`packages/gateway-protocol/src/schema/frames.ts`): requests
//! `{type: "req", id, method, params}`, responses `{type: "res", id, ok, payload | error}` and events
//! `{type: "event", event, payload, seq}`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::shown;

/// The protocol version that we speak; operators must offer the server's own
/// (`MIN_CLIENT_PROTOCOL_VERSION`).
pub const PROTOCOL: u64 = 4;

/// Something that a gateway tells without being asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `chat`, `agent`, `health`, `shutdown`, `gateway.suspension` …
    pub name: String,
    /// What it tells; `null` where that was more than [`Event::MAX`] bytes.
    pub payload: Value,
}

impl Event {
    /// The largest event that is kept: many of them may wait for a slow listener.
    pub const MAX: usize = 256 * 1024;
}

/// What a gateway sends.
#[derive(Debug)]
pub(super) enum Frame {
    /// An answer: the payload, or the error as it came.
    Response {
        id: String,
        result: Result<Value, Value>,
    },
    /// An event.
    Event(Event),
    /// A kind of frame that we do not know, and need not.
    Other,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    ok: Option<bool>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    error: Value,
}

impl Frame {
    /// Reads one message; words where it is none of the protocol's. `serde_json` gives up at a
    /// nesting of 128, so a hostile message cannot exhaust the stack.
    pub(super) fn read(message: &str) -> Result<Self, String> {
        let raw: Raw = serde_json::from_str(message).map_err(shown)?;
        match (raw.kind.as_str(), raw.id, raw.event) {
            ("res", Some(id), _) => {
                let result = match raw.ok {
                    Some(true) => Ok(raw.payload),
                    Some(false) => Err(raw.error),
                    None => return Err("a response without `ok`".to_owned()),
                };
                Ok(Self::Response { id, result })
            }
            ("res", None, _) => Err("a response without `id`".to_owned()),
            ("event", _, Some(name)) => Ok(Self::Event(Event {
                name,
                payload: if message.len() > Event::MAX {
                    Value::Null
                } else {
                    raw.payload
                },
            })),
            ("event", _, None) => Err("an event without a name".to_owned()),
            _ => Ok(Self::Other),
        }
    }
}

/// A request as it is sent.
pub(super) fn request(id: &str, method: &str, params: &Value) -> String {
    json!({ "type": "req", "id": id, "method": method, "params": params }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_protocol_are_read_and_unknown_kinds_and_fields_pass() {
        let read = |text: &str| Frame::read(text).unwrap();
        assert!(
            matches!(read(r#"{"type":"res","id":"1","ok":true,"payload":{"a":1},"new":[]}"#),
            Frame::Response { id, result: Ok(payload) } if id == "1" && payload["a"] == 1)
        );
        assert!(
            matches!(read(r#"{"type":"res","id":"1","ok":false,"error":{"code":"X"}}"#),
            Frame::Response { result: Err(error), .. } if error["code"] == "X")
        );
        assert!(matches!(read(r#"{"type":"event","event":"tick","seq":3}"#),
            Frame::Event(event) if event.name == "tick" && event.payload.is_null()));
        assert!(matches!(read(r#"{"type":"later"}"#), Frame::Other));
    }

    #[test]
    fn what_is_no_frame_is_words_and_never_a_panic() {
        let deep = "[".repeat(200_000);
        for text in [
            "",
            "null",
            "[]",
            "<html>",
            "{\"type\":1}",
            "{\"type\":\"res\",\"id\":\"1\"}",
            "{\"type\":\"res\",\"ok\":true}",
            "{\"type\":\"event\"}",
            "{\"type\":\"res\",\"id\":\"1\",\"ok\":tr",
            deep.as_str(),
        ] {
            let words = Frame::read(text).unwrap_err();
            assert!(!words.is_empty() && words.chars().count() <= 301, "{words}");
        }
    }
}
