//! A model provider: as much of `OpenAI`'s API as a turn of OpenClaw needs.
//!
//! Configure OpenClaw with `models.providers.<id>.{baseUrl: <url>/v1, apiKey, api:
//! "openai-completions", models: [{id: "stand-in", name: "stand-in"}]}`.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::{Fault, Faults, Gate};
use crate::reply::Reply;
use crate::request::{Request, Requests};
use crate::server::{Protocol, Server};

/// The one model it offers.
pub const MODEL: &str = "stand-in";
const COMPLETIONS: &str = "/v1/chat/completions";
const CREATED: u64 = 1_767_225_600;

/// The stand-in; stops when told to or dropped.
#[derive(Debug)]
pub struct Provider {
    server: Server,
    script: Arc<Script>,
}

#[derive(Debug, Default)]
struct Script {
    replies: Mutex<VecDeque<Said>>,
}

/// What the model answers.
#[derive(Debug)]
enum Said {
    Text(String),
    Call { tool: String, arguments: Value },
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
        self.say(Said::Text(text.to_owned()))
    }

    /// What to do next, after what is queued already: a call of one of the agent's tools. Its
    /// result comes with the next request, in a message of the role `tool`.
    pub fn call(&self, tool: &str, arguments: &Value) -> &Self {
        let (tool, arguments) = (tool.to_owned(), arguments.clone());
        self.say(Said::Call { tool, arguments })
    }

    fn say(&self, said: Said) -> &Self {
        self.script.replies.lock().unwrap().push_back(said);
        self
    }

    /// Thinks about whatever it is asked until the gate is opened: the turns go on so long.
    pub fn hold(&self) -> Gate {
        let gate = Gate::default();
        self.faults().on(COMPLETIONS, Fault::Until(gate.clone()));
        gate
    }

    /// Waits until it is asked something with these words. Panics after `deadline`.
    pub fn wait_until_asked(&self, words: &str, deadline: Duration) {
        let has_words = |request: &Request| {
            request.path == COMPLETIONS && String::from_utf8_lossy(&request.body).contains(words)
        };
        self.requests()
            .wait_until(deadline, |seen| seen.iter().any(has_words));
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
            ("POST", COMPLETIONS) => {
                let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let next = self.replies.lock().unwrap().pop_front();
                let said = next.unwrap_or_else(|| Said::Text("ok".to_owned()));
                if asked["stream"] == true {
                    streamed(&said)
                } else {
                    whole(&said)
                }
            }
            _ => Reply::json(&json!({ "error": { "message": "no such route" } })).status(404),
        }
    }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12 })
}

impl Said {
    /// As a message, and why it ends.
    fn message(&self) -> (Value, &'static str) {
        match self {
            Self::Text(text) => (json!({ "role": "assistant", "content": text }), "stop"),
            Self::Call { tool, arguments } => {
                // Arguments are JSON in a string.
                let function = json!({ "name": tool, "arguments": arguments.to_string() });
                let call = json!({ "index": 0, "id": "call_1", "type": "function",
                    "function": function });
                let message = json!({ "role": "assistant", "content": null,
                    "tool_calls": [call] });
                (message, "tool_calls")
            }
        }
    }
}

fn whole(said: &Said) -> Reply {
    let (message, finish) = said.message();
    Reply::json(&json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": CREATED, "model": MODEL,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": usage(),
    }))
}

fn streamed(said: &Said) -> Reply {
    let (message, finish) = said.message();
    let chunk = |delta: Value, finish: Option<&str>| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED,
            "model": MODEL,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    };
    let mut last = chunk(json!({}), Some(finish));
    last["usage"] = usage();
    let events = [chunk(message, None), last];
    let mut body = String::new();
    for event in events {
        write!(body, "data: {event}\n\n").expect("a String takes any text");
    }
    body.push_str("data: [DONE]\n\n");
    Reply::bytes("text/event-stream", body)
}
