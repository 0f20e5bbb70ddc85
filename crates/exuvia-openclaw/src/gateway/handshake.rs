//! Getting in: the gateway's challenge, our `connect`, its `hello-ok`.
//!
//! On the loopback a client that calls itself `gateway-client` in mode `backend` keeps the scopes
//! that it asks for without a device key (OpenClaw's docs, `gateway/protocol/auth`); any other id
//! is refused.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::answer::Hello;
use super::credential::Credential;
use super::error::{GatewayError, Refusal};
use super::frame::{Frame, PROTOCOL, request};
use super::socket::Socket;

const CLIENT_ID: &str = "gateway-client";
const CLIENT_MODE: &str = "backend";
const SCOPES: [&str; 3] = ["operator.admin", "operator.read", "operator.write"];
const CONNECT_ID: &str = "connect";

/// Says who we are, within `patience`.
pub(super) async fn introduce(
    socket: &mut Socket,
    credential: &Credential,
    patience: Duration,
) -> Result<Hello, GatewayError> {
    let address = socket.address();
    let said = timeout(patience, introduce_now(socket, credential)).await;
    said.map_err(|_| GatewayError::Silent {
        address,
        doing: "let us in".to_owned(),
        after: patience,
    })?
}

async fn introduce_now(
    socket: &mut Socket,
    credential: &Credential,
) -> Result<Hello, GatewayError> {
    await_challenge(socket).await?;
    let connect = request(CONNECT_ID, "connect", &parameters(credential));
    socket.send(connect).await?;
    loop {
        if let Frame::Response { id, result } = next(socket).await?
            && id == CONNECT_ID
        {
            return match result {
                Ok(payload) => read_hello(socket, payload),
                Err(error) => Err(refused(socket, &error)),
            };
        }
    }
}

/// Nothing may be sent before `connect.challenge` has come.
async fn await_challenge(socket: &mut Socket) -> Result<(), GatewayError> {
    match next(socket).await? {
        Frame::Event(event) if event.name == "connect.challenge" => Ok(()),
        _ => Err(GatewayError::NotAGateway {
            address: socket.address(),
            found: "it does not begin with a challenge".to_owned(),
        }),
    }
}

async fn next(socket: &mut Socket) -> Result<Frame, GatewayError> {
    let text = socket.receive().await?;
    Frame::read(&text).map_err(|reason| GatewayError::Garbled {
        address: socket.address(),
        reason,
    })
}

fn parameters(credential: &Credential) -> Value {
    json!({
        "minProtocol": PROTOCOL,
        "maxProtocol": PROTOCOL,
        "client": {
            "id": CLIENT_ID,
            "mode": CLIENT_MODE,
            "version": env!("CARGO_PKG_VERSION"),
            "platform": std::env::consts::OS,
        },
        "role": "operator",
        "scopes": SCOPES,
        "auth": credential.to_json(),
    })
}

fn read_hello(socket: &Socket, payload: Value) -> Result<Hello, GatewayError> {
    let address = socket.address();
    let hello: Hello =
        serde_json::from_value(payload).map_err(|error| GatewayError::Unreadable {
            method: "connect".to_owned(),
            reason: error.to_string(),
        })?;
    match hello.protocol {
        Some(PROTOCOL) => Ok(hello),
        theirs => Err(GatewayError::Protocol { address, theirs }),
    }
}

fn refused(socket: &Socket, error: &Value) -> GatewayError {
    let (address, refusal) = (socket.address(), Box::new(Refusal::read(error)));
    if refusal.detail_code() == Some("PROTOCOL_MISMATCH") {
        let theirs = refusal.details.get("expectedProtocol");
        return GatewayError::Protocol {
            address,
            theirs: theirs.and_then(Value::as_u64),
        };
    }
    // `details.reason` is `startup-sidecars` while it starts.
    if refusal.code == "UNAVAILABLE" {
        return GatewayError::NotNow { address, refusal };
    }
    GatewayError::Denied { address, refusal }
}
