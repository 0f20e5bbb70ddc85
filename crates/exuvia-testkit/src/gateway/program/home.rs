//! Where the program's files are, as OpenClaw finds its own (`src/config/paths.ts`).

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::gateway::Book;
use crate::gateway::behaviour::Behaviour;
use crate::gateway::engine;
use crate::mini::{Content, Plan};

#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) state_dir: PathBuf,
    pub(super) config_path: PathBuf,
    package: Option<PathBuf>,
    mini: Option<(Plan, Content)>,
}

impl Home {
    pub(super) fn of_this_process(script: Option<&Path>) -> Self {
        let named = |name| {
            let value = std::env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        let home = named("OPENCLAW_HOME")
            .or_else(|| named("HOME"))
            .unwrap_or_default();
        let profile = std::env::var("OPENCLAW_PROFILE").unwrap_or_default();
        let default = match profile.as_str() {
            "" | "default" => ".openclaw".to_owned(),
            profile => format!(".openclaw-{profile}"),
        };
        let state_dir = named("OPENCLAW_STATE_DIR").unwrap_or_else(|| home.join(default));
        let config_path =
            named("OPENCLAW_CONFIG_PATH").unwrap_or_else(|| state_dir.join("openclaw.json"));
        let package = script.and_then(|script| script.parent().map(Path::to_owned));
        let mini = package.as_ref().and_then(|package| {
            let content = Content::of(&state_dir, package);
            Plan::of(package).map(|plan| (plan, content))
        });
        Self {
            state_dir,
            config_path,
            package,
            mini,
        }
    }

    pub(super) fn script(&self) -> PathBuf {
        self.state_dir.join(Behaviour::FILE)
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        engine::read(&self.script())
    }

    pub(super) fn book(&self) -> Book {
        Book::open(&self.state_dir)
    }

    /// What is known of a miniature beyond the script; nothing of the plain stand-in.
    pub(super) fn mini(&self) -> Option<(&Plan, &Content)> {
        self.mini.as_ref().map(|(plan, content)| (plan, content))
    }

    /// The package tree that this was started from.
    pub(super) fn package(&self) -> &Path {
        self.package.as_deref().unwrap_or(Path::new(""))
    }

    /// The version that wrote the configuration last (`meta.lastTouchedVersion`).
    pub(super) fn touched_by(&self) -> Option<String> {
        let config = self.config().ok()?;
        config["meta"]["lastTouchedVersion"]
            .as_str()
            .map(str::to_owned)
    }

    /// What must be shown to come in: as the script says, and of a miniature as it is configured.
    pub(super) fn token(&self) -> Option<String> {
        let configured = || {
            self.mini.as_ref()?;
            let named = std::env::var("OPENCLAW_GATEWAY_TOKEN").ok();
            let config = self.config().unwrap_or_default();
            named.or_else(|| {
                config["gateway"]["auth"]["token"]
                    .as_str()
                    .map(str::to_owned)
            })
        };
        self.behaviour().token.or_else(configured)
    }

    /// The version of the package tree that this was started from, else that of the script.
    pub(super) fn version(&self) -> String {
        let manifest = self
            .package
            .as_ref()
            .map(|package| package.join("package.json"));
        let text = manifest.and_then(|file| std::fs::read_to_string(file).ok());
        let manifest: Value = text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let version = manifest["version"].as_str();
        version.map_or_else(|| self.behaviour().version, str::to_owned)
    }

    /// The configuration; words where there is none that can be used.
    pub(super) fn config(&self) -> Result<Value, String> {
        let text = std::fs::read_to_string(&self.config_path).unwrap_or_else(|_| "{}".to_owned());
        if self.behaviour().bad_config {
            return Err("the script says that the config is bad".to_owned());
        }
        json5::from_str(&text).map_err(|error| format!("JSON5 parse failed: {error}"))
    }
}
