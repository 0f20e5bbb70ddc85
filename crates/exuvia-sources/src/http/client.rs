//! Sending, and sending again.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use exuvia_host::Host;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::body::{Broken, channel, feed, web_page};
use super::cache::Entry;
use super::site::Site;
use super::{Ask, Body, Expect, Http, HttpOptions, Network, proxy, retry, tls};
use crate::{SourceError, redact};

const MAX_REDIRECTS: usize = 5;
const AGENT: &str = concat!("exuvia/", env!("CARGO_PKG_VERSION"));

/// By what a later request can ask whether anything changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
}

enum Answer<T> {
    Unchanged,
    New(T, Validators),
}

struct Failure {
    error: SourceError,
    again: Again,
}

enum Again {
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

pub(super) fn build(
    host: &dyn Host,
    options: &HttpOptions,
    network: &Network,
) -> Result<Client, SourceError> {
    // Somebody else in this process may have installed it; it is the same one then.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.timeout)
        .redirect(Policy::custom(follow))
        .referer(false)
        .tls_certs_merge(tls::extra_certificates(host, network)?)
        .no_proxy();
    for proxy in proxy::proxies(host, network)? {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| SourceError::Setup {
        reason: innermost(&error),
    })
}

/// Never from TLS to plain text. reqwest itself drops credentials when the origin changes.
fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let from_tls = attempt
        .previous()
        .last()
        .is_some_and(|url| url.scheme() == "https");
    if from_tls && attempt.url().scheme() != "https" {
        attempt.error("it redirects from https to an address that is not encrypted")
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("it redirects more than 5 times")
    } else {
        attempt.follow()
    }
}

impl Http {
    /// A JSON document, revalidated if it is known already.
    pub(crate) async fn json<T>(&self, ask: &Ask, kind: &str) -> Result<T, SourceError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        self.distilled(ask, kind, |_: &T| true, parse).await
    }

    /// What `distil` makes of a JSON document. Only that is kept, and revalidated next time if it
    /// still `suits`.
    pub(crate) async fn distilled<T, F>(
        &self,
        ask: &Ask,
        kind: &str,
        suits: impl Fn(&T) -> bool,
        distil: F,
    ) -> Result<T, SourceError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, String> + Send + Sync + 'static,
    {
        let key = ask.key(kind);
        let known = self.known(ask, &key).filter(|(_, value)| suits(value));
        if self.is_offline() {
            let (entry, value) = known.ok_or_else(|| SourceError::Offline { url: ask.shown() })?;
            self.used_unasked(entry.fetched_at);
            return Ok(value);
        }
        let shown = ask.shown();
        let read = move |body: &mut dyn Read| {
            distil(body).map_err(|reason| SourceError::NotJson {
                url: shown.clone(),
                reason,
            })
        };
        let validators = known.as_ref().map(|(entry, _)| entry.validators.clone());
        let now = self.0.host.now();
        match (self.fetch(ask, validators, Arc::new(read)).await?, known) {
            (Answer::New(value, validators), _) => {
                self.0
                    .cache
                    .put(&ask.url, key, Entry::new(validators, now, &value));
                Ok(value)
            }
            (Answer::Unchanged, Some((_, value))) => {
                self.0.cache.confirm(&ask.url, &key, now);
                Ok(value)
            }
            (Answer::Unchanged, None) => Err(SourceError::Status {
                url: ask.shown(),
                status: 304,
            }),
        }
    }

    fn known<T: DeserializeOwned>(&self, ask: &Ask, key: &str) -> Option<(Entry, T)> {
        let entry = self.0.cache.get(&ask.url, key)?;
        // What an older Exuvia kept in another shape is as good as nothing.
        let value = serde_json::from_str(&entry.value).ok()?;
        Some((entry, value))
    }

    /// What `read` makes of a body. Nothing is kept.
    pub(crate) async fn read<T, F>(&self, ask: &Ask, read: F) -> Result<T, SourceError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, SourceError> + Send + Sync + 'static,
    {
        match self.fetch(ask, None, Arc::new(read)).await? {
            Answer::New(value, _) => Ok(value),
            Answer::Unchanged => Err(SourceError::Status {
                url: ask.shown(),
                status: 304,
            }),
        }
    }

    async fn fetch<T, F>(
        &self,
        ask: &Ask,
        known: Option<Validators>,
        read: Arc<F>,
    ) -> Result<Answer<T>, SourceError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Read) -> Result<T, SourceError> + Send + Sync + 'static,
    {
        let shown = ask.shown();
        if self.is_offline() {
            return Err(SourceError::Offline { url: shown });
        }
        let site = self.0.hosts.of(&ask.url);
        let _turn = site.enter(&shown).await?;
        let mut tries = 0;
        loop {
            self.wait_for_quiet(&site).await;
            // Others may have given the host up in the meantime.
            site.still_asked(&shown)?;
            tries += 1;
            let failure = match self.once(ask, known.as_ref(), read.clone()).await {
                Ok(answer) => {
                    site.answered();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let pause = match failure.again {
                Again::Yes { after } => retry::pause(tries, after, self.jitter()),
                Again::No => None,
            };
            let Some(pause) = pause else {
                site.gave_up(&failure.error);
                return Err(failure.error);
            };
            if matches!(failure.error, SourceError::RateLimited { .. }) {
                // Whoever is next must not ask in the meantime either.
                site.be_quiet_until(self.0.host.elapsed() + pause);
            } else {
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn wait_for_quiet(&self, site: &Site) {
        while let Some(left) = site.quiet_for(self.0.host.elapsed()) {
            tokio::time::sleep(left).await;
        }
    }

    /// Anything that differs between requests that failed at the same moment.
    fn jitter(&self) -> f64 {
        let nanos = self.0.host.elapsed().subsec_nanos() % 1000;
        f64::from(nanos) / 1000.0
    }

    async fn once<T, F>(
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
        let reason = redact::text(&innermost(error));
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
        Failure {
            error: SourceError::Unreachable { url, reason },
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

fn parse<T: DeserializeOwned>(body: &mut dyn Read) -> Result<T, String> {
    serde_json::from_reader(std::io::BufReader::new(body)).map_err(|error| error.to_string())
}

/// The cause under all causes, which is the one that says something. Never the address.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
