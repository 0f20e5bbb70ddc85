//! A server for backups: restic's REST protocol, version 2, in memory.
//!
//! Like `rest-server` it does not write over what is there. Beside the [`Faults`] of every stand-in
//! it can lie: say that it wrote a file, and lose it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::Requests;
use crate::faults::Faults;
use crate::reply::Reply;
use crate::request::Request;
use crate::server::{Protocol, Server};

const KINDS: [&str; 5] = ["data", "index", "keys", "locks", "snapshots"];

/// A running server with one repository.
#[derive(Debug)]
pub struct RestServer {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    loses: Mutex<Vec<String>>,
    login: Option<String>,
}

impl RestServer {
    /// A server with nothing in it, for everybody.
    pub fn start() -> Self {
        Self::with(Shared::default())
    }

    /// A server for one user.
    pub fn for_user(name: &str, password: &str) -> Self {
        let login = STANDARD.encode(format!("{name}:{password}"));
        Self::with(Shared {
            login: Some(format!("Basic {login}")),
            ..Shared::default()
        })
    }

    fn with(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let server = Server::start(Arc::clone(&shared) as Arc<dyn Protocol>);
        Self { server, shared }
    }

    /// The address of the repository, as restic writes it.
    pub fn repository(&self) -> String {
        format!("rest:{}/", self.server.url())
    }

    /// The requests it received.
    pub fn requests(&self) -> &Requests {
        self.server.requests()
    }

    /// Its faults. Packs are below `/data/`.
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// Says of every file whose path begins so that it was written, and loses it.
    pub fn lose(&self, prefix: &str) {
        self.shared.loses.lock().unwrap().push(prefix.to_owned());
    }

    /// Keeps what is written from now on.
    pub fn lose_nothing(&self) {
        self.shared.loses.lock().unwrap().clear();
    }

    /// All files, by their paths below the repository.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.shared.files.lock().unwrap().clone()
    }

    /// Puts a file there, whatever was there before.
    pub fn put(&self, path: &str, content: Vec<u8>) {
        let mut files = self.shared.files.lock().unwrap();
        files.insert(path.to_owned(), content);
    }

    /// Takes a file away.
    pub fn take(&self, path: &str) -> Option<Vec<u8>> {
        self.shared.files.lock().unwrap().remove(path)
    }

    /// How many bytes were sent to it in files whose path begins so.
    pub fn received(&self, prefix: &str) -> u64 {
        let requests = self.requests().to(&format!("/{prefix}"));
        let posted = requests.iter().filter(|one| one.method == "POST");
        posted.map(|one| one.body.len() as u64).sum()
    }
}

impl Shared {
    fn list(&self, kind: &str) -> Reply {
        let files = self.files.lock().unwrap();
        let of_kind = files.iter().filter_map(|(path, content)| {
            let name = path.strip_prefix(kind)?.strip_prefix('/')?;
            Some(json!({ "name": name, "size": content.len() }))
        });
        let listed: Vec<_> = of_kind.collect();
        Reply::bytes(
            "application/vnd.x.restic.rest.v2",
            serde_json::Value::from(listed).to_string(),
        )
    }

    fn get(&self, path: &str, request: &Request) -> Reply {
        let files = self.files.lock().unwrap();
        let Some(content) = files.get(path) else {
            return Reply::not_found();
        };
        let Some(range) = request.header("range") else {
            return Reply::bytes("application/octet-stream", content.clone());
        };
        match part(range, content) {
            Some(part) => Reply::bytes("application/octet-stream", part).status(206),
            None => Reply::text("no such range").status(416),
        }
    }

    fn post(&self, path: &str, request: &Request) -> Reply {
        let loses = self.loses.lock().unwrap();
        if loses.iter().any(|prefix| path.starts_with(prefix)) {
            return Reply::text("");
        }
        let mut files = self.files.lock().unwrap();
        if files.contains_key(path) {
            return Reply::text("Forbidden").status(403);
        }
        files.insert(path.to_owned(), request.body.clone());
        Reply::text("")
    }

    fn delete(&self, path: &str) -> Reply {
        match self.files.lock().unwrap().remove(path) {
            Some(_) => Reply::text(""),
            None => Reply::not_found(),
        }
    }
}

/// The part of a file that a header asks for; restic's clients name both ends.
fn part(range: &str, content: &[u8]) -> Option<Vec<u8>> {
    let (start, end) = range.strip_prefix("bytes=")?.split_once('-')?;
    let start: usize = start.parse().ok()?;
    let end = match end {
        "" => content.len(),
        end => end.parse::<usize>().ok()?.checked_add(1)?,
    };
    content
        .get(start..end.min(content.len()))
        .map(<[u8]>::to_vec)
}

impl Protocol for Shared {
    fn answer(&self, request: &Request) -> Reply {
        if self
            .login
            .as_deref()
            .is_some_and(|login| request.header("authorization") != Some(login))
        {
            return Reply::text("Unauthorized").status(401);
        }
        let path = request.path.trim_start_matches('/');
        let kind = path.strip_suffix('/').filter(|kind| KINDS.contains(kind));
        match (request.method.as_str(), kind) {
            ("POST", _) if path.is_empty() => Reply::text(""),
            ("GET", Some(kind)) => self.list(kind),
            ("GET" | "HEAD", None) => self.get(path, request),
            ("POST", None) => self.post(path, request),
            ("DELETE", None) => self.delete(path),
            _ => Reply::text("Method not allowed").status(405),
        }
    }
}
