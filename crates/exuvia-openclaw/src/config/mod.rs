//! `openclaw.json`: what the inventory needs of it.

mod agents;
mod beside;
mod include;
mod merge;
mod stand_in;
mod value;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links, read_optional};
use serde_json::{Map, Value};

pub use agents::Agent;
pub use beside::Beside;
pub use merge::{MergeError, merge};
pub use stand_in::StandIn;

use crate::Install;
use crate::environment::absolute;
use crate::label::shown_path;

/// Largest file that is read.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// The configuration in force, as far as it could be read.
#[derive(Debug, Clone, Default)]
pub struct Config {
    root: Map<String, Value>,
    /// What could not be read of it, in words.
    pub problems: Vec<String>,
}

impl Config {
    /// Reads the config file of an install, what it includes among it. A file that is missing is
    /// an empty configuration; one that cannot be read is that too, with a problem.
    pub fn read(host: &dyn Host, install: &Install) -> Self {
        let mut config = Self::default();
        let path = &install.config_path;
        let Some(value) = config.read_file(host, path, MAX_BYTES) else {
            return config;
        };
        let mut includes = include::Includes::new(host, path, &install.home, &mut config);
        match includes.resolve(value) {
            Value::Object(root) => config.root = root,
            _ => config.problems.push(format!(
                "{} is not an object: taken as empty",
                shown_path(path)
            )),
        }
        config
    }

    /// The value at a path of keys.
    pub fn get(&self, keys: &[&str]) -> Option<&Value> {
        let (first, rest) = keys.split_first()?;
        rest.iter()
            .try_fold(self.root.get(*first)?, |value, key| value.get(key))
    }

    /// Where something is set: `channels.telegram.enabled`, and never to what. What is in a list has
    /// no path of its own.
    pub fn key_paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        let mut left: Vec<(String, &Map<String, Value>)> = vec![(String::new(), &self.root)];
        while let Some((above, map)) = left.pop() {
            for (key, value) in map {
                let path = if above.is_empty() {
                    key.clone()
                } else {
                    format!("{above}.{key}")
                };
                match value {
                    Value::Object(below) if !below.is_empty() => left.push((path, below)),
                    _ => drop(paths.insert(path)),
                }
            }
        }
        paths
    }

    /// Where a text is, or has in it, a path in this directory; nothing of what is in a list has a
    /// path of its own but the list.
    pub fn naming(&self, directory: &Path) -> Option<String> {
        let directory = directory.to_string_lossy();
        let is_meant = |text: &str| {
            let mut after = text.match_indices(&*directory);
            after.any(|(at, found)| {
                let rest = text.get(at + found.len()..).unwrap_or_default();
                rest.is_empty() || rest.starts_with(['/', '"', '\'', ' ', ':', ','])
            })
        };
        let mut left: Vec<(String, &Value)> = Vec::new();
        let below = |above: &str, map: &'_ Map<String, Value>| {
            let dot = if above.is_empty() { "" } else { "." };
            let named = map.keys().map(|key| format!("{above}{dot}{key}"));
            named.collect::<Vec<_>>()
        };
        left.extend(below("", &self.root).into_iter().zip(self.root.values()));
        while let Some((path, value)) = left.pop() {
            match value {
                Value::String(text) if is_meant(text) => return Some(path),
                Value::Array(list) => left.extend(list.iter().map(|one| (path.clone(), one))),
                Value::Object(map) => left.extend(below(&path, map).into_iter().zip(map.values())),
                _ => {}
            }
        }
        None
    }

    /// The texts in a list, without white space around them and without empty ones.
    pub fn texts(&self, keys: &[&str]) -> Vec<&str> {
        let list = self.get(keys).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// The paths in a list, as OpenClaw takes them; one that names a variable which is not set here
    /// is left out.
    pub fn paths(&self, host: &dyn Host, install: &Install, keys: &[&str]) -> Vec<PathBuf> {
        let texts = self.texts(keys).into_iter();
        texts.filter_map(|text| path(host, install, text)).collect()
    }

    fn read_file(&mut self, host: &dyn Host, path: &Path, max: u64) -> Option<Value> {
        let bytes = match read_optional(host, path, max, Links::Follow) {
            Ok(bytes) => bytes?,
            Err(error) => {
                self.problems.push(error.to_string());
                return None;
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        match value::parse(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
            Ok(parsed) => {
                for key in parsed.repeated {
                    let key = exuvia_model::text::one_line(&key, 80);
                    self.problems.push(format!(
                        "{}: the key \"{key}\" is there more than once; the last one counts",
                        shown_path(path)
                    ));
                }
                Some(parsed.value)
            }
            Err(words) => {
                let words = exuvia_model::text::one_line(&words, 300);
                self.problems.push(format!(
                    "cannot read {} ({words}): what it says of workspaces, skills and plugins is \
                     not known; mend it, or restore one of its .bak copies",
                    shown_path(path)
                ));
                None
            }
        }
    }
}

/// A path in the configuration: `~` is OpenClaw's home, and `${NAME}` a variable.
pub(crate) fn path(host: &dyn Host, install: &Install, text: &str) -> Option<PathBuf> {
    let text = substitute(host, text)?;
    let text = text.replace('\0', "");
    let path = match Path::new(&text).strip_prefix("~") {
        Ok(rest) => install.home.join(rest),
        Err(_) => Path::new(&text).to_owned(),
    };
    // OpenClaw takes relative ones from where it was started, which is not known; a service is
    // started in the home directory.
    Some(absolute(&install.home, &path))
}

/// `${NAME}` by the environment, as `src/config/env-substitution.ts` does; `None` where a name is
/// not set here, for then the path is not known.
fn substitute(host: &dyn Host, text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}').filter(|(name, _)| is_variable(name)) else {
            result.push_str(before);
            result.push_str("${");
            rest = after;
            continue;
        };
        result.push_str(before);
        result.push_str(host.env(name)?.to_str()?);
        rest = tail;
    }
    result.push_str(rest);
    Some(result)
}

pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_paths_of_keys_tell_where_and_never_what() {
        let Value::Object(root) = json!({ "a": { "b": "s3cret", "c": { "d": [1, { "e": 2 }] } },
            "f": {}, "g": null })
        else {
            panic!("no object")
        };
        let config = Config {
            root,
            problems: Vec::new(),
        };
        let paths: Vec<String> = config.key_paths().into_iter().collect();
        assert_eq!(paths, ["a.b", "a.c.d", "f", "g"]);
    }
}
