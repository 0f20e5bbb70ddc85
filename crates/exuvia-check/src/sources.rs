//! All the sources that a check asks, opened once.

use std::sync::Arc;

use exuvia_host::{Home, Host};
use exuvia_sources::clawhub::ClawHub;
use exuvia_sources::git::Git;
use exuvia_sources::github::GitHub;
use exuvia_sources::npm::{self, Npm};
use exuvia_sources::{Http, HttpOptions, SourceError};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use url::Url;

/// How many gits run at once: each is a process with connections of its own.
const GITS_AT_ONCE: usize = 4;
/// How many requests one host sees at the same time: what RFC 9113 (section 6.5.2) would have every
/// HTTP/2 server grant one client at least.
const REQUESTS_AT_ONCE: usize = 100;
/// How many MiB of archives are held in memory at once.
const ARCHIVE_MIB: u32 = 96;
/// How many archives are looked into at once: it is all computing, and each thread that does it
/// keeps the rules' own working memory.
const LOOKS_AT_ONCE: usize = 2;
/// What an archive of unknown size is taken for: as much as is kept of the largest.
pub(crate) const UNKNOWN_ARCHIVE: u64 = 64 * 1024 * 1024;

/// The sources of one check.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) http: Http,
    pub(crate) npm: Npm,
    pub(crate) github: GitHub,
    git: Arc<Git>,
    gits: Semaphore,
    archives: Semaphore,
    looks: Semaphore,
    clawhub: Option<Url>,
    /// The registry behind a site that the environment names, asked for once.
    discovered: OnceCell<ClawHub>,
}

impl Sources {
    pub(crate) fn open(
        host: Arc<dyn Host>,
        home: &Home,
        offline: bool,
    ) -> Result<Self, SourceError> {
        let cache = home.cache();
        let config = npm::Config::load(&*host, &cache)?;
        let mut options = HttpOptions::new(cache.join("http"));
        options.offline = offline;
        options.per_host = REQUESTS_AT_ONCE;
        let http = Http::new(host.clone(), options, &config)?;
        Ok(Self {
            npm: Npm::new(http.clone(), config),
            github: GitHub::new(http.clone(), GitHub::api_from_env(&*host)),
            git: Arc::new(Git::new(host.clone(), cache.join("git")).offline(offline)),
            gits: Semaphore::new(GITS_AT_ONCE),
            looks: Semaphore::new(LOOKS_AT_ONCE),
            archives: Semaphore::new(ARCHIVE_MIB as usize),
            clawhub: ClawHub::base_from_env(&*host),
            discovered: OnceCell::new(),
            http,
            host,
        })
    }

    /// The registry to ask for a skill: the one that the environment names, as both clients take
    /// it, else the one that the skill's record names.
    pub(crate) async fn clawhub(&self, recorded: Option<&str>) -> Result<ClawHub, String> {
        if let Some(site) = &self.clawhub {
            let discover = || ClawHub::discover(self.http.clone(), site.clone());
            return Ok(self.discovered.get_or_init(discover).await.clone());
        }
        let recorded =
            recorded.ok_or("no registry is recorded for it; set OPENCLAW_CLAWHUB_URL")?;
        Ok(ClawHub::new(self.http.clone(), registry_address(recorded)?))
    }

    /// Runs git aside, so that the other sources are asked meanwhile.
    pub(crate) async fn git<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Git) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        // A semaphore that nobody closes always gives its permit.
        let _permit = self.gits.acquire().await;
        let git = self.git.clone();
        aside(move || act(&git)).await?
    }

    /// Waits for a turn to hold an archive of this many bytes in memory.
    pub(crate) async fn archive_turn(&self, bytes: u64) -> Option<SemaphorePermit<'_>> {
        let mib = u32::try_from(bytes / (1024 * 1024))
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.archives.acquire_many(mib.min(ARCHIVE_MIB)).await.ok()
    }
}

impl Sources {
    /// Runs something that computes for long on a thread of its own, when it is its turn.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SourceError> {
        let _permit = self.looks.acquire().await;
        aside(act).await
    }
}

/// Runs something that blocks on a thread of its own.
pub(crate) async fn aside<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(act)
        .await
        .map_err(|error| SourceError::Setup {
            reason: format!("a background task ended early: {error}"),
        })
}

/// A registry's address as a skill's record has it: a record is a file that anybody may have
/// written.
fn registry_address(recorded: &str) -> Result<Url, String> {
    let url: Url = recorded
        .parse()
        .map_err(|error| format!("the registry recorded for it is no address: {error}"))?;
    if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() {
        Ok(url)
    } else {
        Err(format!(
            "the registry recorded for it is no web address: {}",
            url.scheme()
        ))
    }
}
