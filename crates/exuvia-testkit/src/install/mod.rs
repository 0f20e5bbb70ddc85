//! OpenClaw installs on disk, built in milliseconds and without OpenClaw.
//!
//! What is written has the shapes that OpenClaw 2026.9.5 itself wrote on Linux: the package tree,
//! the state directory with its WAL databases, plugin payloads and records, and skills in both
//! ClawHub clients' layouts with right digests.
//!
//! ```
//! use exuvia_testkit::install::{Builder, Plugin, Skill};
//!
//! let home = tempfile::tempdir().unwrap();
//! let install = Builder::new(home.path())
//!     .plugin(Plugin::npm("msteams", "@openclaw/msteams", "2026.9.4"))
//!     .skill(Skill::clawhub("acme", "demo", "1.0.0").edited("SKILL.md", "changed by hand"))
//!     .build();
//! assert!(install.state.join("state/openclaw.sqlite-wal").exists());
//! ```

mod database;
pub mod digest;
mod index;
mod package;
mod plugin;
mod provenance;
mod skill;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use database::{AGENT_VERSION, STATE_VERSION};
pub(crate) use database::{write_agent, write_state};
pub use plugin::Plugin;
pub(crate) use plugin::package_files as plugin_files;
pub use skill::{Place, Skill};

/// Where an install keeps the records of its plugins; it changed over OpenClaw's releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Records {
    /// In the shared database: `config_machine_state`, key `plugins.installedIndex`.
    #[default]
    Database,
    /// In the retired configuration key `plugins.installs`.
    ConfigKey,
    /// In the retired file `plugins/installs.json`.
    File,
}

/// Describes an install; [`Builder::build`] writes it.
#[derive(Clone, Debug)]
pub struct Builder {
    home: PathBuf,
    version: String,
    bundled_extensions: Vec<String>,
    bundled_skills: Vec<String>,
    plugins: Vec<Plugin>,
    skills: Vec<Skill>,
    records: Records,
    state_version: i64,
    agent_version: i64,
    config: Value,
    raw_config: Option<Vec<u8>>,
    package: bool,
}

/// An install that was written.
#[derive(Clone, Debug)]
pub struct Install {
    /// `HOME` of the install.
    pub home: PathBuf,
    /// npm's global prefix; `bin/openclaw` is in it.
    pub prefix: PathBuf,
    /// `<prefix>/lib/node_modules/openclaw`.
    pub package: PathBuf,
    /// `~/.openclaw`.
    pub state: PathBuf,
    /// The default workspace, `~/.openclaw/workspace`.
    pub workspace: PathBuf,
    /// `~/.openclaw/openclaw.json`.
    pub config: PathBuf,
}

impl Builder {
    /// An install of OpenClaw 2026.9.5 under `home`, with a few bundled things and nothing else.
    pub fn new(home: &Path) -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            home: home.to_owned(),
            version: "2026.9.5".to_owned(),
            bundled_extensions: names(&["a2a", "anthropic", "telegram"]),
            bundled_skills: names(&["1password", "github", "weather"]),
            plugins: Vec::new(),
            skills: Vec::new(),
            records: Records::default(),
            state_version: STATE_VERSION,
            agent_version: AGENT_VERSION,
            config: json!({ "gateway": { "mode": "local" } }),
            raw_config: None,
            package: true,
        }
    }

    /// Sets the core's version.
    #[must_use]
    pub fn core(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Adds a plugin with its payload and record.
    #[must_use]
    pub fn plugin(mut self, plugin: Plugin) -> Self {
        self.plugins.push(plugin);
        self
    }

    /// Adds a skill with its files and records.
    #[must_use]
    pub fn skill(mut self, skill: Skill) -> Self {
        self.skills.push(skill);
        self
    }

    /// Says where the records of plugins are kept.
    #[must_use]
    pub fn records(mut self, records: Records) -> Self {
        self.records = records;
        self
    }

    /// Sets the `user_version` of the shared and of the agent's database.
    #[must_use]
    pub fn schema(mut self, state: i64, agent: i64) -> Self {
        (self.state_version, self.agent_version) = (state, agent);
        self
    }

    /// Sets a top-level key of `openclaw.json`.
    #[must_use]
    pub fn config(mut self, key: &str, value: Value) -> Self {
        self.config[key] = value;
        self
    }

    /// Writes these bytes as `openclaw.json`, whatever they are.
    #[must_use]
    pub fn raw_config(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw_config = Some(bytes.into());
        self
    }

    /// Leaves the package and its launcher to npm.
    #[must_use]
    pub fn without_package(mut self) -> Self {
        self.package = false;
        self
    }

    /// Writes the install.
    pub fn build(&self) -> Install {
        let prefix = self.home.join(".npm-global");
        let state = self.home.join(".openclaw");
        let install = Install {
            home: self.home.clone(),
            package: prefix.join("lib/node_modules/openclaw"),
            prefix,
            workspace: state.join("workspace"),
            config: state.join("openclaw.json"),
            state,
        };
        private_dir(&install.state);
        if self.package {
            self.write_package(&install);
        }
        for plugin in &self.plugins {
            plugin.write_payload(&install);
        }
        skill::write_all(&self.skills, &install);
        self.write_records(&install);
        self.write_config(&install);
        install
    }

    fn write_records(&self, install: &Install) {
        let index = index::build(
            install,
            &self.version,
            &self.bundled_extensions,
            &self.plugins,
        );
        let in_database = (self.records == Records::Database).then_some(&index);
        database::write_state(&install.state, self.state_version, in_database);
        database::write_agent(&install.state, "main", self.agent_version);
        if self.records == Records::File {
            write(
                &install.state.join("plugins/installs.json"),
                index.to_string(),
            );
        }
    }

    fn write_config(&self, install: &Install) {
        if let Some(raw) = &self.raw_config {
            return write(&install.config, raw);
        }
        let mut config = self.config.clone();
        config["meta"] = json!({ "lastTouchedVersion": self.version });
        let linked = self.plugins.iter().filter_map(Plugin::linked_path);
        let linked: Vec<String> = linked.map(|path| path.display().to_string()).collect();
        if !linked.is_empty() {
            config["plugins"]["load"]["paths"] = json!(linked);
        }
        for plugin in &self.plugins {
            config["plugins"]["entries"][plugin.id()] = json!({ "enabled": true });
            if self.records == Records::ConfigKey {
                config["plugins"]["installs"][plugin.id()] = plugin.record(install);
            }
        }
        let text = serde_json::to_string_pretty(&config).expect("JSON can be written");
        write(
            &install.config,
            format!("// JSON5, as OpenClaw reads it.\n{text}\n"),
        );
    }
}

impl Install {
    /// Environment in which OpenClaw and Exuvia find this install.
    pub fn env(&self) -> Vec<(String, OsString)> {
        let own = self.prefix.join("bin").into_os_string();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(PathBuf::from(own)).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(all).expect("paths without a colon");
        vec![
            ("HOME".to_owned(), self.home.clone().into_os_string()),
            ("PATH".to_owned(), path),
        ]
    }

    /// A connection to the shared database, as a running gateway holds one.
    pub fn open_state(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.state.join("state/openclaw.sqlite")).expect("the database")
    }
}

/// JSON as both clients write it: indented, with a newline at the end.
fn pretty(value: &Value) -> String {
    format!(
        "{}\n",
        serde_json::to_string_pretty(value).expect("JSON can be written")
    )
}

/// Writes a file and the directories above it.
fn write(path: &Path, content: impl AsRef<[u8]>) {
    let dir = path.parent().expect("a file in a directory");
    std::fs::create_dir_all(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    std::fs::write(path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn private_dir(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::create_dir_all(path).expect("the directory");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
        .expect("our own directory");
}
