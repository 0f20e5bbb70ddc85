//! A GitHub REST API with releases, and the source archives of `codeload`.
//!
//! Shapes and headers as documented for "List releases" and "Get a release by tag name" of the
//! REST API, and for its rate limits (`403`/`429` with `x-ratelimit-*`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::clawhub::zip;
use crate::faults::{Fault, Faults};
use crate::reply::Reply;
use crate::request::{Request, Requests};
use crate::server::{Protocol, Server};

/// GitHub's own default and maximum number of releases on a page.
const PER_PAGE: usize = 30;
const MAX_PER_PAGE: usize = 100;

/// One release.
#[derive(Clone, Debug)]
pub struct Release {
    tag: String,
    body: String,
    prerelease: bool,
    draft: bool,
    published_at: String,
}

impl Release {
    /// A published release of this tag with notes in Markdown.
    pub fn new(tag: &str, body: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            body: body.to_owned(),
            prerelease: false,
            draft: false,
            published_at: "2026-09-01T12:00:00Z".to_owned(),
        }
    }

    /// Marks it a prerelease.
    #[must_use]
    pub fn prerelease(mut self) -> Self {
        self.prerelease = true;
        self
    }

    /// Marks it a draft; the API shows drafts to nobody here.
    #[must_use]
    pub fn draft(mut self) -> Self {
        self.draft = true;
        self
    }

    /// When it was published, RFC 3339.
    #[must_use]
    pub fn published_at(mut self, time: &str) -> Self {
        time.clone_into(&mut self.published_at);
        self
    }

    fn json(&self, repo: &str, id: usize) -> Value {
        json!({
            "id": id,
            "tag_name": self.tag,
            "name": self.tag,
            "body": self.body,
            "draft": self.draft,
            "prerelease": self.prerelease,
            "created_at": self.published_at,
            "published_at": self.published_at,
            "html_url": format!("https://github.com/{repo}/releases/tag/{}", self.tag),
            "assets": [],
        })
    }
}

/// The stand-in; stops when told to or dropped.
#[derive(Debug)]
pub struct Api {
    server: Server,
    state: Arc<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    releases: Mutex<Vec<(String, Release)>>,
    /// Zip files by path.
    sources: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Api {
    /// Starts an API that knows no repository.
    pub fn start() -> Self {
        let state = Arc::new(Shelf::default());
        Self {
            server: Server::start(state.clone()),
            state,
        }
    }

    /// Adds a release to `owner/name`; the last one added is the newest.
    pub fn release(&self, repo: &str, release: Release) -> &Self {
        self.state
            .releases
            .lock()
            .unwrap()
            .insert(0, (repo.to_owned(), release));
        self
    }

    /// Adds the source archive of a commit, with these files in the repository. Clients find it
    /// with `CLAWHUB_GITHUB_CODELOAD_BASE_URL` set to [`Api::url`].
    pub fn source(&self, repo: &str, commit: &str, files: &[(&str, &str)]) -> &Self {
        let name = repo.rsplit('/').next().unwrap_or(repo);
        let inside = files.iter().map(|(path, content)| {
            (
                format!("{name}-{commit}/{path}"),
                content.as_bytes().to_vec(),
            )
        });
        let archive = zip(&inside.collect::<Vec<_>>());
        let path = format!("{repo}/zip/{commit}");
        self.state.sources.lock().unwrap().insert(path, archive);
        self
    }

    /// From now on every request is refused as over the limit, in GitHub's words: `403` with
    /// `x-ratelimit-remaining: 0` and the reset time in seconds since 1970.
    pub fn exhaust_rate_limit(&self, resets_at: u64) {
        self.server.faults().everywhere(Fault::Status {
            status: 403,
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("x-ratelimit-limit".into(), "60".into()),
                ("x-ratelimit-remaining".into(), "0".into()),
                ("x-ratelimit-reset".into(), resets_at.to_string()),
            ],
            body: r#"{"message":"API rate limit exceeded for 127.0.0.1."}"#.into(),
        });
    }

    /// The address to use in place of `https://api.github.com`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Goes down: connections are cut, and further ones refused.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// How it misbehaves.
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// What it was asked.
    pub fn requests(&self) -> &Requests {
        self.server.requests()
    }
}

impl Protocol for Shelf {
    fn answer(&self, request: &Request) -> Reply {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let reply = match parts.as_slice() {
            ["repos", owner, name, "releases"] => self.list(&format!("{owner}/{name}"), request),
            ["repos", owner, name, "releases", "latest"] => {
                self.find(&format!("{owner}/{name}"), |release| !release.prerelease)
            }
            ["repos", owner, name, "releases", "tags", tag] => {
                self.find(&format!("{owner}/{name}"), |release| release.tag == *tag)
            }
            _ => match self.sources.lock().unwrap().get(&parts.join("/")) {
                Some(archive) => Reply::bytes("application/zip", archive.clone()),
                None => not_found(),
            },
        };
        reply
            .header("x-ratelimit-limit", "60")
            .header("x-ratelimit-remaining", "59")
    }
}

impl Shelf {
    fn public(&self, repo: &str) -> Vec<Release> {
        let releases = self.releases.lock().unwrap();
        let public = releases
            .iter()
            .filter(|(of, release)| of == repo && !release.draft);
        public.map(|(_, release)| release.clone()).collect()
    }

    fn list(&self, repo: &str, request: &Request) -> Reply {
        let number = |name: &str| {
            request
                .param(name)
                .and_then(|text| text.parse::<usize>().ok())
        };
        let size = number("per_page")
            .unwrap_or(PER_PAGE)
            .clamp(1, MAX_PER_PAGE);
        let page = number("page").unwrap_or(1).max(1);
        if !self
            .releases
            .lock()
            .unwrap()
            .iter()
            .any(|(of, _)| of == repo)
        {
            return not_found();
        }
        let releases = self.public(repo);
        let shown = releases
            .iter()
            .enumerate()
            .skip((page - 1) * size)
            .take(size);
        let shown: Vec<Value> = shown.map(|(id, release)| release.json(repo, id)).collect();
        let reply = Reply::json(&Value::Array(shown));
        if page * size >= releases.len() {
            return reply;
        }
        let next = format!(
            "{}{}?per_page={size}&page={}",
            request.base(),
            request.path,
            page + 1
        );
        reply.header("link", format!("<{next}>; rel=\"next\""))
    }

    fn find(&self, repo: &str, wanted: impl Fn(&Release) -> bool) -> Reply {
        let releases = self.public(repo);
        let found = releases
            .iter()
            .enumerate()
            .find(|(_, release)| wanted(release));
        found.map_or_else(not_found, |(id, release)| {
            Reply::json(&release.json(repo, id))
        })
    }
}

fn not_found() -> Reply {
    Reply::json(&json!({ "message": "Not Found", "status": "404" })).status(404)
}
