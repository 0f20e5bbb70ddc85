//! A page that the user wants to have answered.

use std::time::Duration;

use exuvia_model::probe::{Answer, Need, Probe};
use exuvia_model::restart::Millis;
use exuvia_model::text;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use regex::Regex;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How much of a page is read, in bytes; the words looked for must be in it.
const MAX_BODY: usize = 256 * 1024;
const HTTP_PORT: u16 = 80;

/// A page, and what it must answer. `http` only: what is on this machine needs no TLS, and what is
/// elsewhere is asked better by a program.
#[derive(Debug, Clone)]
pub struct HttpProbe {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: Uri,
    /// The code that it must answer with.
    pub status: u16,
    /// What its text must match.
    pub body: Option<Regex>,
    /// Whether an install can do without.
    pub need: Need,
    /// How long it may take.
    pub deadline: Duration,
}

impl HttpProbe {
    /// As a probe.
    pub fn probe(&self) -> Probe {
        Probe {
            name: self.name.as_str().into(),
            need: self.need,
            deadline: Millis::from_secs(self.deadline.as_secs()),
        }
    }

    pub(in crate::probe) async fn ask(&self) -> Answer {
        let (code, body) = match self.fetch().await {
            Ok(answer) => answer,
            Err(error) => return self.fail(&format!("{} cannot be asked: {error}", self.url)),
        };
        if code != self.status {
            let words = format!("{} answers {code}, not {}", self.url, self.status);
            return self.fail(&words);
        }
        let body = String::from_utf8_lossy(&body);
        match &self.body {
            Some(wanted) if !wanted.is_match(&body) => self.fail(&format!(
                "{} answers without what matches /{wanted}/: \"{}\"",
                self.url,
                text::one_line(&body, 80)
            )),
            _ => Answer::Pass,
        }
    }

    fn fail(&self, words: &str) -> Answer {
        let remedy = format!("it is a probe of yours, {} in config.toml", self.name);
        Answer::fail(words, &remedy)
    }

    async fn fetch(&self) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let host = self.url.host().unwrap_or_default();
        let port = self.url.port_u16().unwrap_or(HTTP_PORT);
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // The connection is driven beside the request, and ends with this function.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.url.authority().map_or(host, |whole| whole.as_str());
        let request = Request::get(path)
            .header(header::HOST, authority)
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let code = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_BODY)
            .collect()
            .await?;
        Ok((code, body.to_bytes()))
    }
}
