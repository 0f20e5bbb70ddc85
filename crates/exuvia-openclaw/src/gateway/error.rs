//! What can go wrong between us and a gateway.

use std::time::Duration;

use exuvia_model::text;
use serde_json::{Map, Value};

use super::address::Address;
use super::credential::CredentialError;
use super::frame::PROTOCOL;
use crate::CannotInvoke;

/// Longest piece of a stranger's text that a message repeats, in characters.
const MAX_SHOWN: usize = 300;

/// Why a gateway could not be asked, or what it answered instead.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// Nobody took the connection.
    #[error("nothing answers at {address} ({reason}); is the gateway running?")]
    Unreachable {
        /// Where it was looked for.
        address: Address,
        /// The system's answer.
        reason: String,
    },
    /// Something took the connection and said nothing in time.
    #[error("the gateway at {address} did not {doing} within {} ms", .after.as_millis())]
    Silent {
        /// Where it is.
        address: Address,
        /// What it was waited for to do.
        doing: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection ended before the answer was there. Whether the request was carried out is
    /// not known.
    #[error("the connection to the gateway at {address} ended: {reason}")]
    Lost {
        /// Where it is.
        address: Address,
        /// What is known of the end.
        reason: String,
    },
    /// What answers there speaks another language.
    #[error("what answers at {address} is not an OpenClaw gateway: {found}")]
    NotAGateway {
        /// Where it is.
        address: Address,
        /// What it said.
        found: String,
    },
    /// A frame that the protocol does not have.
    #[error("the gateway at {address} sent what cannot be read: {reason}")]
    Garbled {
        /// Where it is.
        address: Address,
        /// What is wrong with it.
        reason: String,
    },
    /// A message over the limit; it was not read.
    #[error("the gateway at {address} sent a message of more than {limit} bytes; it was not read")]
    TooLarge {
        /// Where it is.
        address: Address,
        /// The limit in bytes.
        limit: usize,
    },
    /// It speaks another version of the protocol than we do.
    #[error(
        "the gateway at {address} speaks protocol {}, and this exuvia speaks {PROTOCOL}; update \
         exuvia",
        .theirs.map_or_else(|| "of another version".to_owned(), |version| version.to_string())
    )]
    Protocol {
        /// Where it is.
        address: Address,
        /// Its version, when it said.
        theirs: Option<u64>,
    },
    /// It does not let us in.
    #[error(
        "the gateway at {address} refused the connection: {refusal}; check gateway.auth in \
         openclaw.json, or set OPENCLAW_GATEWAY_TOKEN"
    )]
    Denied {
        /// Where it is.
        address: Address,
        /// Its words.
        refusal: Box<Refusal>,
    },
    /// It lets nobody in yet, or not for the moment.
    #[error("the gateway at {address} takes no connections now: {refusal}")]
    NotNow {
        /// Where it is.
        address: Address,
        /// Its words.
        refusal: Box<Refusal>,
    },
    /// It answered a request with an error.
    #[error("the gateway refused {method}: {refusal}")]
    Refused {
        /// The request.
        method: String,
        /// Its words.
        refusal: Box<Refusal>,
    },
    /// It answered with something of another shape than expected.
    #[error("the gateway's answer to {method} cannot be understood: {reason}")]
    Unreadable {
        /// The request.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The request does not fit into one message.
    #[error("the request {method} is larger than the {limit} bytes that a gateway takes")]
    RequestTooLarge {
        /// The request.
        method: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The gateway is set up for TLS.
    #[error(
        "the gateway of this install is served over TLS (gateway.tls.enabled), which exuvia does \
         not speak; let it listen without TLS on the loopback"
    )]
    Tls,
    /// The install is a client of a gateway elsewhere.
    #[error(
        "this install uses a gateway on another machine (gateway.mode is \"remote\"); run exuvia \
         there"
    )]
    Remote,
    /// No token or password could be found.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The `openclaw` command, asked instead, could not be run.
    #[error("the gateway's protocol is not ours, and its own command cannot be asked: {0}")]
    CannotInvoke(#[from] CannotInvoke),
    /// The `openclaw` command, asked instead, failed.
    #[error("openclaw gateway call {method} failed: {reason}")]
    CommandLine {
        /// The request.
        method: String,
        /// Its last words.
        reason: String,
    },
}

impl GatewayError {
    /// Whether the same may go well a moment later: nobody there yet, starting, overloaded,
    /// draining. What was asked may have been carried out if it is [`GatewayError::Lost`] or
    /// [`GatewayError::Silent`].
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Lost { .. }
            | Self::NotNow { .. } => true,
            Self::Refused { refusal, .. } => refusal.retryable,
            _ => false,
        }
    }

    /// How long the gateway asked us to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NotNow { refusal, .. } | Self::Refused { refusal, .. } => refusal.retry_after,
            _ => None,
        }
    }

    /// Whether a suspension keeps the gateway from answering (`details.reason` is
    /// `gateway-suspending`).
    pub fn is_suspended(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.reason() == Some("gateway-suspending"))
    }
}

/// A gateway's own error (`error` of a response frame).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Refusal {
    /// `INVALID_REQUEST`, `UNAVAILABLE`, `FORBIDDEN`, `NOT_PAIRED` …
    pub code: String,
    /// Its words, cleaned and cut.
    pub message: String,
    /// Whether the same request may be answered later.
    pub retryable: bool,
    /// When.
    pub retry_after: Option<Duration>,
    /// What else it said (`details`).
    pub details: Map<String, Value>,
}

impl Refusal {
    /// Reads one; what is missing or of another type is left empty.
    pub(super) fn read(error: &Value) -> Self {
        let words = |key| error.get(key).and_then(Value::as_str).unwrap_or_default();
        Self {
            code: text::one_line(words("code"), 80),
            message: text::one_line(words("message"), MAX_SHOWN),
            retryable: error.get("retryable") == Some(&Value::Bool(true)),
            retry_after: error
                .get("retryAfterMs")
                .and_then(Value::as_u64)
                .map(Duration::from_millis),
            details: match error.get("details") {
                Some(Value::Object(details)) => details.clone(),
                _ => Map::new(),
            },
        }
    }

    /// `details.code`, which names connect errors: `AUTH_TOKEN_MISMATCH`, `PROTOCOL_MISMATCH` …
    pub fn detail_code(&self) -> Option<&str> {
        self.details.get("code")?.as_str()
    }

    /// `details.reason`: `gateway-suspending`, `startup-sidecars` …
    pub fn reason(&self) -> Option<&str> {
        self.details.get("reason")?.as_str()
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.message.as_str(), self.code.as_str()) {
            ("", "") => f.write_str("it gave no reason"),
            ("", code) => f.write_str(code),
            (message, "") => f.write_str(message),
            (message, code) => write!(f, "{message} ({code})"),
        }
    }
}

/// A stranger's words, fit for a message.
pub(super) fn shown(words: impl std::fmt::Display) -> String {
    text::one_line(&words.to_string(), MAX_SHOWN)
}
