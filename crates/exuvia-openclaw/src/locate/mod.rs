//! Finding OpenClaw on this machine.

mod error;
mod launcher;
mod package;
mod pnpm;
pub(crate) mod service;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links};
use exuvia_model::install::PackageManager;

pub use error::LocateError;

use crate::environment::{Environment, trimmed};
use crate::{Install, Profile};
use package::Package;

/// What the user said about where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocateOptions {
    /// `--install`: a state directory, a package directory or prefix, or an `openclaw` command.
    pub install: Option<PathBuf>,
    /// `--profile`: the name of an OpenClaw profile.
    pub profile: Option<String>,
}

/// Finds the install that OpenClaw itself would use, given the same environment and options.
///
/// Where that has no state directory: a package without one is an install that was never started,
/// and a single profile is the only install there is.
pub fn locate(host: &dyn Host, options: &LocateOptions) -> Result<Install, LocateError> {
    let mut environment = Environment::read(host);
    if let Some(profile) = &options.profile {
        environment = environment.select(Profile::new(profile)?);
    }
    let mut named = None;
    if let Some(path) = &options.install {
        match name(host, &environment, path)? {
            Named::State(state_dir) => environment = environment.at(state_dir),
            Named::Package(package) => named = Some(package),
        }
    }
    let state_dir = environment.effective_state_dir(host);
    if looks_like_state(host, &state_dir) {
        return Ok(build(host, &environment, &state_dir, named));
    }
    without_state(host, &environment, state_dir, named)
}

/// Every install that can be found: the one in force, the default one, and all profiles.
pub fn locate_all(host: &dyn Host) -> Vec<Install> {
    let environment = Environment::read(host);
    let mut installs: Vec<Install> = Vec::new();
    let mut add = |environment: &Environment, state_dir: &Path| {
        if looks_like_state(host, state_dir) {
            let install = build(host, environment, state_dir, None);
            if installs
                .iter()
                .all(|other| other.state_dir != install.state_dir)
            {
                installs.push(install);
            }
        }
    };
    add(&environment, &environment.effective_state_dir(host));
    let default = environment.clone().at(environment.profile_dir(None));
    add(&default, &environment.profile_dir(None));
    for (_, dir) in environment.profile_dirs(host) {
        add(&environment.clone().at(dir.clone()), &dir);
    }
    installs
}

enum Named {
    State(PathBuf),
    Package(PathBuf),
}

/// What `--install` names.
fn name(host: &dyn Host, environment: &Environment, path: &Path) -> Result<Named, LocateError> {
    let path = environment.resolve(path.as_os_str());
    let no_install = |reason: &str| LocateError::NotAnInstall {
        path: path.clone(),
        reason: reason.to_owned(),
    };
    let meta = host
        .metadata(&path, Links::Follow)
        .map_err(|error| no_install(&error.source.to_string()))?;
    if meta.kind == EntryKind::File {
        return launcher::package_of(host, &path)
            .map(Named::Package)
            .ok_or_else(|| no_install("it is a file that leads to no OpenClaw package"));
    }
    if let Some(root) = package::root_in(host, &path) {
        return Ok(Named::Package(root));
    }
    if looks_like_state(host, &path) {
        return Ok(Named::State(path));
    }
    Err(no_install(
        "it holds neither a configuration or database of OpenClaw nor its package",
    ))
}

/// Whether a directory is OpenClaw's state: its name alone does not make it that.
pub(crate) fn looks_like_state(host: &dyn Host, directory: &Path) -> bool {
    const SIGNS: [&str; 9] = [
        "openclaw.json",
        "clawdbot.json",
        "state",
        "agents",
        "workspace",
        "extensions",
        "skills",
        "npm",
        "plugins",
    ];
    SIGNS
        .iter()
        .any(|sign| host.metadata(&directory.join(sign), Links::Follow).is_ok())
}

fn without_state(
    host: &dyn Host,
    environment: &Environment,
    state_dir: PathBuf,
    named: Option<PathBuf>,
) -> Result<Install, LocateError> {
    let is_chosen = environment.state_dir.is_some();
    if !is_chosen {
        let installs = locate_all(host);
        match installs.len() {
            0 => {}
            1 => {
                if let Some(only) = installs.into_iter().next() {
                    return Ok(only);
                }
            }
            _ => return Err(LocateError::Ambiguous { installs }),
        }
    }
    if !is_chosen || named.is_some() {
        let install = build(host, environment, &state_dir, named);
        if install.package_root.is_some() {
            return Ok(install);
        }
    }
    Err(LocateError::NotFound {
        looked_at: looked_at(host, environment, state_dir),
    })
}

fn looked_at(
    host: &dyn Host,
    environment: &Environment,
    state_dir: PathBuf,
) -> Vec<(PathBuf, String)> {
    let set = |name: &str| trimmed(host, name).is_some();
    let why = if set("OPENCLAW_STATE_DIR") {
        "OPENCLAW_STATE_DIR".to_owned()
    } else if let (Some(profile), Some(_)) = (&environment.profile, &environment.state_dir) {
        format!("the state directory of profile {profile}")
    } else if set("OPENCLAW_HOME") {
        "the state directory under OPENCLAW_HOME".to_owned()
    } else {
        "the default state directory".to_owned()
    };
    let mut places = vec![(state_dir, why)];
    if environment.state_dir.is_none() {
        let profiles = environment.home.join(".openclaw-*");
        places.push((profiles, "state directories of profiles".to_owned()));
        places.extend(package::places(host, environment));
    }
    places
}

fn build(
    host: &dyn Host,
    environment: &Environment,
    state_dir: &Path,
    named: Option<PathBuf>,
) -> Install {
    let scratch_dir = scratch_dir(host, environment);
    let state_dir = host
        .canonicalize(state_dir)
        .unwrap_or_else(|_| state_dir.to_owned());
    let service = service::find(host, environment);
    let package = match named {
        Some(root) => Some(Package::describe(host, &root)),
        None => package::find(
            host,
            environment,
            &state_dir,
            &scratch_dir,
            service.as_ref(),
        ),
    };
    let node = service
        .as_ref()
        .and_then(|service| service.node.clone())
        .or_else(|| launcher::node(host, package.as_ref().map(|package| package.root.as_path())));
    Install {
        config_path: environment.effective_config_path(host, &state_dir),
        default_workspace: default_workspace(host, environment, &state_dir),
        is_default: environment.is_default_state_dir(host),
        package_manager: package
            .as_ref()
            .map_or(PackageManager::Unknown, |package| package.manager),
        package_writable: package.as_ref().is_some_and(|package| package.writable),
        package_root: package.map(|package| package.root),
        profile: environment
            .profile
            .as_ref()
            .and_then(|profile| profile.name().map(str::to_owned)),
        home: environment.home.clone(),
        os_home: environment.os_home.clone(),
        service: service.map(|service| service.path),
        node,
        scratch_dir,
        state_dir,
    }
}

/// `resolveDefaultAgentWorkspaceDir` in `src/agents/workspace-default-path.ts`.
fn default_workspace(host: &dyn Host, environment: &Environment, state_dir: &Path) -> PathBuf {
    if let Some(explicit) = &environment.workspace {
        return explicit.clone();
    }
    if environment.state_dir.is_some() {
        return state_dir.join("workspace");
    }
    let by_profile = environment.profile_dir(environment.profile.as_ref());
    host.canonicalize(&by_profile)
        .unwrap_or(by_profile)
        .join("workspace")
}

fn scratch_dir(host: &dyn Host, environment: &Environment) -> PathBuf {
    let home = trimmed(host, "EXUVIA_HOME").map_or_else(
        || environment.os_home.join(".exuvia"),
        |home| environment.resolve(OsStr::new(&home)),
    );
    home.join("tmp")
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "locate_tests.rs"]
mod tests;
