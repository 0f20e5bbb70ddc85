//! The environment as OpenClaw reads it.
//!
//! Follows `src/config/paths.ts`, `src/config/state-dir.ts`, `src/infra/home-dir.ts` and
//! `src/cli/profile.ts` of OpenClaw 2026.9.5, found in its `dist/`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use exuvia_host::{Host, Links};

use crate::profile::Profile;

/// `~/.openclaw`, and what OpenClaw falls back to where only that exists.
const STATE_DIR: &str = ".openclaw";
const LEGACY_STATE_DIR: &str = ".clawdbot";
const CONFIG_FILE: &str = "openclaw.json";
const LEGACY_CONFIG_FILE: &str = "clawdbot.json";

/// What OpenClaw takes from its environment to find its files.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// The account's home: `$HOME`.
    pub(crate) os_home: PathBuf,
    /// `$OPENCLAW_HOME`, else the account's home.
    pub(crate) home: PathBuf,
    /// `$OPENCLAW_STATE_DIR`, or what `--profile` makes of it.
    pub(crate) state_dir: Option<PathBuf>,
    /// `$OPENCLAW_CONFIG_PATH`, or what `--profile` makes of it.
    pub(crate) config_path: Option<PathBuf>,
    /// `$OPENCLAW_WORKSPACE_DIR`.
    pub(crate) workspace: Option<PathBuf>,
    /// `--profile`, else `$OPENCLAW_PROFILE`.
    pub(crate) profile: Option<Profile>,
    current_dir: PathBuf,
}

impl Environment {
    /// Reads it. Without any home it is relative to the current directory, as OpenClaw's is.
    pub(crate) fn read(host: &dyn Host) -> Self {
        let current_dir = host.current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let os_home = home_value(host, "HOME")
            .or_else(|| home_value(host, "USERPROFILE"))
            .map_or_else(|| current_dir.clone(), |home| absolute(&current_dir, &home));
        let home = home_value(host, "OPENCLAW_HOME").map_or_else(
            || os_home.clone(),
            |home| absolute(&current_dir, &expand(&home, &os_home)),
        );
        let mut environment = Self {
            os_home,
            home,
            state_dir: None,
            config_path: None,
            workspace: None,
            profile: trimmed(host, "OPENCLAW_PROFILE")
                .and_then(|name| name.to_str().and_then(|name| Profile::new(name).ok())),
            current_dir,
        };
        let resolved = |name| trimmed(host, name).map(|path| environment.resolve(&path));
        let state_dir = resolved("OPENCLAW_STATE_DIR");
        let config_path = resolved("OPENCLAW_CONFIG_PATH");
        // Not expanded by the home: `resolveDefaultAgentWorkspaceDir` calls `path.resolve` alone.
        environment.workspace = trimmed(host, "OPENCLAW_WORKSPACE_DIR")
            .map(|path| absolute(&environment.current_dir, Path::new(&path)));
        environment.state_dir = state_dir;
        environment.config_path = config_path;
        environment
    }

    /// The same as `openclaw --profile NAME` sees it (`applyCliProfileEnv`): an explicit state
    /// directory stays in force, unless it is only the one of the profile that is left.
    pub(crate) fn select(mut self, profile: Profile) -> Self {
        let inherited = self.profile_dir(self.profile.as_ref());
        let selected = self.profile_dir(Some(&profile));
        let switches = inherited != selected;
        let was_inherited = switches && self.state_dir.as_ref() == Some(&inherited);
        let keeps_config = self.config_path.as_ref().is_some_and(|config| {
            let of_inherited = *config == inherited.join(CONFIG_FILE);
            !(switches && of_inherited && (self.state_dir.is_none() || was_inherited))
        });
        let state_dir = match self.state_dir.take() {
            Some(explicit) if !was_inherited => explicit,
            _ => selected,
        };
        if !keeps_config {
            self.config_path = Some(state_dir.join(CONFIG_FILE));
        }
        self.state_dir = Some(state_dir);
        self.profile = Some(profile);
        self
    }

    /// The same with another state directory and nothing else that points anywhere.
    pub(crate) fn at(mut self, state_dir: PathBuf) -> Self {
        self.profile = self.profile_of(&state_dir);
        self.config_path = None;
        self.state_dir = Some(state_dir);
        self
    }

    /// The state directory in force (`resolveStateDir`).
    pub(crate) fn effective_state_dir(&self, host: &dyn Host) -> PathBuf {
        if let Some(explicit) = &self.state_dir {
            return explicit.clone();
        }
        let current = self.home.join(STATE_DIR);
        let legacy = self.home.join(LEGACY_STATE_DIR);
        if !exists(host, &current) && exists(host, &legacy) {
            legacy
        } else {
            current
        }
    }

    /// The config file in force (`resolveConfigPath`).
    pub(crate) fn effective_config_path(&self, host: &dyn Host, state_dir: &Path) -> PathBuf {
        if let Some(explicit) = &self.config_path {
            return explicit.clone();
        }
        let current = state_dir.join(CONFIG_FILE);
        let legacy = state_dir.join(LEGACY_CONFIG_FILE);
        if !exists(host, &current) && exists(host, &legacy) {
            legacy
        } else {
            current
        }
    }

    /// Where a profile keeps its state (`resolveProfileStateDir`).
    pub(crate) fn profile_dir(&self, profile: Option<&Profile>) -> PathBuf {
        let suffix = profile.and_then(Profile::suffix).unwrap_or_default();
        self.home.join(format!("{STATE_DIR}{suffix}"))
    }

    /// Every `~/.openclaw-<profile>` that is there.
    pub(crate) fn profile_dirs(&self, host: &dyn Host) -> Vec<(Profile, PathBuf)> {
        let Ok(entries) = host.read_dir(&self.home) else {
            return Vec::new();
        };
        entries
            .into_iter()
            .filter_map(|(name, _)| {
                let profile = Profile::new(name.to_str()?.strip_prefix(".openclaw-")?).ok()?;
                let dir = self.home.join(&name);
                crate::locate::looks_like_state(host, &dir).then_some((profile, dir))
            })
            .collect()
    }

    /// The profile whose directory this would be.
    fn profile_of(&self, state_dir: &Path) -> Option<Profile> {
        let name = state_dir.file_name()?.to_str()?;
        let profile = Profile::new(name.strip_prefix(".openclaw-")?).ok()?;
        (state_dir.parent()? == self.home).then_some(profile)
    }

    /// Whether the state directory is the default one (`isDefaultStateDir`).
    pub(crate) fn is_default_state_dir(&self, host: &dyn Host) -> bool {
        let real = |path: &Path| host.canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.state_dir
            .as_ref()
            .is_none_or(|dir| real(dir) == real(&self.home.join(STATE_DIR)))
    }

    /// A path that a person wrote: `~` is the home, and relative ones are relative to the current
    /// directory (`resolveHomeRelativePath`).
    pub(crate) fn resolve(&self, path: &OsStr) -> PathBuf {
        absolute(&self.current_dir, &expand(path, &self.home))
    }
}

fn home_value(host: &dyn Host, name: &str) -> Option<OsString> {
    trimmed(host, name).filter(|value| value != "undefined" && value != "null")
}

/// A variable without white space around it; nothing where nothing is left.
pub(crate) fn trimmed(host: &dyn Host, name: &str) -> Option<OsString> {
    let value = host.env(name)?;
    let trimmed = value.as_bytes().trim_ascii();
    (!trimmed.is_empty()).then(|| OsStr::from_bytes(trimmed).to_owned())
}

fn expand(path: &OsStr, home: &Path) -> PathBuf {
    match Path::new(path).strip_prefix("~") {
        Ok(rest) => home.join(rest),
        Err(_) => PathBuf::from(path),
    }
}

/// The path, absolute and without `.` and `..`, by its text alone (node's `path.resolve`).
pub(crate) fn absolute(base: &Path, path: &(impl AsRef<Path> + ?Sized)) -> PathBuf {
    let mut result = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::ParentDir => {
                result.pop();
            }
            Component::CurDir => {}
            other => result.push(other),
        }
    }
    result
}

fn exists(host: &dyn Host, path: &Path) -> bool {
    host.metadata(path, Links::Follow).is_ok()
}
