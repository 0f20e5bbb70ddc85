//! A chat channel's server: takes every message and remembers it.

use std::sync::Arc;

use serde_json::json;

use crate::reply::Reply;
use crate::request::{Request, Requests};
use crate::server::{Protocol, Server};

/// The stand-in; stops when it is dropped.
#[derive(Debug)]
pub struct Channel(Server);

struct Takes;

impl Protocol for Takes {
    fn answer(&self, _: &Request) -> Reply {
        Reply::json(&json!({ "ok": true }))
    }
}

impl Channel {
    /// Starts one.
    pub fn start() -> Self {
        Self(Server::start(Arc::new(Takes)))
    }

    /// Where messages go: `channels.standin.url` of the configuration.
    pub fn url(&self) -> String {
        format!("{}/messages", self.0.url())
    }

    /// What it was sent.
    pub fn messages(&self) -> &Requests {
        self.0.requests()
    }
}
