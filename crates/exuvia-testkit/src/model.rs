//! A model provider: as much of `OpenAI`'s API as a turn of OpenClaw needs.
//!
//! Configure OpenClaw with `models.providers.<id>.{baseUrl: <url>/v1, apiKey, api:
//! "openai-completions", models: [{id: "stand-in", name: "stand-in"}]}`.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::faults::Faults;
use crate::reply::Reply;
use crate::request::{Request, Requests};
use crate::server::{Protocol, Server};

/// The one model it offers.
pub const MODEL: &str = "stand-in";
const CREATED: u64 = 1_767_225_600;

/// The stand-in; stops when told to or dropped.
#[derive(Debug)]
pub struct Provider {
    server: Server,
    script: Arc<Script>,
}

#[derive(Debug, Default)]
struct Script {
    replies: Mutex<VecDeque<String>>,
}

impl Provider {
    /// Starts a provider that answers "ok" to everything it was given no other answer for.
    pub fn start() -> Self {
        let script = Arc::new(Script::default());
        Self {
            server: Server::start(script.clone()),
            script,
        }
    }

    /// What to say next, after what is queued already.
    pub fn reply(&self, text: &str) -> &Self {
        self.script
            .replies
            .lock()
            .unwrap()
            .push_back(text.to_owned());
        self
    }

    /// The address without `/v1`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Goes down: connections are cut, and further ones refused.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// How it misbehaves.
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// What it was asked.
    pub fn requests(&self) -> &Requests {
        self.server.requests()
    }
}

impl Protocol for Script {
    fn answer(&self, request: &Request) -> Reply {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v1/models") => Reply::json(&json!({
                "object": "list",
                "data": [{ "id": MODEL, "object": "model", "created": CREATED, "owned_by": "stand-in" }],
            })),
            ("POST", "/v1/chat/completions") => {
                let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let text = self
                    .replies
                    .lock()
                    .unwrap()
                    .pop_front()
                    .unwrap_or_else(|| "ok".into());
                if asked["stream"] == true {
                    streamed(&text)
                } else {
                    whole(&text)
                }
            }
            _ => Reply::json(&json!({ "error": { "message": "no such route" } })).status(404),
        }
    }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12 })
}

fn whole(text: &str) -> Reply {
    let message = json!({ "role": "assistant", "content": text });
    Reply::json(&json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": CREATED, "model": MODEL,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": usage(),
    }))
}

fn streamed(text: &str) -> Reply {
    let chunk = |delta: Value, finish: Option<&str>| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED,
            "model": MODEL,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    };
    let mut last = chunk(json!({}), Some("stop"));
    last["usage"] = usage();
    let events = [
        chunk(json!({ "role": "assistant", "content": text }), None),
        last,
    ];
    let mut body = String::new();
    for event in events {
        write!(body, "data: {event}\n\n").expect("a String takes any text");
    }
    body.push_str("data: [DONE]\n\n");
    Reply::bytes("text/event-stream", body)
}
