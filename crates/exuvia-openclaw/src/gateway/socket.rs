//! The WebSocket under the protocol, with limits.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::address::Address;
use super::error::{GatewayError, Refusal, shown};

/// Largest message that is read. A real install's longest answers (skills, config) have less than
/// a hundredth of it.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;
/// How long the other side may take to drain what we write.
const WRITE: Duration = Duration::from_secs(10);

/// Text messages to and from one gateway.
pub(super) struct Socket {
    address: Address,
    stream: WebSocketStream<TcpStream>,
}

impl Socket {
    pub(super) async fn open(address: Address, patience: Duration) -> Result<Self, GatewayError> {
        timeout(patience, Self::open_now(address))
            .await
            .map_err(|_| GatewayError::Silent {
                address,
                doing: "open a WebSocket".to_owned(),
                after: patience,
            })?
    }

    async fn open_now(address: Address) -> Result<Self, GatewayError> {
        let tcp = TcpStream::connect(address.socket()).await;
        let tcp = tcp.map_err(|error| GatewayError::Unreachable {
            address,
            reason: error.to_string(),
        })?;
        // Small frames back and forth; without it each one waits for an acknowledgement. A system
        // that refuses only makes us slower.
        let _ = tcp.set_nodelay(true);
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let url = format!("ws://{address}/");
        match client_async_with_config(url, tcp, Some(limits)).await {
            Ok((stream, _)) => Ok(Self { address, stream }),
            Err(error) => Err(not_a_gateway(address, error)),
        }
    }

    /// The next text message. Dropping the future loses nothing.
    pub(super) async fn receive(&mut self) -> Result<String, GatewayError> {
        loop {
            let address = self.address;
            let lost = |reason| GatewayError::Lost { address, reason };
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                // Pings are answered by the library as it reads.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => {
                    return Err(GatewayError::Garbled {
                        address,
                        reason: "a binary message".to_owned(),
                    });
                }
                Some(Ok(Message::Close(why))) => {
                    let words = why.map(|why| format!("{} {}", u16::from(why.code), why.reason));
                    return Err(lost(shown(
                        words.as_deref().unwrap_or("closed without a reason"),
                    )));
                }
                Some(Err(error)) => return Err(self.broken(error)),
                None => return Err(lost("closed".to_owned())),
            }
        }
    }

    /// Sends a text message.
    pub(super) async fn send(&mut self, text: String) -> Result<(), GatewayError> {
        match timeout(WRITE, self.stream.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(error)),
            Err(_) => Err(GatewayError::Silent {
                address: self.address,
                doing: "read what was sent to it".to_owned(),
                after: WRITE,
            }),
        }
    }

    /// Says good-bye. The gateway notices a connection that just ends as well, so an error is none.
    pub(super) async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.stream.close(None)).await;
    }

    pub(super) fn address(&self) -> Address {
        self.address
    }

    fn broken(&self, error: Error) -> GatewayError {
        let address = self.address;
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => GatewayError::TooLarge {
                address,
                limit: MAX_MESSAGE,
            },
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => GatewayError::Lost {
                address,
                reason: "it closed without a word".to_owned(),
            },
            Error::Protocol(_) | Error::Utf8(_) => GatewayError::Garbled {
                address,
                reason: shown(error),
            },
            other => GatewayError::Lost {
                address,
                reason: shown(other),
            },
        }
    }
}

/// The answer to our request for a WebSocket was something else.
fn not_a_gateway(address: Address, error: Error) -> GatewayError {
    match error {
        // What a gateway answers that is stopping or beginning anew within its process.
        Error::Http(response) if response.status().as_u16() == 503 => GatewayError::NotNow {
            address,
            refusal: Box::new(Refusal {
                code: "HTTP 503".to_owned(),
                message: shown(words(response.body().as_deref().unwrap_or_default())),
                retryable: true,
                ..Refusal::default()
            }),
        },
        Error::Http(response) => GatewayError::NotAGateway {
            address,
            found: format!(
                "it answers HTTP {} and opens no WebSocket",
                response.status().as_u16()
            ),
        },
        Error::Io(error) => GatewayError::Lost {
            address,
            reason: error.to_string(),
        },
        other => GatewayError::NotAGateway {
            address,
            found: shown(other),
        },
    }
}

/// The beginning of a body; it is shown only.
fn words(body: &[u8]) -> String {
    let start = body.get(..400).unwrap_or(body);
    String::from_utf8_lossy(start).into_owned()
}
