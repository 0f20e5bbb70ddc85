//! One question to a source.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::hash::sha256_hex;
use crate::{SourceError, redact};

/// Most bytes of an ordinary JSON document.
const MAX_DOCUMENT: u64 = 8 << 20;

/// What the answer should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A JSON document: a web page instead is recognised as one.
    Json,
    /// A text, web pages included.
    Text,
    /// An archive, which may take longer.
    Archive,
}

/// What is asked, of whom, and how much may come back.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) url: Url,
    pub(crate) accept: &'static str,
    pub(crate) authorization: Option<SecretString>,
    /// Posted as JSON when given.
    pub(crate) body: Option<String>,
    /// Bytes of the body, after decompression.
    pub(crate) max: u64,
    pub(crate) expect: Expect,
}

impl Ask {
    /// A JSON document of at most 8 MiB.
    pub(crate) fn json(url: Url) -> Self {
        Self {
            url,
            accept: "application/json",
            authorization: None,
            body: None,
            max: MAX_DOCUMENT,
            expect: Expect::Json,
        }
    }

    /// A text of at most 8 MiB.
    pub(crate) fn text(url: Url) -> Self {
        Self {
            accept: "text/markdown, text/plain;q=0.9, */*;q=0.5",
            expect: Expect::Text,
            ..Self::json(url)
        }
    }

    /// An archive of at most `max` bytes.
    pub(crate) fn archive(url: Url, max: u64) -> Self {
        Self {
            accept: "*/*",
            max,
            expect: Expect::Archive,
            ..Self::json(url)
        }
    }

    pub(crate) fn authorized(mut self, header: Option<SecretString>) -> Self {
        self.authorization = header;
        self
    }

    pub(crate) fn at_most(mut self, bytes: u64) -> Self {
        self.max = bytes;
        self
    }

    pub(crate) fn accepting(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    pub(crate) fn posting(mut self, json: String) -> Self {
        self.body = Some(json);
        self
    }

    /// The address to show.
    pub(crate) fn shown(&self) -> String {
        redact::url(&self.url)
    }

    /// The name of the answer in the cache. Answers to other credentials have other names.
    pub(crate) fn key(&self, kind: &str) -> String {
        let secret = self
            .authorization
            .as_ref()
            .map_or("", |auth| auth.expose_secret());
        let body = self.body.as_deref().unwrap_or_default();
        let all = format!("{kind}\n{}\n{}\n{secret}\n{body}", self.url, self.accept);
        sha256_hex(all.as_bytes())
    }

    pub(super) fn authorization_header(&self) -> Result<Option<HeaderValue>, SourceError> {
        let Some(secret) = &self.authorization else {
            return Ok(None);
        };
        let mut header =
            HeaderValue::from_str(secret.expose_secret()).map_err(|_| SourceError::Refused {
                what: format!("the token for {}", self.shown()),
                reason: "it has characters that no token has".to_owned(),
            })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}
