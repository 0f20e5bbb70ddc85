//! The package tree of OpenClaw.

use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links};
use exuvia_model::install::PackageManager;

use super::service::Service;
use super::{launcher, pnpm};
use crate::database::read_plugin_index;
use crate::environment::{Environment, trimmed};
use crate::plugin::PluginIndex;
use crate::{git, json};

/// Largest `package.json` that is read.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A package that was found.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) root: PathBuf,
    pub(super) manager: PackageManager,
    pub(super) writable: bool,
}

impl Package {
    pub(super) fn describe(host: &dyn Host, root: &Path) -> Self {
        let real = host.canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let manager = manager(host, &real);
        let root = pnpm::by_link(host, &real).unwrap_or(real);
        // Replacing a tree means creating a name beside it.
        let writable =
            host.is_writable(&root) && root.parent().is_some_and(|p| host.is_writable(p));
        Self {
            root,
            manager,
            writable,
        }
    }
}

/// Finds the package that goes with a state directory: the one that last wrote its plugin index,
/// else the one that the service runs, else the one on the `PATH`, else the usual places.
pub(super) fn find(
    host: &dyn Host,
    environment: &Environment,
    state_dir: &Path,
    scratch: &Path,
    service: Option<&Service>,
) -> Option<Package> {
    let of_index = || {
        let index = read_plugin_index(host, state_dir, scratch).ok().flatten()?;
        let roots = PluginIndex::package_roots(&PluginIndex::entries_of(&index));
        roots.into_iter().find_map(|root| {
            // A version that pnpm took away may have left its name.
            let is_there = is_package(host, &root).then(|| root.clone());
            is_there.or_else(|| pnpm::by_link(host, &root))
        })
    };
    let of_service = || {
        service?
            .program
            .iter()
            .find_map(|file| launcher::package_above(host, file))
    };
    let of_path = || {
        let commands = launcher::on_path(host, "openclaw");
        commands
            .iter()
            .find_map(|command| launcher::package_of(host, command))
    };
    let of_prefix = || {
        let prefixes = prefixes(host, environment);
        prefixes
            .iter()
            .find_map(|(prefix, _)| root_in(host, prefix))
    };
    let root = of_index()
        .or_else(of_service)
        .or_else(of_path)
        .or_else(of_prefix)?;
    Some(Package::describe(host, &root))
}

/// Where a package is looked for besides what the install itself says, and why there.
pub(super) fn places(host: &dyn Host, environment: &Environment) -> Vec<(PathBuf, String)> {
    let path = trimmed(host, "PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| (directory.join("openclaw"), "PATH".to_owned()));
    let prefixes = prefixes(host, environment)
        .into_iter()
        .map(|(prefix, why)| {
            let package = prefix.join("lib/node_modules/openclaw");
            (package, why.to_owned())
        });
    on_path.chain(prefixes).collect()
}

/// Prefixes that package managers install for everybody or for one account into.
fn prefixes(host: &dyn Host, environment: &Environment) -> Vec<(PathBuf, &'static str)> {
    let home = &environment.os_home;
    let variable = |name, why| trimmed(host, name).map(|path| (PathBuf::from(path), why));
    let mut prefixes: Vec<(PathBuf, &'static str)> = Vec::new();
    prefixes.extend(variable("npm_config_prefix", "npm_config_prefix"));
    prefixes.extend(variable("NPM_CONFIG_PREFIX", "NPM_CONFIG_PREFIX"));
    prefixes.extend(npmrc_prefix(host, home).map(|prefix| (prefix, "prefix in ~/.npmrc")));
    prefixes.push((
        home.join(".npm-global"),
        "npm's usual prefix for one account",
    ));
    // `<prefix>/bin/node` of the Node in use is where `npm i -g` puts packages by default.
    let nodes = launcher::on_path(host, "node");
    let of_nodes = nodes.iter().filter_map(|node| {
        let real = host.canonicalize(node).ok()?;
        real.parent()?.parent().map(Path::to_owned)
    });
    prefixes.extend(of_nodes.map(|prefix| (prefix, "the prefix of the Node on the PATH")));
    let bun = variable("BUN_INSTALL", "").map_or_else(|| home.join(".bun"), |(base, _)| base);
    prefixes.push((bun.join("install/global"), "bun's global packages"));
    let own = [("PNPM_HOME", ""), ("XDG_DATA_HOME", "pnpm")];
    let own = own.into_iter().filter_map(|(name, at)| {
        let (base, _) = variable(name, "")?;
        Some(base.join(at))
    });
    let usual = [".local/share/pnpm", "Library/pnpm"].map(|at| home.join(at));
    for base in own.chain(usual) {
        let global = base.join("global");
        let links = pnpm::links_in(host, &global.join("v11"));
        let places = links.into_iter().chain([global.join("5")]);
        prefixes.extend(places.map(|place| (place, "pnpm's global packages")));
    }
    prefixes.push((PathBuf::from("/usr/local"), "npm's usual prefix"));
    prefixes.push((PathBuf::from("/opt/homebrew"), "Homebrew's prefix"));
    prefixes.push((PathBuf::from("/usr"), "the system's prefix"));
    let mut seen = std::collections::HashSet::new();
    prefixes.retain(|(prefix, _)| seen.insert(prefix.clone()));
    prefixes
}

fn npmrc_prefix(host: &dyn Host, home: &Path) -> Option<PathBuf> {
    let npmrc = home.join(".npmrc");
    let text = exuvia_host::read_limited(host, &npmrc, MAX_BYTES, Links::Follow).ok()?;
    let text = String::from_utf8(text).ok()?;
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "prefix").then(|| value.trim().trim_matches('"').to_owned())
    })?;
    let value = value.replace("${HOME}", &home.to_string_lossy());
    Some(match value.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => PathBuf::from(value),
    })
}

/// The package in a directory: it itself, or where package managers put it below a prefix.
pub(super) fn root_in(host: &dyn Host, directory: &Path) -> Option<PathBuf> {
    ["", "lib/node_modules/openclaw", "node_modules/openclaw"]
        .iter()
        .map(|below| directory.join(below))
        .find(|root| is_package(host, root))
        .map(|root| host.canonicalize(&root).unwrap_or(root))
}

pub(super) fn is_package(host: &dyn Host, root: &Path) -> bool {
    let package = json::read(host, &root.join("package.json"), MAX_BYTES);
    package.is_ok_and(|package| {
        package.is_some_and(|package| json::text(&package, "name") == Some("openclaw"))
    })
}

/// Package managers are told by where they keep what they install.
fn manager(host: &dyn Host, root: &Path) -> PackageManager {
    let has = |name: &str| root.components().any(|part| part.as_os_str() == name);
    let has_beside = |name: &str| {
        let project = root.parent().filter(|dir| dir.ends_with("node_modules"));
        let lock = project.and_then(Path::parent).map(|dir| dir.join(name));
        lock.is_some_and(|lock| host.metadata(&lock, Links::Refuse).is_ok())
    };
    if pnpm::is_of_pnpm(host, root) {
        PackageManager::Pnpm
    } else if has(".bun") || has_beside("bun.lock") {
        PackageManager::Bun
    } else if git::is_checkout(host, root) {
        PackageManager::Git
    } else if root
        .parent()
        .is_some_and(|parent| parent.ends_with("node_modules"))
    {
        PackageManager::Npm
    } else {
        PackageManager::Unknown
    }
}
