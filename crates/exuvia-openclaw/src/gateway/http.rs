//! The probe pages: `/readyz`, `/startupz`, `/healthz`.
//!
//! A status code alone says nothing: other programs, and the gateway's own user interface, answer
//! 200 to any path. Only a JSON object counts, and only what it says.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::Address;
use super::answer::answer;
use super::error::{GatewayError, shown};

/// The real ones have less than a kilobyte.
const MAX_BODY: usize = 64 * 1024;

answer! {
    /// `/readyz`.
    pub struct Ready {
        /// Whether it takes work.
        ready: bool,
        /// What is amiss: `gateway-draining`, `startup-sidecars` …
        failing: Vec<String>,
        /// How long this start has lived, in milliseconds; a restart within the process begins
        /// anew.
        uptime_ms: u64,
    }
}

answer! {
    /// `/startupz`.
    pub struct Startup {
        /// Whether it has started.
        ok: bool,
        /// `started`, or how far it is.
        status: String,
        /// The version of the running process.
        version: String,
        /// How long this start has lived, in milliseconds.
        uptime_ms: u64,
    }
}

answer! {
    /// `/healthz`.
    pub struct Live {
        /// Whether the process answers at all.
        ok: bool,
        /// `live`.
        status: String,
    }
}

/// A page, and the code that it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The HTTP status code.
    pub code: u16,
    /// What it says.
    pub body: T,
}

/// `/readyz`. A gateway that is not ready answers 503, which is an answer and no error.
pub async fn ready(address: Address, patience: Duration) -> Result<Page<Ready>, GatewayError> {
    page(address, "/readyz", patience).await
}

/// `/startupz`.
pub async fn startup(address: Address, patience: Duration) -> Result<Page<Startup>, GatewayError> {
    page(address, "/startupz", patience).await
}

/// `/healthz`. It is the least of the three: it says `live` while everything else fails.
pub async fn live(address: Address, patience: Duration) -> Result<Page<Live>, GatewayError> {
    page(address, "/healthz", patience).await
}

async fn page<T: DeserializeOwned>(
    address: Address,
    path: &'static str,
    patience: Duration,
) -> Result<Page<T>, GatewayError> {
    let fetched = timeout(patience, fetch(address, path)).await;
    let (code, body) = fetched.map_err(|_| GatewayError::Silent {
        address,
        doing: format!("answer {path}"),
        after: patience,
    })??;
    let body = read(&body).map_err(|found| GatewayError::NotAGateway {
        address,
        found: format!("{path} answers {code} with {found}"),
    })?;
    Ok(Page { code, body })
}

/// The object in a body, or words for what is in it instead.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let object: Value = serde_json::from_slice(body).map_err(|_| {
        let start = String::from_utf8_lossy(body.get(..80).unwrap_or(body)).into_owned();
        if start.trim_start().starts_with('<') {
            "a web page".to_owned()
        } else {
            format!("\"{}\"", shown(start))
        }
    })?;
    serde_json::from_value(object).map_err(shown)
}

async fn fetch(address: Address, path: &str) -> Result<(u16, Bytes), GatewayError> {
    let stream = TcpStream::connect(address.socket()).await;
    let stream = stream.map_err(|error| GatewayError::Unreachable {
        address,
        reason: error.to_string(),
    })?;
    let broken = |error: hyper::Error| broken(address, &error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // The connection is driven beside the request, and ends with this function whatever happens.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    let request = request.map_err(|error| GatewayError::NotAGateway {
        address,
        found: shown(error),
    })?;
    let response = sender.send_request(request).await.map_err(broken)?;
    let code = response.status().as_u16();
    Ok((code, body(address, response).await?))
}

async fn body(
    address: Address,
    response: Response<hyper::body::Incoming>,
) -> Result<Bytes, GatewayError> {
    match Limited::new(response.into_body(), MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(GatewayError::TooLarge {
                address,
                limit: MAX_BODY,
            })
        }
        Err(error) => Err(GatewayError::Lost {
            address,
            reason: shown(error),
        }),
    }
}

fn broken(address: Address, error: &hyper::Error) -> GatewayError {
    if error.is_parse() {
        return GatewayError::NotAGateway {
            address,
            found: format!("no HTTP ({})", shown(error)),
        };
    }
    GatewayError::Lost {
        address,
        reason: shown(error),
    }
}
