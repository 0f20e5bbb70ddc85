//! HTTP, asked politely and read carefully.
//!
//! One [`Http`] serves all sources of a run. It limits how many requests a host sees at once,
//! waits where it is told to, gives up on hosts that do not answer, revalidates what it already
//! knows, and reads every body through a limit.

mod ask;
mod body;
mod cache;
mod client;
mod fetch;
mod hosts;
mod network;
mod proxy;
mod retry;
mod send;
mod site;
mod tls;

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exuvia_host::Host;
use jiff::Timestamp;
use url::Url;

use crate::{SourceError, npm, redact};

pub(crate) use ask::{Ask, Expect};
pub(crate) use body::Body;
use cache::Cache;
use hosts::Hosts;
pub use network::Network;

/// How to ask.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where answers are kept, below Exuvia's own home.
    pub cache_dir: PathBuf,
    /// Answer from what is kept and ask nobody.
    pub offline: bool,
    /// Requests that one host sees at the same time.
    pub per_host: usize,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a document may take, from the first byte asked to the last one answered.
    pub timeout: Duration,
    /// How long an archive may take; it must also never pause for longer than `timeout`.
    pub archive_timeout: Duration,
}

impl HttpOptions {
    /// The usual: online, 32 requests a host, 10 s to connect, 30 s a document, 5 min an archive.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            cache_dir: cache_dir.into(),
            offline: false,
            per_host: 32,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            archive_timeout: Duration::from_mins(5),
        }
    }
}

/// The way to every HTTP source. Clones share everything.
///
/// What was learnt is written to the cache by [`Http::flush`], or when the last clone goes.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    host: Arc<dyn Host>,
    client: reqwest::Client,
    options: HttpOptions,
    hosts: Hosts,
    cache: Cache,
    requests: AtomicU64,
    oldest_unasked: Mutex<Option<Timestamp>>,
}

impl Http {
    /// Sets up certificates and proxies: those of the machine, its environment and `.npmrc`.
    pub fn new(
        host: Arc<dyn Host>,
        options: HttpOptions,
        npmrc: &npm::Config,
    ) -> Result<Self, SourceError> {
        let client = client::build(host.as_ref(), &options, npmrc.network())?;
        let cache = Cache::new(host.clone(), options.cache_dir.join("http"));
        Ok(Self(Arc::new(Inner {
            client,
            hosts: Hosts::new(options.per_host),
            cache,
            options,
            host,
            requests: AtomicU64::new(0),
            oldest_unasked: Mutex::new(None),
        })))
    }

    /// Age of the oldest answer that was taken from the cache without asking. `None` when every
    /// answer is of this run.
    pub fn oldest_unasked(&self) -> Option<Duration> {
        let oldest = *self.0.oldest();
        let age = self.0.host.now().duration_since(oldest?);
        // A clock that went back makes it brand-new.
        Some(Duration::try_from(age).unwrap_or_default())
    }

    /// How many requests were sent, repetitions included, redirects not.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Whether nobody may be asked.
    pub fn is_offline(&self) -> bool {
        self.0.options.offline
    }

    /// A text, such as a changelog that a package names: at most 8 MiB, bytes that are not UTF-8
    /// replaced, revalidated if it is known already.
    pub async fn text(&self, url: &str) -> Result<String, SourceError> {
        let refused = || SourceError::Refused {
            what: redact::text(url),
            reason: "it is no web address".to_owned(),
        };
        let address: Url = url.parse().map_err(|_| refused())?;
        if !matches!(address.scheme(), "http" | "https") {
            return Err(refused());
        }
        let read = |body: &mut dyn Read| {
            let mut bytes = Vec::new();
            body.read_to_end(&mut bytes)
                .map_err(|error| error.to_string())?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let ask = Ask::text(address);
        self.distilled(&ask, "text-1", |_: &String| true, read)
            .await
    }

    /// Writes what was learnt to the cache. A cache that cannot be written costs time in the next
    /// run and nothing else.
    pub fn flush(&self) {
        self.0.cache.flush(self.0.host.now());
    }

    pub(crate) fn host(&self) -> &Arc<dyn Host> {
        &self.0.host
    }

    pub(crate) fn options(&self) -> &HttpOptions {
        &self.0.options
    }

    /// Notes that an answer was used that nobody confirmed in this run.
    pub(crate) fn used_unasked(&self, fetched_at: Timestamp) {
        let mut oldest = self.0.oldest();
        *oldest = Some(oldest.map_or(fetched_at, |oldest| oldest.min(fetched_at)));
    }
}

impl Inner {
    fn oldest(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.oldest_unasked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.cache.flush(self.host.now());
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("options", &self.0.options)
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}
