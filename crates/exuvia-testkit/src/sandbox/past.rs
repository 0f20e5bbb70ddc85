//! npm's registry as it was when another release of OpenClaw was the newest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::broken::Broken;
use super::command::output;
use crate::hash::{sha1_hex, sha512_integrity};
use crate::reply::Reply;
use crate::request::Request;
use crate::server::{Protocol, Server};

/// What npm tells of a release that is not the release's own.
const OF_THE_PACKAGE: [&str; 3] = ["versions", "time", "dist-tags"];

/// A registry that knows two releases of OpenClaw, the newer one as `latest`, and sends whoever asks
/// for anything else to the real one. Stops when dropped.
#[derive(Debug)]
pub struct Past {
    server: Server,
    sandbox: Sandbox,
    offered: Arc<Mutex<Offered>>,
}

/// What it knows of OpenClaw.
#[derive(Debug)]
struct Offered {
    openclaw: Value,
    /// Archives that it has itself, by path.
    archives: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug)]
struct Then {
    registry: String,
    offered: Arc<Mutex<Offered>>,
}

impl Past {
    /// That in which `latest` was the newest, and `current` is installed.
    pub fn start(sandbox: &Sandbox, current: &str, latest: &str) -> Result<Self> {
        let npm = |words: &[&str]| {
            let mut npm = sandbox.tools.command("npm", &sandbox.root);
            output(npm.args(words))
        };
        let registry = npm(&["config", "get", "registry"])?;
        let mut versions = BTreeMap::new();
        let mut time = Map::new();
        for version in [current, latest] {
            let told = npm(&["view", "--json", &format!("openclaw@{version}")])?;
            let told: Value = serde_json::from_str(&told)
                .with_context(|| format!("npm says nothing of openclaw@{version}"))?;
            let mut manifest = told.as_array().map_or(told.clone(), |all| all[0].clone());
            time.insert(version.to_owned(), manifest["time"][version].clone());
            if let Some(fields) = manifest.as_object_mut() {
                fields.retain(|key, _| !OF_THE_PACKAGE.contains(&key.as_str()));
            }
            versions.insert(version.to_owned(), manifest);
        }
        let offered = Arc::new(Mutex::new(Offered {
            openclaw: json!({
                "_id": "openclaw", "name": "openclaw", "time": time, "versions": versions,
                "dist-tags": { "latest": latest },
            }),
            archives: BTreeMap::new(),
        }));
        let then = Then {
            registry: registry.trim().trim_end_matches('/').to_owned(),
            offered: Arc::clone(&offered),
        };
        Ok(Self {
            server: Server::start(Arc::new(then)),
            sandbox: sandbox.clone(),
            offered,
        })
    }

    /// From now on the newest is a release of this version, made of the bytes of another one, with
    /// this wrong.
    pub fn release_broken(&self, of: &str, version: &str, broken: &Broken) -> Result<()> {
        let dir = tempfile::tempdir().context("no temporary directory")?;
        let mut npm = self.sandbox.tools.command("npm", &self.sandbox.root);
        npm.arg("pack").arg(format!("openclaw@{of}"));
        output(npm.arg("--pack-destination").arg(dir.path()))?;
        let archive = dir.path().join(format!("openclaw-{of}.tgz"));
        let archive = broken.archive(&archive, version)?;
        let path = format!("/openclaw/-/openclaw-{version}.tgz");
        let mut offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut manifest = offered.openclaw["versions"][of].clone();
        broken.describe(&mut manifest, version);
        manifest["_id"] = format!("openclaw@{version}").into();
        let promised = if broken.is_lied_about() {
            sha512_integrity(b"other bytes")
        } else {
            sha512_integrity(&archive)
        };
        manifest["dist"] = json!({
            "tarball": format!("{}{path}", self.url()),
            "integrity": promised,
            "shasum": sha1_hex(&archive),
        });
        let published = offered.openclaw["time"][of].clone();
        offered.openclaw["time"][version] = published;
        offered.openclaw["versions"][version] = manifest;
        offered.openclaw["dist-tags"]["latest"] = version.into();
        offered.archives.insert(path, archive);
        Ok(())
    }

    /// The address, for `npm_config_registry`.
    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl Protocol for Then {
    fn answer(&self, request: &Request) -> Reply {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        if request.path == "/openclaw" {
            return Reply::json(&offered.openclaw);
        }
        if let Some(archive) = offered.archives.get(&request.path) {
            return Reply::bytes("application/octet-stream", archive.clone());
        }
        drop(offered);
        let there = format!("{}{}", self.registry, request.target());
        Reply::text("").status(307).header("location", there)
    }
}
