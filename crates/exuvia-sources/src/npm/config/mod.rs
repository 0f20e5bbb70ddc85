//! npm's configuration: where packages come from, and with which credentials.
//!
//! As npm reads it, in this order: environment (`npm_config_*`), the user's `.npmrc`, the global
//! one, npm's built-in one. A project's `.npmrc` is left out on purpose: a check is about an
//! install, not about the directory it happens to be run from.

mod credentials;
mod ini;
mod load;
mod program;

use std::collections::BTreeMap;

use url::Url;

use crate::SourceError;
use crate::http::Network;
use credentials::Credentials;

/// What npm is configured to do, as far as asking registries goes.
#[derive(Debug, Clone)]
pub struct Config {
    registry: Result<Url, SourceError>,
    scopes: BTreeMap<String, Url>,
    credentials: Credentials,
    network: Network,
    problems: Vec<String>,
}

impl Config {
    /// A configuration with a registry and nothing else.
    pub fn with_registry(registry: Url) -> Self {
        Self {
            registry: Ok(registry),
            scopes: BTreeMap::new(),
            credentials: Credentials::default(),
            network: Network::default(),
            problems: Vec::new(),
        }
    }

    /// The registry that has a package: that of its scope, or the general one.
    pub fn registry_for(&self, package: &str) -> Result<Url, SourceError> {
        let scope = package.split_once('/').map(|(scope, _)| scope);
        match scope.and_then(|scope| self.scopes.get(scope)) {
            Some(registry) => Ok(registry.clone()),
            None => self.registry.clone(),
        }
    }

    /// Proxies and certificates.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What in the configuration is not followed, in sentences.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The `Authorization` header for an address, where the configuration has one for it and the
    /// address may be trusted with it.
    pub(crate) fn authorization(&self, url: &Url) -> Option<secrecy::SecretString> {
        let registries = self.registry.iter().chain(self.scopes.values());
        let is_registry = registries
            .into_iter()
            .any(|registry| registry.origin() == url.origin());
        // Credentials are configured without a scheme. In plain text they go only to where the
        // user himself wrote http.
        if url.scheme() != "https" && !is_registry {
            return None;
        }
        self.credentials.header_for(url)
    }
}
