//! npm's registry as it was when another release of OpenClaw was the newest.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::command::output;
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
}

#[derive(Debug)]
struct Then {
    registry: String,
    openclaw: Value,
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
        let then = Then {
            registry: registry.trim().trim_end_matches('/').to_owned(),
            openclaw: json!({
                "_id": "openclaw", "name": "openclaw", "time": time, "versions": versions,
                "dist-tags": { "latest": latest },
            }),
        };
        Ok(Self {
            server: Server::start(Arc::new(then)),
        })
    }

    /// The address, for `npm_config_registry`.
    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl Protocol for Then {
    fn answer(&self, request: &Request) -> Reply {
        if request.path == "/openclaw" {
            return Reply::json(&self.openclaw);
        }
        let there = format!("{}{}", self.registry, request.target());
        Reply::text("").status(307).header("location", there)
    }
}
