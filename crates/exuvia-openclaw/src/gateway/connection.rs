//! One open connection: requests by id, answers in any order, events beside them.
//!
//! A task of its own reads and writes, so that a request whose future is dropped disturbs no other,
//! and the gateway's keepalive pings are answered while nobody asks anything.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;

use super::address::Address;
use super::answer::Hello;
use super::credential::Credential;
use super::error::{GatewayError, Refusal};
use super::frame::{Event, Frame, request};
use super::handshake;
use super::socket::Socket;

/// Events that wait for a slow listener; it loses the oldest.
const MAX_EVENTS: usize = 64;
/// Requests that wait to be written.
const MAX_QUEUED: usize = 32;
/// What a gateway takes where its hello does not say (`MAX_PAYLOAD_BYTES`).
const MAX_PAYLOAD: usize = 25 * 1024 * 1024;

type Answer = Result<Result<Value, Value>, GatewayError>;

struct Ask {
    method: String,
    params: Value,
    answer: oneshot::Sender<Answer>,
}

/// A connection. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub(super) struct Connection {
    address: Address,
    max_payload: usize,
    asks: mpsc::Sender<Ask>,
    events: broadcast::Sender<Event>,
    ended: Arc<OnceLock<GatewayError>>,
}

impl Connection {
    /// Opens one: the WebSocket and the introduction, each within `patience`.
    pub(super) async fn open(
        address: Address,
        credential: &Credential,
        patience: Duration,
    ) -> Result<(Self, Hello), GatewayError> {
        let mut socket = Socket::open(address, patience).await?;
        let hello = handshake::introduce(&mut socket, credential, patience).await?;
        let (asks, queue) = mpsc::channel(MAX_QUEUED);
        let (events, _) = broadcast::channel(MAX_EVENTS);
        let ended = Arc::new(OnceLock::new());
        let driver = Driver {
            socket,
            queue,
            events: events.clone(),
            pending: HashMap::new(),
            next: 0,
            ended: ended.clone(),
        };
        tokio::spawn(driver.run());
        let connection = Self {
            address,
            max_payload: hello.max_payload().unwrap_or(MAX_PAYLOAD),
            asks,
            events,
            ended,
        };
        Ok((connection, hello))
    }

    pub(super) fn address(&self) -> Address {
        self.address
    }

    pub(super) fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Asks, and waits at most `patience` for the answer. When the future is dropped, the gateway
    /// may still carry out what was asked.
    pub(super) async fn request(
        &self,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<Value, GatewayError> {
        // The frame adds an id and a few names to the parameters.
        if params.to_string().len() + 1024 > self.max_payload {
            return Err(GatewayError::RequestTooLarge {
                method: method.to_owned(),
                limit: self.max_payload,
            });
        }
        let result = timeout(patience, self.exchange(method, params))
            .await
            .map_err(|_| GatewayError::Silent {
                address: self.address,
                doing: format!("answer {method}"),
                after: patience,
            })??;
        result.map_err(|error| GatewayError::Refused {
            method: method.to_owned(),
            refusal: Box::new(Refusal::read(&error)),
        })
    }

    async fn exchange(&self, method: &str, params: Value) -> Answer {
        let (answer, answered) = oneshot::channel();
        let ask = Ask {
            method: method.to_owned(),
            params,
            answer,
        };
        if self.asks.send(ask).await.is_err() {
            return Err(self.end());
        }
        answered.await.unwrap_or_else(|_| Err(self.end()))
    }

    /// Why the connection is no more.
    fn end(&self) -> GatewayError {
        self.ended.get().cloned().unwrap_or(GatewayError::Lost {
            address: self.address,
            reason: "closed".to_owned(),
        })
    }
}

struct Driver {
    socket: Socket,
    queue: mpsc::Receiver<Ask>,
    events: broadcast::Sender<Event>,
    pending: HashMap<String, oneshot::Sender<Answer>>,
    next: u64,
    ended: Arc<OnceLock<GatewayError>>,
}

impl Driver {
    async fn run(mut self) {
        let why = loop {
            let step = tokio::select! {
                ask = self.queue.recv() => match ask {
                    Some(ask) => self.send(ask).await,
                    // Every handle was dropped: nobody waits for anything any more.
                    None => return self.socket.close().await,
                },
                text = self.socket.receive() => match text {
                    Ok(text) => self.take(&text),
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = step {
                break error;
            }
        };
        // Set before the waiting ones are told, so that whoever asks next hears the same.
        let _ = self.ended.set(why.clone());
        for (_, answer) in self.pending.drain() {
            let _ = answer.send(Err(why.clone()));
        }
    }

    async fn send(&mut self, ask: Ask) -> Result<(), GatewayError> {
        // Those whose asker gave up in the meantime.
        self.pending.retain(|_, answer| !answer.is_closed());
        if ask.answer.is_closed() {
            return Ok(());
        }
        self.next += 1;
        let id = self.next.to_string();
        let frame = request(&id, &ask.method, &ask.params);
        self.pending.insert(id, ask.answer);
        self.socket.send(frame).await
    }

    fn take(&mut self, text: &str) -> Result<(), GatewayError> {
        let frame = Frame::read(text).map_err(|reason| GatewayError::Garbled {
            address: self.socket.address(),
            reason,
        })?;
        match frame {
            Frame::Response { id, result } => {
                if let Some(answer) = self.pending.remove(&id) {
                    // The asker may have given up; then nobody wants it.
                    let _ = answer.send(Ok(result));
                }
            }
            // Nobody has to listen.
            Frame::Event(event) => drop(self.events.send(event)),
            Frame::Other => {}
        }
        Ok(())
    }
}
