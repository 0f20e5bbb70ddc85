//! HTTP, asked from threads that wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use exuvia_model::text::one_line;
use reqwest::header::CONTENT_LENGTH;
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response, StatusCode};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{StorageError, Trouble};

const AGENT: &str = concat!("exuvia/", env!("CARGO_PKG_VERSION"));
const CONNECT: Duration = Duration::from_secs(30);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_mins(1);
/// The slowest upload that is still one, in bytes each second.
const SLOWEST: u64 = 16 << 10;
/// The longest body that is read: a listing of a million packs is smaller, and so is any pack.
const MAX_BODY: usize = 512 << 20;
/// How much of the words of an error is shown.
const MAX_WORDS: usize = 200;

/// A client, and the runtime that it lives in.
#[derive(Debug)]
pub(super) struct Web {
    client: Client,
    runtime: Option<Runtime>,
    at: String,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    /// The length that was announced, which is all that a look at a file gives.
    pub(super) length: Option<u64>,
}

impl Drop for Web {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for it is not allowed on a thread of another runtime.
            runtime.shutdown_background();
        }
    }
}

impl Web {
    /// A client for the repository at this address.
    pub(super) fn new(at: String) -> Result<Arc<Self>, StorageError> {
        // Somebody else in this process may have installed it; it is the same one then.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let setup = |why: String| StorageError {
            what: "set up a connection to the repository".to_owned(),
            at: at.clone(),
            why,
            trouble: Trouble::Lasting,
        };
        let builder = || {
            Client::builder()
                .user_agent(AGENT)
                .connect_timeout(CONNECT)
                .redirect(Policy::none())
                .referer(false)
        };
        let client = builder()
            .build()
            // A machine without any certificates: what is behind https cannot be trusted, but a
            // repository on the loopback can be reached.
            .or_else(|error| builder().tls_certs_only([]).build().map_err(|_| error))
            .map_err(|error| setup(innermost(&error)))?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Arc::new(Self {
            client,
            runtime: Some(runtime),
            at,
        }))
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and waits for the whole answer, whatever its status.
    pub(super) fn ask(
        &self,
        what: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<Answer, StorageError> {
        let request = request
            .build()
            .map_err(|error| self.failed(what, innermost(&error), Trouble::Lasting))?;
        let Some(runtime) = &self.runtime else {
            return Err(self.failed(what, "the client was closed".to_owned(), Trouble::Lasting));
        };
        runtime
            .block_on(self.answer(request))
            .map_err(|why| self.failed(what, why, Trouble::Passing))
    }

    /// The error of an answer that is no success.
    pub(super) fn refused(&self, what: &str, answer: &Answer, hint: &str) -> StorageError {
        let trouble = match answer.status {
            StatusCode::NOT_FOUND => Trouble::Missing,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Trouble::Passing,
            status if status.is_server_error() => Trouble::Passing,
            _ => Trouble::Lasting,
        };
        let mut why = format!("the server answered {}", answer.status);
        if answer.status.is_redirection() {
            why.push_str(", which leads elsewhere: give the address that it leads to");
        }
        let words = words(&answer.body);
        if !words.is_empty() {
            why = format!("{why}: {words}");
        }
        if matches!(
            answer.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) {
            why = format!("{why}; {hint}");
        }
        self.failed(what, why, trouble)
    }

    pub(super) fn failed(&self, what: &str, why: String, trouble: Trouble) -> StorageError {
        StorageError {
            what: what.to_owned(),
            at: self.at.clone(),
            why,
            trouble,
        }
    }

    async fn answer(&self, request: Request) -> Result<Answer, String> {
        let sent = request.body().and_then(reqwest::Body::as_bytes);
        let len = sent.map_or(0, <[u8]>::len) as u64;
        let patience = SILENCE + Duration::from_secs(len / SLOWEST);
        let silent = |_| "it did not answer in time".to_owned();
        let mut response = timeout(patience, self.client.execute(request))
            .await
            .map_err(silent)?
            .map_err(|error| innermost(&error))?;
        let status = response.status();
        let announced = response.headers().get(CONTENT_LENGTH);
        let length = announced
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse().ok());
        let mut body = BytesMut::new();
        while let Some(chunk) = next(&mut response).await? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err("its answer is impossibly long".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            body: body.freeze(),
            length,
        })
    }
}

async fn next(response: &mut Response) -> Result<Option<Bytes>, String> {
    timeout(SILENCE, response.chunk())
        .await
        .map_err(|_| "it fell silent in the middle of an answer".to_owned())?
        .map_err(|error| format!("its answer was cut off: {}", innermost(&error)))
}

/// The root of an error. What reqwest says around it has the address in it, and a signed address is
/// a secret.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if cause.is::<reqwest::Error>() {
        return "the request failed".to_owned();
    }
    one_line(&cause.to_string(), MAX_WORDS)
}

/// What the body of an error says: of XML the code and the message, of other text the first line.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..4096).unwrap_or(body));
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once("</")?;
        Some(inner.to_owned())
    };
    let said = match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code,
        _ if text.trim_start().starts_with('<') => String::new(),
        _ => text.lines().next().unwrap_or_default().to_owned(),
    };
    one_line(&said, MAX_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_error_the_code_and_the_message_are_told_and_never_the_key() {
        let body = b"<?xml?><Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message>\
            <AWSAccessKeyId>geheim</AWSAccessKeyId></Error>";
        assert_eq!(words(body), "SignatureDoesNotMatch: No.");
        assert_eq!(words(b"<html><p>geheim"), "");
        assert_eq!(words(b"Forbidden\nmore"), "Forbidden");
        assert_eq!(
            words(b"a\x1b[31mb\xff"),
            one_line("a\u{1b}[31mb\u{fffd}", 200)
        );
    }
}
