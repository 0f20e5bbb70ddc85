//! Plugins that OpenClaw loads though nobody recorded how they came.
//!
//! `discoverInDirectory` and `discoverFromPath` in `src/plugins/discovery.ts` of OpenClaw 2026.9.5.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links};

use super::index::PluginIndex;
use crate::Install;
use crate::config::{Agent, Config, path};
use crate::label::shown_path;

/// Most plugins that one directory gives.
const MAX_FOUND: usize = 2000;

/// Where a plugin without a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// `plugins.load.paths` in the configuration.
    Configured,
    /// `.openclaw/extensions` in a workspace.
    Workspace,
    /// `extensions` in the state directory.
    Global,
}

/// A plugin without a record.
#[derive(Debug, Clone)]
pub(super) struct Untracked {
    pub(super) dir: PathBuf,
    pub(super) place: Place,
}

/// What was found, and what could not be looked into.
#[derive(Debug, Default)]
pub(super) struct Loose {
    pub(super) found: Vec<Untracked>,
    pub(super) warnings: Vec<String>,
}

pub(super) fn find(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    agents: &[Agent],
    index: &PluginIndex,
) -> Loose {
    let recorded = index.records.values().filter_map(|record| {
        let path = path(host, install, record.install_path.as_deref()?)?;
        Some(real(host, &path))
    });
    let mut search = Search {
        host,
        known: recorded.collect(),
        loose: Loose::default(),
    };
    for text in config.texts(&["plugins", "load", "paths"]) {
        if let Some(path) = path(host, install, text) {
            search.configured(&path);
        }
    }
    for agent in agents {
        search.directory(
            &agent.workspace.join(".openclaw/extensions"),
            Place::Workspace,
        );
    }
    search.directory(&install.state_dir.join("extensions"), Place::Global);
    search.loose
}

struct Search<'a> {
    host: &'a dyn Host,
    /// Real paths of the plugins that are taken up already.
    known: HashSet<PathBuf>,
    loose: Loose,
}

impl Search<'_> {
    /// A configured path is a plugin, or a directory of plugins.
    fn configured(&mut self, path: &Path) {
        let meta = match self.host.metadata(path, Links::Follow) {
            Ok(meta) => meta,
            Err(error) => {
                self.loose
                    .warnings
                    .push(format!("plugins.load.paths: {error}"));
                return;
            }
        };
        match meta.kind {
            EntryKind::Directory if !self.is_plugin(path) => {
                self.directory(path, Place::Configured);
            }
            EntryKind::Directory | EntryKind::File => self.add(path, Place::Configured),
            EntryKind::Symlink | EntryKind::Other => self.loose.warnings.push(format!(
                "plugins.load.paths: {} is neither a file nor a directory",
                shown_path(path)
            )),
        }
    }

    fn directory(&mut self, directory: &Path, place: Place) {
        let entries = match self.host.read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                if !error.is_not_found() {
                    self.loose.warnings.push(error.to_string());
                }
                return;
            }
        };
        for (name, kind) in entries.into_iter().take(MAX_FOUND) {
            let dir = directory.join(&name);
            let is_directory = match kind {
                EntryKind::Directory => true,
                EntryKind::Symlink => self
                    .host
                    .metadata(&dir, Links::Follow)
                    .is_ok_and(|meta| meta.kind == EntryKind::Directory),
                EntryKind::File | EntryKind::Other => false,
            };
            // A configured path may be any directory, `/` by mistake: what is below it and has
            // nothing that OpenClaw would load is no plugin, and is not walked.
            let may_be = place != Place::Configured || self.is_plugin(&dir);
            if is_directory && may_be && !is_passed_over(&name) {
                self.add(&dir, place);
            }
        }
    }

    /// Whether OpenClaw would load something of a directory: a manifest, one of
    /// `DEFAULT_PLUGIN_ENTRY_CANDIDATES`, or another tool's bundle.
    fn is_plugin(&self, dir: &Path) -> bool {
        const SIGNS: [&str; 9] = [
            "openclaw.plugin.json",
            "package.json",
            "index.ts",
            "index.js",
            "index.mjs",
            "index.cjs",
            ".codex-plugin",
            ".claude-plugin",
            ".cursor-plugin",
        ];
        SIGNS
            .iter()
            .any(|name| self.host.metadata(&dir.join(name), Links::Refuse).is_ok())
    }

    fn add(&mut self, dir: &Path, place: Place) {
        if self.known.insert(real(self.host, dir)) {
            self.loose.found.push(Untracked {
                dir: dir.to_owned(),
                place,
            });
        }
    }
}

fn real(host: &dyn Host, path: &Path) -> PathBuf {
    host.canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Names that OpenClaw passes over (`shouldIgnoreScannedDirectory`).
fn is_passed_over(name: &OsStr) -> bool {
    const NAMES: [&str; 10] = [
        ".git",
        ".hg",
        ".svn",
        ".turbo",
        ".yarn",
        ".yarn-cache",
        "build",
        "coverage",
        "dist",
        "node_modules",
    ];
    let name = name.to_string_lossy().to_lowercase();
    NAMES.contains(&name.as_str())
        || Path::new(&name)
            .extension()
            .is_some_and(|ending| ending == "bak")
        || name.contains(".backup-")
        || name.contains(".disabled")
}
