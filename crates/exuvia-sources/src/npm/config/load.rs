//! Gathering the configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links, read_limited, read_optional};
use url::Url;

use super::credentials::Credentials;
use super::{Config, ini, program};
use crate::SourceError;
use crate::http::Network;

const MAX_NPMRC: u64 = 1 << 20;
const MAX_BUNDLE: u64 = 4 << 20;

/// Settings from the most to the least important place; the first of a key holds.
#[derive(Default)]
struct Settings {
    values: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
    credentials: Credentials,
    problems: Vec<String>,
}

impl Config {
    /// Reads npm's configuration on this machine.
    ///
    /// Where it names no registry, npm itself is asked once, and its answer kept below
    /// `cache_dir`. A configuration that cannot be read, or is not followed, is told by
    /// [`Config::problems`] and keeps nobody from the rest.
    pub fn load(host: &dyn Host, cache_dir: &Path) -> Result<Self, SourceError> {
        let mut settings = Settings::default();
        settings.take_environment(host);
        let user = settings
            .path(host, "userconfig")
            .or_else(|| host.home_dir().map(|home| home.join(".npmrc")));
        settings.take_file(host, user);
        let builtin = program::builtin_npmrc(host);
        let global = settings.global_file(host, builtin.as_deref());
        settings.take_file(host, global);
        settings.take_file(host, builtin);
        Ok(settings.into_config(host, cache_dir))
    }
}

impl Settings {
    fn take_environment(&mut self, host: &dyn Host) {
        const PREFIX: &str = "npm_config_";
        for (name, value) in host.env_with_prefix(PREFIX) {
            let (Some(key), Ok(value)) = (name.get(PREFIX.len()..), value.into_string()) else {
                continue;
            };
            if !value.is_empty() {
                self.take(&environment_key(key), value);
            }
        }
    }

    fn take_file(&mut self, host: &dyn Host, path: Option<PathBuf>) {
        let Some(path) = path else { return };
        match read_optional(host, &path, MAX_NPMRC, Links::Follow) {
            Ok(Some(bytes)) => {
                let settings = ini::parse(&String::from_utf8_lossy(&bytes), host);
                // Within one file it is the last that holds.
                for (key, value) in settings.into_iter().rev() {
                    self.take(&key, value);
                }
            }
            Ok(None) => {}
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    fn take(&mut self, key: &str, value: String) {
        if let Some(list) = key.strip_suffix("[]") {
            self.lists.entry(list.to_owned()).or_default().push(value);
        } else if matches!(key, "_authToken" | "_auth" | "_password") {
            // npm refuses these too: without a host they would go to everybody.
            self.problems.push(format!(
                "{key} in .npmrc is for no host in particular and is not sent; write //HOST/:{key}="
            ));
        } else if !self.credentials.take(key, &value) {
            self.values.entry(key.to_owned()).or_insert(value);
        }
    }

    fn path(&self, host: &dyn Host, key: &str) -> Option<PathBuf> {
        let value = self.values.get(key)?;
        Some(match value.strip_prefix("~/") {
            Some(rest) => host.home_dir()?.join(rest),
            None => PathBuf::from(value),
        })
    }

    /// `globalconfig`, or `etc/npmrc` below the prefix, which the built-in file may set.
    fn global_file(&self, host: &dyn Host, builtin: Option<&Path>) -> Option<PathBuf> {
        if let Some(path) = self.path(host, "globalconfig") {
            return Some(path);
        }
        let mut of_builtin = Self::default();
        of_builtin.take_file(host, builtin.map(Path::to_owned));
        let prefix = self
            .path(host, "prefix")
            .or_else(|| host.env("PREFIX").map(PathBuf::from))
            .or_else(|| of_builtin.path(host, "prefix"))
            .or_else(|| program::prefix_of_node(host))?;
        Some(prefix.join("etc/npmrc"))
    }

    fn into_config(mut self, host: &dyn Host, cache_dir: &Path) -> Config {
        if self
            .values
            .get("strict-ssl")
            .is_some_and(|value| value == "false")
        {
            self.problems.push(
                "strict-ssl=false is not followed: certificates are always verified; give the \
                 missing one with cafile= instead"
                    .to_owned(),
            );
        }
        let network = self.network(host);
        let scopes = self.scopes();
        let registry = match self.values.get("registry").map(|text| registry(text)) {
            Some(Ok(url)) => Ok(url),
            Some(Err(reason)) => Err(SourceError::NoRegistry { reason }),
            None => program::default_registry(host, cache_dir),
        };
        Config {
            registry,
            scopes,
            credentials: self.credentials,
            network,
            problems: self.problems,
        }
    }

    fn scopes(&mut self) -> BTreeMap<String, Url> {
        let mut scopes = BTreeMap::new();
        for (key, value) in &self.values {
            let Some(scope) = key
                .strip_suffix(":registry")
                .filter(|scope| scope.starts_with('@'))
            else {
                continue;
            };
            match registry(value) {
                Ok(url) => {
                    scopes.insert(scope.to_owned(), url);
                }
                Err(reason) => self.problems.push(format!("{key}: {reason}")),
            }
        }
        scopes
    }

    fn network(&mut self, host: &dyn Host) -> Network {
        let set = |key: &str| {
            let value = self.values.get(key)?;
            (!matches!(value.as_str(), "" | "null" | "false")).then(|| value.clone())
        };
        let mut certificates: Vec<Vec<u8>> = self
            .lists
            .get("ca")
            .into_iter()
            .flatten()
            .cloned()
            .chain(set("ca"))
            // In one line of an ini file, line ends are written as \n.
            .map(|pem| pem.replace("\\n", "\n").into_bytes())
            .collect();
        let network = Network {
            proxy: set("proxy"),
            https_proxy: set("https-proxy").or_else(|| set("proxy")),
            no_proxy: set("noproxy").or_else(|| set("no-proxy")),
            certificates: Vec::new(),
        };
        if let Some(path) = set("cafile").and_then(|_| self.path(host, "cafile")) {
            match read_limited(host, &path, MAX_BUNDLE, Links::Follow) {
                Ok(bundle) => certificates.push(bundle),
                Err(error) => self.problems.push(format!("npm's cafile: {error}")),
            }
        }
        Network {
            certificates,
            ..network
        }
    }
}

/// As npm does: `npm_config_HTTPS_PROXY` is `https-proxy`, and what begins with `//` is kept.
fn environment_key(key: &str) -> String {
    if key.starts_with("//") {
        return key.to_owned();
    }
    let lower = key.to_ascii_lowercase();
    let (first, rest) = lower.split_at_checked(1).unwrap_or((&lower, ""));
    format!("{first}{}", rest.replace('_', "-"))
}

fn registry(text: &str) -> Result<Url, String> {
    let url: Url = text
        .trim()
        .parse()
        .map_err(|_| "the one that is configured is no address".to_owned())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err("the one that is configured is not an http address".to_owned())
    }
}
