//! OpenClaw's records of the plugins it installed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exuvia_host::Host;
use serde_json::Value;

use crate::config::Config;
use crate::database::read_plugin_index;
use crate::{Install, json};

/// Largest `plugins/installs.json` that is read.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What is recorded of plugins, from the place that is in force.
#[derive(Debug, Clone, Default)]
pub struct PluginIndex {
    /// How each plugin was installed, by its id.
    pub records: BTreeMap<String, InstallRecord>,
    /// Every plugin that OpenClaw last knew, bundled ones among them.
    pub entries: Vec<IndexEntry>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

/// How one plugin was installed (`StrictPluginInstallRecordSchema`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstallRecord {
    /// `npm`, `git`, `path`, `archive`, `clawhub` or `marketplace`.
    pub source: String,
    /// What was asked for.
    pub spec: Option<String>,
    /// Where its files are.
    pub install_path: Option<String>,
    /// Where its files were taken from.
    pub source_path: Option<String>,
    /// The version that was installed.
    pub version: Option<String>,
    /// The npm package that was installed.
    pub package: Option<String>,
    /// npm's digest of its archive.
    pub integrity: Option<String>,
    /// The repository.
    pub git_url: Option<String>,
    /// The branch, tag or commit that was asked for.
    pub git_ref: Option<String>,
    /// The commit that was installed.
    pub git_commit: Option<String>,
    /// When it was installed, RFC 3339.
    pub installed_at: Option<String>,
}

/// A plugin that OpenClaw knew when it last looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// Its id.
    pub id: String,
    /// Where its files are.
    pub root: PathBuf,
    /// `bundled`, `global`, `workspace` or `config`.
    pub origin: String,
}

impl PluginIndex {
    /// Reads the records: the present index, else the file and the configuration key that older
    /// releases kept. A present index is all there is, for OpenClaw itself looks no further.
    pub fn read(host: &dyn Host, install: &Install, config: &Config) -> Self {
        let mut index = Self::default();
        match read_plugin_index(host, &install.state_dir, &install.scratch_dir) {
            Ok(Some(value)) => {
                index.take(&value);
                return index;
            }
            Ok(None) => {}
            Err(error) => index
                .problems
                .push(format!("the records of plugins are not known: {error}")),
        }
        match json::read(
            host,
            &install.state_dir.join("plugins/installs.json"),
            MAX_BYTES,
        ) {
            Ok(value) => index.take(&value.unwrap_or_default()),
            Err(problem) => index.problems.push(problem),
        }
        index.take_records(config.get(&["plugins", "installs"]));
        index
    }

    fn take(&mut self, value: &Value) {
        self.take_records(value.get("installRecords"));
        self.entries.extend(Self::entries_of(value));
    }

    /// The plugins that an index lists.
    pub fn entries_of(index: &Value) -> Vec<IndexEntry> {
        let entries = index.get("plugins").and_then(Value::as_array);
        let read = |entry: &Value| {
            Some(IndexEntry {
                id: json::string(entry, "pluginId")?,
                root: json::text(entry, "rootDir").map(PathBuf::from)?,
                origin: json::string(entry, "origin").unwrap_or_default(),
            })
        };
        entries.into_iter().flatten().filter_map(read).collect()
    }

    fn take_records(&mut self, records: Option<&Value>) {
        for (id, value) in records.and_then(Value::as_object).into_iter().flatten() {
            let record = InstallRecord::read(value);
            self.records.entry(id.clone()).or_insert(record);
        }
    }

    /// The package that the bundled plugins were last loaded from: `<package>/dist/extensions/<id>`.
    pub fn package_roots(entries: &[IndexEntry]) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = entries
            .iter()
            .filter(|entry| entry.origin == "bundled")
            .filter_map(|entry| {
                let extensions = entry.root.parent()?;
                extensions
                    .ends_with("dist/extensions")
                    .then(|| extensions.ancestors().nth(2))?
            })
            .map(Path::to_owned)
            .collect();
        roots.dedup();
        roots
    }
}

impl InstallRecord {
    fn read(value: &Value) -> Self {
        let text = |key| json::string(value, key);
        Self {
            source: text("source").unwrap_or_default(),
            spec: text("resolvedSpec").or_else(|| text("spec")),
            install_path: text("installPath"),
            source_path: text("sourcePath"),
            version: text("resolvedVersion").or_else(|| text("version")),
            package: text("resolvedName"),
            integrity: text("integrity"),
            git_url: text("gitUrl"),
            git_ref: text("gitRef"),
            git_commit: text("gitCommit"),
            installed_at: text("installedAt"),
        }
    }

    /// The name in an npm spec such as `@openclaw/msteams@2026.9.4`.
    pub(super) fn package_of_spec(&self) -> Option<String> {
        let spec = self.spec.as_deref()?;
        let spec = spec.strip_prefix("npm:").unwrap_or(spec);
        let after_scope = usize::from(spec.starts_with('@'));
        let end = spec
            .get(after_scope..)?
            .find('@')
            .map_or(spec.len(), |at| at + after_scope);
        spec.get(..end)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
    }
}
