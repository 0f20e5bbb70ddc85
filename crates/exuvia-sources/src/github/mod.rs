//! GitHub: what a repository says of its releases.

mod slug;
mod tag;

use exuvia_host::Host;
use exuvia_model::Version;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::Ask;
use crate::{Http, SourceError};

pub use slug::slug_of;
pub use tag::version_of_tag;

/// Releases on one page, and pages that are read. Notes can be long: these are at most some
/// megabytes.
const PER_PAGE: usize = 50;
const MAX_PAGES: usize = 5;
const MAX_PAGE: u64 = 16 << 20;
/// Characters of one release's notes that are kept.
const MAX_BODY: usize = 64 * 1024;

/// The REST API.
#[derive(Debug, Clone)]
pub struct GitHub {
    http: Http,
    api: Result<Url, SourceError>,
    token: Option<SecretString>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its tag.
    pub tag: String,
    /// The version that the tag stands for.
    pub version: Version,
    /// Its page.
    pub url: String,
    /// Its notes in Markdown, as their writer left them.
    pub body: String,
    /// When it was published.
    pub published_at: Option<Timestamp>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Wire {
    tag_name: String,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    published_at: Option<Timestamp>,
}

impl GitHub {
    /// The API at `api`, with the token that the environment holds for it (`GITHUB_TOKEN`,
    /// `GH_TOKEN`). The token is sent to that origin alone.
    ///
    /// Where there is no such address, that is the answer to every question, so that a wrong
    /// setting costs nobody else's answers.
    pub fn new(http: Http, api: Result<Url, SourceError>) -> Self {
        let token = ["GITHUB_TOKEN", "GH_TOKEN"]
            .iter()
            .find_map(|name| http.host().env(name)?.into_string().ok())
            .map(|token| format!("Bearer {}", token.trim()).into());
        Self { http, api, token }
    }

    /// `$EXUVIA_GITHUB_API_URL`, for GitHub Enterprise and for tests, else GitHub's own.
    pub fn api_from_env(host: &dyn Host) -> Result<Url, SourceError> {
        let named = host
            .env("EXUVIA_GITHUB_API_URL")
            .and_then(|url| url.into_string().ok());
        let url = named.as_deref().unwrap_or("https://api.github.com");
        url.parse().map_err(|_| no_address())
    }

    /// Owner and name of a repository, from its address.
    pub fn slug_of(repository_url: &str) -> Option<(String, String)> {
        slug_of(repository_url)
    }

    /// The releases above `from`, up to `to`, newest version first.
    ///
    /// Pages are read, newest first, until one has `from` or nothing above it, at most five.
    /// `tag_hint` is the package's name: in a repository with several packages it tells whose
    /// release a tag such as `@acme/demo@1.2.0` is.
    pub async fn releases(
        &self,
        owner: &str,
        repo: &str,
        from: &Version,
        to: &Version,
        tag_hint: Option<&str>,
    ) -> Result<Vec<Release>, SourceError> {
        let mut releases = Vec::new();
        for page in 1..=MAX_PAGES {
            let wire = self.page(owner, repo, page).await?;
            let is_full = wire.len() >= PER_PAGE;
            let of_page: Vec<Release> = wire
                .into_iter()
                .filter(|release| !release.draft)
                .filter_map(|release| release.into_release(tag_hint))
                .collect();
            let is_past = of_page.iter().any(|release| &release.version == from)
                || (!of_page.is_empty() && of_page.iter().all(|release| &release.version < from));
            releases.extend(of_page);
            if is_past || !is_full {
                break;
            }
        }
        releases.retain(|release| &release.version > from && &release.version <= to);
        releases.sort_by(|a, b| b.version.cmp(&a.version));
        releases.dedup_by(|a, b| a.version == b.version);
        Ok(releases)
    }

    async fn page(&self, owner: &str, repo: &str, page: usize) -> Result<Vec<Wire>, SourceError> {
        let mut url = self.api.clone()?;
        url.path_segments_mut()
            .map_err(|()| no_address())?
            .pop_if_empty()
            .extend(["repos", owner, repo, "releases"]);
        url.query_pairs_mut()
            .append_pair("per_page", &PER_PAGE.to_string())
            .append_pair("page", &page.to_string());
        let ask = Ask::json(url)
            .accepting("application/vnd.github+json")
            .authorized(self.token.clone())
            .at_most(MAX_PAGE);
        self.http.json(&ask, "github-releases-1").await
    }
}

fn no_address() -> SourceError {
    SourceError::Refused {
        what: "EXUVIA_GITHUB_API_URL".to_owned(),
        reason: "it is no http address".to_owned(),
    }
}

impl Wire {
    fn into_release(self, tag_hint: Option<&str>) -> Option<Release> {
        let version = version_of_tag(&self.tag_name, tag_hint)?;
        let mut body = self.body.unwrap_or_default();
        if let Some((end, _)) = body.char_indices().nth(MAX_BODY) {
            body.truncate(end);
        }
        Some(Release {
            tag: self.tag_name,
            version,
            url: self.html_url,
            body,
            published_at: self.published_at,
        })
    }
}
