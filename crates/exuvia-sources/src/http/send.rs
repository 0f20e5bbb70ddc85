//! One request and its answer.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::body::{Broken, channel, feed, web_page};
use super::client::{innermost, is_distrust, with_advice};
use super::{Ask, Body, Expect, Http, retry};
use crate::{SourceError, redact};

/// By what a later request can ask whether anything changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
}

/// What came back.
pub(super) enum Answer<T> {
    Unchanged,
    New(T, Validators),
}

/// What came back instead, and whether another try makes sense.
pub(super) struct Failure {
    pub(super) error: SourceError,
    pub(super) again: Again,
}

pub(super) enum Again {
    No,
    Yes { after: Option<Duration> },
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self {
            error,
            again: Again::No,
        }
    }
}

impl Http {
    pub(super) async fn once<T, F>(
        &self,
        ask: &Ask,
        known: Option<&Validators>,
        read: Arc<F>,
    ) -> Result<Answer<T>, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, SourceError> + Send + Sync + 'static,
    {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        let request = self.request(ask, known)?;
        let response = request
            .send()
            .await
            .map_err(|error| self.not_sent(ask, &error))?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Answer::Unchanged);
        }
        self.check_status(ask, &response)?;
        let is_json = ask.expect == Expect::Json;
        if is_json
            && header(response.headers(), &CONTENT_TYPE).is_some_and(|t| t.starts_with("text/html"))
        {
            let url = ask.shown();
            return Err(SourceError::NotJson {
                url,
                reason: web_page(),
            }
            .into());
        }
        let validators = Validators {
            etag: header(response.headers(), &ETAG),
            last_modified: header(response.headers(), &LAST_MODIFIED),
        };
        let value = self.through(ask, response, read).await?;
        Ok(Answer::New(value, validators))
    }

    fn request(
        &self,
        ask: &Ask,
        known: Option<&Validators>,
    ) -> Result<RequestBuilder, SourceError> {
        let options = &self.0.options;
        let timeout = if ask.expect == Expect::Archive {
            options.archive_timeout
        } else {
            options.timeout
        };
        let mut request = match &ask.body {
            None => self.0.client.get(ask.url.clone()),
            Some(json) => self
                .0
                .client
                .post(ask.url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(json.clone()),
        };
        request = request.timeout(timeout).header(ACCEPT, ask.accept);
        if let Some(authorization) = ask.authorization_header()? {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(etag) = known.and_then(|known| known.etag.as_ref()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(date) = known.and_then(|known| known.last_modified.as_ref()) {
            request = request.header(IF_MODIFIED_SINCE, date);
        }
        Ok(request)
    }

    /// Reads a body on a thread that may block, while it arrives here.
    async fn through<T, F>(&self, ask: &Ask, response: Response, read: Arc<F>) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, SourceError> + Send + Sync + 'static,
    {
        let (sender, mut body): (_, Body) = channel();
        let reading = tokio::task::spawn_blocking(move || read(&mut body));
        let shown = ask.shown();
        let fed = feed(
            response,
            ask.max,
            ask.expect == Expect::Json,
            &shown,
            sender,
        )
        .await;
        let made = reading.await.map_err(|_| SourceError::NotJson {
            url: shown.clone(),
            reason: "reading it was interrupted".to_owned(),
        })?;
        match fed {
            Ok(()) => made.map_err(Failure::from),
            Err(Broken::Useless(error)) => Err(error.into()),
            Err(Broken::Cut(error)) => Err(self.not_sent(ask, &error)),
        }
    }

    fn check_status(&self, ask: &Ask, response: &Response) -> Result<(), Failure> {
        let url = ask.shown();
        let status = response.status();
        let after = self.retry_after(response.headers());
        if status.is_success() {
            return Ok(());
        }
        let out_of_turns = header(response.headers(), &REMAINING).as_deref() == Some("0");
        Err(match status.as_u16() {
            404 | 410 => SourceError::NotFound { url }.into(),
            429 => Failure {
                error: SourceError::RateLimited {
                    url,
                    retry_after: after,
                },
                again: Again::Yes { after },
            },
            403 if out_of_turns => SourceError::RateLimited {
                url,
                retry_after: after,
            }
            .into(),
            status @ 500.. => Failure {
                error: SourceError::Status { url, status },
                again: Again::Yes { after },
            },
            status => SourceError::Status { url, status }.into(),
        })
    }

    /// `Retry-After`, or GitHub's time of day at which its limit is lifted.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let now = self.0.host.now();
        if let Some(text) = header(headers, &RETRY_AFTER) {
            return retry::retry_after(&text, now);
        }
        let at: i64 = header(headers, &RESET)?.parse().ok()?;
        let seconds = at.checked_sub(now.as_second())?;
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }

    fn not_sent(&self, ask: &Ask, error: &reqwest::Error) -> Failure {
        let url = ask.shown();
        let said = redact::text(&innermost(error));
        let reason = with_advice(&said);
        if error.is_redirect() {
            return SourceError::Refused { what: url, reason }.into();
        }
        if error.is_timeout() {
            let after = if error.is_connect() {
                self.0.options.connect_timeout
            } else {
                self.0.options.timeout
            };
            // Waiting that long again would only make everybody wait.
            return SourceError::TimedOut { url, after }.into();
        }
        let error = SourceError::Unreachable { url, reason };
        if is_distrust(&said) {
            return error.into();
        }
        Failure {
            error,
            again: Again::Yes { after: None },
        }
    }
}

/// From the REST API's "Rate limits": requests left, and when there will be more (seconds since
/// 1970).
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
