//! A client of a running gateway: as much of its WebSocket protocol as a test needs.
//!
//! It knows nothing of Exuvia's own client on purpose, so that neither can hide the other's
//! mistake.

use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::Gateway;
use super::gateway::TOKEN;

/// The version of the protocol that OpenClaw 2026.9.5 speaks; it refuses version 3.
const PROTOCOL: u8 = 4;
/// A turn of the stand-in for a model takes a third of a second.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the gateway says of itself (`retryAfterMs`) while it starts.
const RETRY: Duration = Duration::from_millis(500);

/// An answer that is none.
#[derive(Debug, thiserror::Error)]
#[error("the gateway refused {0}: {1}")]
struct Refused(String, Value);

/// It listens before it can serve.
fn is_starting(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|Refused(_, why)| why["details"]["reason"] == "startup-sidecars")
}

/// A connection with every right that a client on the loopback can have.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<TcpStream>,
    asked: u64,
}

impl Client {
    /// Connects to a gateway, as soon as it has started all that it needs for that.
    pub fn connect(gateway: &Gateway) -> Result<Self> {
        Self::at(gateway.port())
    }

    /// The same for whatever gateway listens on this port of the loopback.
    pub fn at(port: u16) -> Result<Self> {
        let end = Instant::now() + PATIENCE;
        loop {
            match Self::try_connect(port) {
                Err(error) if Instant::now() < end && is_starting(&error) => {
                    std::thread::sleep(RETRY);
                }
                connected => return connected,
            }
        }
    }

    fn try_connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .context("cannot connect to the gateway")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let url = format!("ws://127.0.0.1:{port}/");
        let (socket, _) = tungstenite::client(url, stream)
            .map_err(|error| anyhow::anyhow!("the gateway took no WebSocket: {error}"))?;
        let mut client = Self { socket, asked: 0 };
        client.greet()?;
        Ok(client)
    }

    fn greet(&mut self) -> Result<()> {
        let challenge = self.next()?;
        if challenge["event"] != "connect.challenge" {
            bail!("the gateway began with {challenge}");
        }
        // With this pair of id and mode a client on the loopback needs no device key.
        let client = json!({
            "id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend",
        });
        self.call(
            "connect",
            &json!({
                "minProtocol": PROTOCOL, "maxProtocol": PROTOCOL, "client": client,
                "role": "operator",
                "scopes": ["operator.read", "operator.write", "operator.admin"],
                "auth": { "token": TOKEN },
            }),
        )?;
        Ok(())
    }

    /// Calls a method and gives its answer's payload; events in between are dropped.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.asked += 1;
        let id = self.asked.to_string();
        let request = json!({ "type": "req", "id": id, "method": method, "params": params });
        self.socket.send(Message::text(request.to_string()))?;
        loop {
            let mut frame = self.next()?;
            if frame["type"] != "res" || frame["id"] != id {
                continue;
            }
            if frame["ok"] != true {
                return Err(Refused(method.to_owned(), frame["error"].take()).into());
            }
            return Ok(frame["payload"].take());
        }
    }

    /// Has an agent take a turn on `message` in the session of this key, and returns once the
    /// gateway said that the turn is over and went well. A message must be one of its kind.
    pub fn turn(&mut self, session_key: &str, message: &str) -> Result<()> {
        let key = format!("{session_key} {message}");
        let accepted = self.call(
            "agent",
            &json!({ "message": message, "sessionKey": session_key, "idempotencyKey": key }),
        )?;
        let wait = json!({ "runId": accepted["runId"], "timeoutMs": PATIENCE.as_millis() });
        let ended = self.call("agent.wait", &wait)?;
        if ended["status"] != "ok" {
            bail!("the turn on {message:?} ended with {ended}");
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Value> {
        loop {
            let message = self.socket.read().context("the gateway does not answer")?;
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).context("the gateway sent no JSON");
            }
        }
    }
}
