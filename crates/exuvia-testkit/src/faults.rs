//! Servers that misbehave, on demand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures::{StreamExt as _, stream};
use tokio::sync::watch;

use crate::reply::{Reply, with_head};
use crate::request::Request;

const MIB: usize = 1 << 20;

/// One way to misbehave.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answers rightly, but only after this time. Adds up with every other fault.
    Latency(Duration),
    /// Answers rightly, but not before the gate is open.
    Until(Gate),
    /// A status with headers and a short text, instead of the answer.
    Status {
        /// The status code.
        status: u16,
        /// Further headers, for example `retry-after` or `x-ratelimit-reset`.
        headers: Vec<(String, String)>,
        /// The text of the body.
        body: String,
    },
    /// Announces the whole right answer, sends half of it and cuts the connection.
    TruncatedBody,
    /// Takes the request and never answers; the connection is cut when the stand-in is dropped.
    Hang,
    /// Sends the client round and round: `302` to the same path.
    RedirectLoop,
    /// `200` with a web page, as a captive portal or a single-page application gives.
    Html,
    /// `200` with `content-encoding: gzip` and a few megabytes that inflate to this many MiB of
    /// spaces (valid JSON so far). Costs the stand-in next to nothing.
    GzipBomb {
        /// Inflated size in MiB.
        mib: usize,
    },
    /// `200` and a body of this many MiB of spaces, sent without an announced length.
    Oversized {
        /// Size in MiB.
        mib: usize,
    },
    /// `200` with this body instead of the right one, as `application/json`.
    Body(Vec<u8>),
}

impl Fault {
    /// An answer with a status and nothing special.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            headers: Vec::new(),
            body: format!("stand-in says {status}"),
        }
    }

    /// `429` with `Retry-After` in seconds.
    pub fn too_many_requests(retry_after_secs: u64) -> Self {
        Self::Status {
            status: 429,
            headers: vec![("retry-after".into(), retry_after_secs.to_string())],
            body: "Rate limit exceeded".into(),
        }
    }
}

/// What a test holds shut as long as somebody is to wait. Clones share.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Lets everybody through, now and from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    async fn opened(&self) {
        let mut seen = self.0.subscribe();
        // The sender lives as long as this gate does.
        let _ = seen.wait_for(|is_open| *is_open).await;
    }
}

/// The faults of one stand-in; may be changed while it runs. Clones share.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Rule>>>);

#[derive(Clone, Debug)]
struct Rule {
    prefix: String,
    fault: Fault,
    left: Option<usize>,
}

impl Faults {
    /// Misbehaves on every request from now on.
    pub fn everywhere(&self, fault: Fault) {
        self.on("/", fault);
    }

    /// Misbehaves on every request whose path begins with `prefix`.
    pub fn on(&self, prefix: &str, fault: Fault) {
        self.add(prefix, fault, None);
    }

    /// Misbehaves on the next `times` requests whose path begins with `prefix`, then recovers.
    pub fn times(&self, times: usize, prefix: &str, fault: Fault) {
        self.add(prefix, fault, Some(times));
    }

    /// Behaves well from now on.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    fn add(&self, prefix: &str, fault: Fault, left: Option<usize>) {
        self.0.lock().unwrap().push(Rule {
            prefix: prefix.to_owned(),
            fault,
            left,
        });
    }

    /// What to do on a request: all latencies that apply, and the first other fault.
    fn due(&self, path: &str) -> (Duration, Option<Fault>) {
        let mut delay = Duration::ZERO;
        let mut chosen = None;
        for rule in self.0.lock().unwrap().iter_mut() {
            if !path.starts_with(&rule.prefix) || rule.left == Some(0) {
                continue;
            }
            match &rule.fault {
                Fault::Latency(time) => delay += *time,
                Fault::Until(gate) if gate.is_open() => continue,
                other if chosen.is_none() => chosen = Some(other.clone()),
                _ => continue,
            }
            rule.left = rule.left.map(|left| left - 1);
        }
        (delay, chosen)
    }

    pub(crate) async fn apply(&self, request: &Request, right: impl FnOnce() -> Reply) -> Response {
        let (delay, fault) = self.due(&request.path);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match fault {
            None | Some(Fault::Latency(_)) => right().into_response(),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Until(gate)) => {
                gate.opened().await;
                right().into_response()
            }
            Some(Fault::TruncatedBody) => truncated(right()),
            Some(other) => instead(other, request),
        }
    }
}

fn instead(fault: Fault, request: &Request) -> Response {
    match fault {
        Fault::Status {
            status,
            headers,
            body,
        } => {
            let reply = Reply::text(body).status(status);
            headers
                .into_iter()
                .fold(reply, |reply, (name, value)| reply.header(&name, value))
                .into_response()
        }
        Fault::RedirectLoop => Reply::text("")
            .status(302)
            .header("location", request.target())
            .into_response(),
        Fault::Html => Reply::bytes(
            "text/html; charset=utf-8",
            "<!doctype html><title>Sign in</title><p>Please sign in to this network.",
        )
        .into_response(),
        Fault::Body(body) => Reply::bytes("application/json", body).into_response(),
        Fault::GzipBomb { mib } => gzip_bomb(mib),
        Fault::Oversized { mib } => {
            let chunk = Bytes::from(vec![b' '; MIB]);
            json_stream(&[], stream::iter(std::iter::repeat_n(chunk, mib)))
        }
        Fault::Latency(_) | Fault::Until(_) | Fault::Hang | Fault::TruncatedBody => {
            unreachable!("these need the right answer or none, and were taken before")
        }
    }
}

/// Sends half of what is announced, then fails the connection.
fn truncated(right: Reply) -> Response {
    let whole = right.body.len();
    let half = Bytes::from(right.body[..whole / 2].to_vec());
    let end = stream::once(async {
        // Hyper writes what it has when a body makes it wait; only then comes the cut.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut off by the stand-in"))
    });
    let cut = stream::iter([Ok(half)]).chain(end);
    let mut headers = right.headers;
    headers.push(("content-length".into(), whole.to_string()));
    with_head(right.status, &headers, Body::from_stream(cut))
}

/// One deflated block of a MiB of spaces, ended by a full flush, stands for itself and may be
/// repeated: so a bomb of any size is a header, one block many times over, and a trailer.
fn gzip_bomb(mib: usize) -> Response {
    let spaces = vec![b' '; MIB];
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(MIB);
    deflate
        .compress_vec(&spaces, &mut block, FlushCompress::Full)
        .expect("spaces can be deflated");

    let mut part = Crc::new();
    part.update(&spaces);
    let mut whole = Crc::new();
    (0..mib).for_each(|_| whole.combine(&part));

    let head = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    // An empty last block, then the checksum and the size modulo 2^32.
    let mut tail = vec![0x03, 0x00];
    tail.extend(whole.sum().to_le_bytes());
    tail.extend(whole.amount().to_le_bytes());
    let blocks = std::iter::repeat_n(Bytes::from(block), mib);
    let body = std::iter::once(head)
        .chain(blocks)
        .chain(std::iter::once(Bytes::from(tail)));
    json_stream(
        &[("content-encoding".into(), "gzip".into())],
        stream::iter(body),
    )
}

fn json_stream(
    further: &[(String, String)],
    chunks: impl futures::Stream<Item = Bytes> + Send + 'static,
) -> Response {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend_from_slice(further);
    with_head(
        200,
        &headers,
        Body::from_stream(chunks.map(Ok::<_, std::io::Error>)),
    )
}
