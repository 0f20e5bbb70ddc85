//! A home in which the miniature was installed, with something to lose.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::gateway::Gateway;
use super::release::EXTENSIONS;
use super::{Channel, Content, Manager, Mini, Schemas, State};
use crate::gateway::{AS_NODE, Book, free_port, program_path};
use crate::install::{Builder, Install, Plugin, Skill, plugin_files};
use crate::{clawhub, github, npm};

const PLUGIN: (&str, &str) = ("demo-plugin", "@acme/demo-plugin");
const SKILL: &str = "demo-skill";

/// The home, and the sources that it is checked against. Two agents (`main`, `helper`) with a session
/// each, a cron job, a plugin from npm, a skill from ClawHub, and a commented configuration.
#[derive(Debug)]
pub struct World {
    /// Where everything lies.
    pub install: Install,
    /// npm's registry, with what was published and the plugin.
    pub npm: npm::Registry,
    /// ClawHub, with the skill.
    pub hub: clawhub::Registry,
    /// GitHub, with a release for each that was published.
    pub github: github::Api,
    /// The server of the one chat channel.
    pub channel: Channel,
    manager: Manager,
    port: u16,
    published: Mutex<Vec<Mini>>,
    dir: TempDir,
}

impl World {
    /// The plugin from npm: its id, and its package.
    pub const PLUGIN: (&str, &str) = PLUGIN;
    /// The token of the gateway.
    pub const TOKEN: &str = "mini-token";
    /// The sessions that are there.
    pub const SESSIONS: [&str; 2] = ["agent:helper:main", "agent:main:main"];
    /// The cron job that is there.
    pub const JOB: &str = "3f0c4f0e-0d6f-4a8e-9c57-0c2d6c1f7a11";

    /// A world with 2026.9.5.
    pub fn new() -> Self {
        Self::with(Mini::release("2026.9.5"))
    }

    /// A world with this release. npm installs it (a second or two).
    pub fn with(release: Mini) -> Self {
        Self::within(&std::env::temp_dir(), release)
    }

    /// The same below this directory, which may be on a file system of its own.
    pub fn within(parent: &Path, release: Mini) -> Self {
        Self::made(parent, Manager::Npm, release)
    }

    /// A world in which this package manager installed it.
    pub fn by(manager: Manager, release: Mini) -> Self {
        Self::made(&std::env::temp_dir(), manager, release)
    }

    fn made(parent: &Path, manager: Manager, release: Mini) -> Self {
        let dir = TempDir::new_in(parent).expect("a temporary directory");
        let root = dir.path().canonicalize().expect("a temporary directory");
        let (npm, hub, channel) = (
            npm::Registry::start(),
            clawhub::Registry::start(),
            Channel::start(),
        );
        let port = free_port();
        let schemas = Schemas::of(release.version());
        let install = Builder::new(&root.join("home"))
            .core(release.version())
            .without_package()
            .bundled(&EXTENSIONS, &[])
            .schema(schemas.state, schemas.agent)
            .plugin(Plugin::npm(PLUGIN.0, PLUGIN.1, "1.0.0"))
            .skill(Skill::clawhub("acme", SKILL, "1.0.0"))
            .raw_config(config(release.version(), port, &channel))
            .build();
        let mut world = Self {
            manager,
            github: github::Api::start(),
            published: Mutex::default(),
            install,
            npm,
            hub,
            channel,
            port,
            dir,
        };
        world.write_npmrc();
        world.write_node();
        world.fill(schemas);
        world.publish_bystanders();
        let version = release.version().to_owned();
        world.publish(release);
        let installed = world.add(&format!("openclaw@{version}"));
        assert!(installed.status.success(), "{installed:?}");
        world.install.package = world.manager.package(&world.install);
        let real = world.install.package.canonicalize().expect("the package");
        State::of(&world.install.state).ran_from(&real, &version);
        world
    }

    /// Publishes a release; it is `latest` from now on, even where another has a higher version.
    pub fn publish(&self, release: Mini) -> &Self {
        let version = release.version().to_owned();
        let mut published = self.published.lock().unwrap();
        published.retain(|other| other.version() != version);
        published.push(release);
        let package = npm::Package::new("openclaw").tag("latest", &version);
        let package = published
            .iter()
            .fold(package, |package, release| package.release(release.pack()));
        drop(published);
        self.npm.publish(package);
        let notes = format!("### Fixes\n\n- What {version} mends.\n");
        let release = github::Release::new(&format!("v{version}"), &notes);
        self.github.release("openclaw/openclaw", release);
        self
    }

    /// A release of the plugin that is installed as 1.0.0.
    pub fn plugin(version: &str) -> npm::Release {
        Self::plugin_with(version, None)
    }

    /// One with this module.
    pub fn plugin_of(version: &str, module: &str) -> npm::Release {
        Self::plugin_with(version, Some(module))
    }

    fn plugin_with(version: &str, module: Option<&str>) -> npm::Release {
        let release = npm::Release::new(version)
            .with("type", json!("module"))
            .with("openclaw", json!({ "extensions": ["./index.js"] }))
            .with("_npmUser", json!({ "name": "acme" }));
        plugin_files(PLUGIN.0, PLUGIN.1, version)
            .into_iter()
            .filter(|(path, _)| *path != "package.json")
            .fold(release, |release, (path, content)| match module {
                Some(module) if path == "index.js" => release.file(path, module),
                _ => release.file(path, content),
            })
    }

    /// Publishes releases of the plugin beside the one that is installed; the last is `latest`.
    pub fn publish_plugin(&self, releases: &[npm::Release]) -> &Self {
        let package = npm::Package::new(PLUGIN.1).release(Self::plugin("1.0.0"));
        let package = releases
            .iter()
            .cloned()
            .fold(package, npm::Package::release);
        self.npm.publish(package);
        self
    }

    /// Installs what the registry calls by this version, as a user does: `npm install -g`.
    pub fn npm_install(&self, version: &str) -> Output {
        self.add(&format!("openclaw@{version}"))
    }

    /// Has the package manager install this for the whole account.
    pub fn add(&self, package: &str) -> Output {
        self.ask_manager(&self.manager.adding(package))
    }

    /// Runs the package manager with these words.
    pub fn ask_manager(&self, words: &[String]) -> Output {
        // Looked up here, since the child's PATH is not what `Command` searches.
        let env = self.env();
        let path = env.iter().find(|(name, _)| name == "PATH");
        let path = path.map(|(_, path)| path.clone()).unwrap_or_default();
        let name = self.manager.program();
        let found = std::env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|file| file.is_file());
        let mut command = self.command(found.unwrap_or_else(|| name.into()));
        command.args(words).output().expect("the package manager")
    }

    /// The environment of this world, for any program.
    pub fn env(&self) -> Vec<(String, OsString)> {
        let mut env = self.install.env();
        let own = [
            ("LANG", "C.UTF-8".to_owned()),
            ("EXUVIA_HOME", self.exuvia_home().display().to_string()),
            ("OPENCLAW_CLAWHUB_URL", self.hub.url()),
            ("EXUVIA_GITHUB_API_URL", self.github.url()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
        ];
        env.extend(own.map(|(name, value)| (name.to_owned(), value.into())));
        if let Some((_, path)) = env.iter_mut().find(|(name, _)| name == "PATH") {
            let dirs = self.manager.path(&self.install.home).into_iter();
            let all = dirs
                .chain(std::env::split_paths(&*path))
                .collect::<Vec<_>>();
            *path = std::env::join_paths(all).expect("paths without a colon");
        }
        if let (Manager::Pnpm(_), Some(home)) =
            (&self.manager, self.manager.home(&self.install.home))
        {
            env.push(("PNPM_HOME".to_owned(), home.into()));
        }
        env
    }

    /// A program in this world.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .envs(self.env())
            .stdin(Stdio::null())
            .current_dir(&self.install.home);
        command
    }

    /// The installed `openclaw`.
    pub fn openclaw(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(self.manager.command(&self.install));
        command.args(arguments);
        command
    }

    /// An `exuvia` in this world.
    pub fn exuvia_command(&self, binary: &Path, arguments: &[&str]) -> Command {
        let mut command = self.command(binary);
        command.args(arguments);
        command
    }

    /// Starts `openclaw gateway run`; whether it works is the caller's question.
    pub fn run(&self) -> Gateway {
        Gateway::start(
            self.openclaw(&["gateway", "run"]),
            &self.install.state,
            self.port,
        )
    }

    /// Starts `exuvia gateway run`, which starts the gateway.
    pub fn keep(&self, exuvia: &Path) -> Gateway {
        let command = self.exuvia_command(exuvia, &["gateway", "run"]);
        Gateway::start(command, &self.install.state, self.port)
    }

    /// `EXUVIA_HOME`.
    pub fn exuvia_home(&self) -> PathBuf {
        self.dir.path().join("exuvia")
    }

    /// The gateway's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the gateway was asked and what was said in the sessions. Only for a world whose state
    /// this build's database schema fits.
    pub fn book(&self) -> Book {
        Book::open(&self.install.state)
    }

    /// `user_version` of the shared database, and of each agent's.
    pub fn schemas(&self) -> Vec<i64> {
        State::of(&self.install.state).versions()
    }

    /// The cron jobs in the database.
    pub fn jobs(&self) -> Vec<Value> {
        self.content().cron()
    }

    /// The keys of the sessions in the databases.
    pub fn sessions(&self) -> Vec<String> {
        let sessions = self.content().sessions().into_iter();
        sessions
            .filter_map(|session| session["key"].as_str().map(str::to_owned))
            .collect()
    }

    fn content(&self) -> Content {
        Content::of(&self.install.state, &self.install.package)
    }

    fn write_npmrc(&self) {
        let text = format!(
            "registry={}/\nprefix={}\naudit=false\nfund=false\nupdate-notifier=false\nfetch-retries=0\n",
            self.npm.url(),
            self.install.prefix.display()
        );
        std::fs::write(self.install.home.join(".npmrc"), text).expect("npm's configuration");
    }

    /// A script, not a link: whoever resolved that would lose what it was called by. The program
    /// lies beside it, so that whoever takes the directory elsewhere takes both.
    fn write_node(&self) {
        let bin = self.install.prefix.join("bin");
        std::fs::create_dir_all(&bin).expect("the prefix's bin directory");
        let program = bin.join(".standin");
        if std::fs::hard_link(program_path(), &program).is_err() {
            std::fs::copy(program_path(), &program).expect("the program's copy");
        }
        let node = bin.join("node");
        let text = format!("#!/bin/sh\nexec '{}' {AS_NODE} \"$@\"\n", program.display());
        std::fs::write(&node, text).expect("the launcher");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&node, executable).expect("the launcher's mode");
    }

    /// What there is to lose.
    fn fill(&self, schemas: Schemas) {
        let state = State::of(&self.install.state);
        state.prepare(schemas);
        state.prepare_agent("helper", schemas);
        state.add_job(
            &json!({ "id": Self::JOB, "name": "morning report", "enabled": true,
            "agentId": "main", "createdAtMs": 1_795_185_130_827_i64, "sessionTarget": "main",
            "schedule": { "kind": "cron", "expr": "0 7 * * *" }, "wakeMode": "now",
            "payload": { "kind": "agentTurn", "message": "Report." }, "effectiveAgentId": "main" }),
        );
        let messages = [("user", "What is on today?"), ("assistant", "A quiet day.")];
        for session in Self::SESSIONS {
            for (role, text) in messages {
                state.add_message(session, role, text);
            }
        }
    }

    fn publish_bystanders(&self) {
        self.publish_plugin(&[]);
        let release = clawhub::Release::new("1.0.0").changelog("First.");
        let release = release.skill_md(SKILL, "A skill from ClawHub");
        self.hub
            .publish(clawhub::Skill::new("acme", SKILL).version(release));
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// JSON5 with comments, which OpenClaw's own writes take away.
fn config(version: &str, port: u16, channel: &Channel) -> String {
    format!(
        "// Mine, with comments.
{{
  gateway: {{
    mode: 'local', // never open to the world
    port: {port},
    auth: {{ mode: 'token', token: '{token}' }},
  }},
  agents: {{ list: [{{ id: 'main', default: true }}, {{ id: 'helper' }}] }},
  channels: {{ standin: {{ enabled: true, url: '{url}' }} }},
  plugins: {{ entries: {{ '{plugin}': {{ enabled: true }} }} }},
  messages: {{ prefix: 'kept', suffix: 'kept too' }},
  meta: {{ lastTouchedVersion: '{version}' }},
}}
",
        token = World::TOKEN,
        url = channel.url(),
        plugin = PLUGIN.0,
    )
}

/// As long as anything of the miniature may take on a machine that does much else.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);
