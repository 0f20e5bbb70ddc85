//! The npm registry.

mod attestation;
mod config;
mod keys;
mod lenient;
mod manifest;
mod name;
mod packument;
mod repository;
mod signature;
mod tarball;
mod tarball_cache;

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::{Http, SourceError};

pub use config::Config;
pub use manifest::{Manifest, Signature};
pub use packument::{Packument, Want};
pub use repository::repository_url;

use keys::Key;

/// An npm registry, or several: each package is asked for where `.npmrc` says.
///
/// Clones share what was learnt.
#[derive(Debug, Clone)]
pub struct Npm {
    http: Http,
    config: Arc<Config>,
    keys: Arc<keys::Rings>,
}

/// The keys of one registry, or why they cannot be had. Asked for once in a run.
type Ring = OnceCell<Result<Vec<Key>, SourceError>>;

impl Npm {
    /// Asks over `http`, where and with the credentials that `config` says.
    pub fn new(http: Http, config: Config) -> Self {
        Self {
            http,
            config: Arc::new(config),
            keys: Arc::default(),
        }
    }

    /// The configuration in use.
    pub fn config(&self) -> &Config {
        &self.config
    }
}
