//! An npm registry for scripted packages.
//!
//! Speaks what `npm`, OpenClaw and Exuvia ask: packuments (full and abbreviated, conditional or
//! not), tarballs, `/-/npm/v1/keys`, `/-/npm/v1/attestations/<name>@<version>`, `/-/ping`.
//! Shapes as in the npm registry's documentation ("package metadata", "registry signatures").

mod package;
mod packument;
mod signing;
mod tarball;

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub use package::{Package, Release};
pub use signing::Signing;

use crate::faults::Faults;
use crate::reply::Reply;
use crate::request::{Request, Requests};
use crate::server::{Protocol, Server};
use packument::Form;
use signing::Signer;

/// The stand-in; stops when told to or dropped.
#[derive(Debug)]
pub struct Registry {
    server: Server,
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    signer: Signer,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    packages: Vec<Package>,
    signing: Signing,
    etags: bool,
    abbreviated: bool,
    token: Option<String>,
}

impl Registry {
    /// Starts an empty registry that signs rightly, sends `ETag`s and knows the abbreviated form.
    pub fn start() -> Self {
        let state = State {
            packages: Vec::new(),
            signing: Signing::Good,
            etags: true,
            abbreviated: true,
            token: None,
        };
        let shelf = Arc::new(Shelf {
            signer: Signer::generate(),
            state: Mutex::new(state),
        });
        Self {
            server: Server::start(shelf.clone()),
            shelf,
        }
    }

    /// Publishes a package, in place of one of the same name.
    pub fn publish(&self, package: Package) -> &Self {
        let mut state = self.shelf.state();
        state.packages.retain(|other| other.name != package.name);
        state.packages.push(package);
        drop(state);
        self
    }

    /// How releases are signed that say nothing else of themselves.
    pub fn signing(&self, signing: Signing) -> &Self {
        self.shelf.state().signing = signing;
        self
    }

    /// Behaves like a mirror: no signatures, no keys, no `ETag`, no abbreviated packuments.
    pub fn like_a_mirror(&self) -> &Self {
        let mut state = self.shelf.state();
        state.signing = Signing::NoKeys;
        state.etags = false;
        state.abbreviated = false;
        drop(state);
        self
    }

    /// Whether packuments carry an `ETag` and conditional requests are answered `304`.
    pub fn etags(&self, on: bool) -> &Self {
        self.shelf.state().etags = on;
        self
    }

    /// Whether `Accept: application/vnd.npm.install-v1+json` gets the abbreviated form.
    pub fn abbreviated(&self, on: bool) -> &Self {
        self.shelf.state().abbreviated = on;
        self
    }

    /// Answers `401` to whatever does not carry `Authorization: Bearer <token>`.
    pub fn require_token(&self, token: &str) -> &Self {
        self.shelf.state().token = Some(token.to_owned());
        self
    }

    /// The tarball of a release, exactly as served.
    pub fn tarball(&self, name: &str, version: &str) -> Option<Vec<u8>> {
        let state = self.shelf.state();
        let package = state.packages.iter().find(|package| package.name == name)?;
        package.find(version).map(|release| release.tarball(name))
    }

    /// The registry's address, for `registry=` in `.npmrc` or `npm_config_registry`.
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

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Protocol for Shelf {
    fn answer(&self, request: &Request) -> Reply {
        let state = self.state();
        let bearer = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        if state
            .token
            .as_deref()
            .is_some_and(|token| bearer != Some(token))
        {
            return Reply::json(&json!({ "error": "Unauthorized" })).status(401);
        }
        let path = request.segments().join("/");
        match path.as_str() {
            "-/ping" => Reply::json(&json!({})),
            "-/npm/v1/keys" => self.keys(state.signing),
            _ => match path.strip_prefix("-/npm/v1/attestations/") {
                Some(spec) => state.attestations(spec),
                None => state.package(&path, request, &self.signer),
            },
        }
    }
}

impl Shelf {
    fn keys(&self, signing: Signing) -> Reply {
        match signing {
            Signing::NoKeys => not_found(),
            Signing::Good | Signing::Bad | Signing::Missing => Reply::json(&self.signer.keys()),
        }
    }
}

impl State {
    fn attestations(&self, spec: &str) -> Reply {
        let found = spec.rsplit_once('@').and_then(|(name, version)| {
            let package = self.packages.iter().find(|package| package.name == name)?;
            package.find(version)?.attestations.clone()
        });
        found.map_or_else(not_found, |attestations: Value| Reply::json(&attestations))
    }

    fn package(&self, path: &str, request: &Request, signer: &Signer) -> Reply {
        if let Some((name, file)) = path.split_once("/-/") {
            return self.tarball(name, file);
        }
        let Some(package) = self.packages.iter().find(|package| package.name == path) else {
            return not_found();
        };
        let wants_short = request
            .header("accept")
            .is_some_and(|accept| accept.contains("application/vnd.npm.install-v1+json"));
        let form = if wants_short && self.abbreviated {
            Form::Abbreviated
        } else {
            Form::Full
        };
        let body = packument::render(package, form, &request.base(), |release| {
            signer.signatures(package, release, release.signing.unwrap_or(self.signing))
        });
        self.conditional(request, form, body.to_string())
    }

    fn conditional(&self, request: &Request, form: Form, body: String) -> Reply {
        let etag = format!("\"{}\"", &crate::hash::sha256_hex(body.as_bytes())[..32]);
        let reply = if self.etags && request.header("if-none-match") == Some(etag.as_str()) {
            Reply::text("").status(304)
        } else {
            Reply::bytes(form.content_type(), body)
        };
        if self.etags {
            reply.header("etag", etag)
        } else {
            reply
        }
    }

    fn tarball(&self, name: &str, file: &str) -> Reply {
        let package = self.packages.iter().find(|package| package.name == name);
        let release = package.and_then(|package| {
            package
                .releases
                .iter()
                .find(|release| release.file_name(name) == file)
        });
        release.map_or_else(not_found, |release| {
            Reply::bytes("application/octet-stream", release.tarball(name))
        })
    }
}

fn not_found() -> Reply {
    Reply::json(&json!({ "error": "Not found" })).status(404)
}
