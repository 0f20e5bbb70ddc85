//! `$include` in `openclaw.json`.
//!
//! As `src/config/includes.ts` of OpenClaw 2026.9.5: a path or a list of paths, relative to the
//! file that names them, inside the config file's directory; arrays are joined, objects merged,
//! and keys beside the `$include` win.

use std::path::{Path, PathBuf};

use exuvia_host::Host;
use serde_json::{Map, Value};

use super::Config;
use crate::environment::absolute;
use crate::label::shown_path;

const KEY: &str = "$include";
const MAX_DEPTH: usize = 10;
const MAX_FILES: usize = 200;
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Puts included files where they are named.
pub(super) struct Includes<'a> {
    host: &'a dyn Host,
    config: &'a mut Config,
    home: &'a Path,
    root: PathBuf,
    /// The files that are being read, the innermost last.
    chain: Vec<PathBuf>,
    files: usize,
}

impl<'a> Includes<'a> {
    pub(super) fn new(
        host: &'a dyn Host,
        config_path: &Path,
        home: &'a Path,
        config: &'a mut Config,
    ) -> Self {
        let root = config_path.parent().unwrap_or(Path::new("/"));
        Self {
            host,
            config,
            home,
            root: host.canonicalize(root).unwrap_or_else(|_| root.to_owned()),
            chain: vec![config_path.to_owned()],
            files: 0,
        }
    }

    /// The value with every `$include` in it carried out. The nesting of a parsed value is bounded,
    /// and so is the recursion here.
    pub(super) fn resolve(&mut self, value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.resolve(item)).collect(),
            Value::Object(map) => self.resolve_object(map),
            other => other,
        }
    }

    fn resolve_object(&mut self, mut map: Map<String, Value>) -> Value {
        let include = map.remove(KEY);
        let own: Map<String, Value> = map
            .into_iter()
            .map(|(key, value)| (key, self.resolve(value)))
            .collect();
        let Some(include) = include else {
            return Value::Object(own);
        };
        let names = match include {
            Value::Array(names) => names,
            name => vec![name],
        };
        let included = names
            .iter()
            .filter_map(|name| self.load(name.as_str()?))
            .reduce(merge)
            .unwrap_or(Value::Object(Map::new()));
        if own.is_empty() {
            included
        } else {
            merge(included, Value::Object(own))
        }
    }

    fn load(&mut self, name: &str) -> Option<Value> {
        match self.locate(name) {
            Ok(path) => {
                self.files += 1;
                let value = self.config.read_file(self.host, &path, MAX_BYTES)?;
                self.chain.push(path);
                let value = self.resolve(value);
                self.chain.pop();
                Some(value)
            }
            Err(reason) => {
                let name = exuvia_model::text::one_line(name, 200);
                self.config
                    .problems
                    .push(format!("$include \"{name}\": {reason}"));
                None
            }
        }
    }

    /// The file that a name stands for, when it may be read.
    fn locate(&self, name: &str) -> Result<PathBuf, String> {
        let base = self.chain.last().and_then(|file| file.parent());
        let expanded = match Path::new(name).strip_prefix("~") {
            Ok(rest) => self.home.join(rest),
            Err(_) => PathBuf::from(name),
        };
        let path = absolute(base.unwrap_or(&self.root), &expanded);
        let real = self
            .host
            .canonicalize(&path)
            .map_err(|error| error.to_string())?;
        if !real.starts_with(&self.root) {
            return Err(format!("it lies outside {}", shown_path(&self.root)));
        }
        if self.chain.contains(&path) || self.chain.len() > MAX_DEPTH {
            return Err("it includes itself, or is nested too deep".to_owned());
        }
        if self.files >= MAX_FILES {
            return Err(format!("more than {MAX_FILES} files are included"));
        }
        Ok(path)
    }
}

/// Arrays are joined, objects merged key by key, and of anything else the second one counts.
fn merge(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Array(mut first), Value::Array(second)) => {
            first.extend(second);
            Value::Array(first)
        }
        (Value::Object(mut first), Value::Object(second)) => {
            for (key, value) in second {
                let merged = match first.remove(&key) {
                    Some(present) => merge(present, value),
                    None => value,
                };
                first.insert(key, merged);
            }
            Value::Object(first)
        }
        (_, second) => second,
    }
}
