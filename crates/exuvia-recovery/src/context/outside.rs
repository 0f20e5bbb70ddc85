//! What belongs to an install and lies elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links};
use exuvia_openclaw::Install;
use exuvia_openclaw::config::{Agent, Config};

/// Workspaces, agents' directories, linked plugins and further directories of skills that are there
/// and do not lie in the state directory.
pub(super) fn find(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    agents: &[Agent],
) -> BTreeSet<PathBuf> {
    let of_agents = agents
        .iter()
        .flat_map(|agent| [agent.workspace.clone(), agent.dir.clone()]);
    let of_config = [
        ["plugins", "load", "paths"],
        ["skills", "load", "extraDirs"],
    ]
    .into_iter()
    .flat_map(|keys| config.paths(host, install, &keys));
    of_agents
        .chain(of_config)
        .filter(|path| host.metadata(path, Links::Follow).is_ok())
        .filter_map(|path| elsewhere(host, install, &path))
        .collect()
}

/// The real path of something that is not in the state directory.
pub(super) fn elsewhere(host: &dyn Host, install: &Install, path: &Path) -> Option<PathBuf> {
    let real = host.canonicalize(path).unwrap_or_else(|_| path.to_owned());
    (!real.starts_with(&install.state_dir)).then_some(real)
}

/// The path below the state directory of something that lies there.
pub(super) fn within(host: &dyn Host, install: &Install, path: &Path) -> Option<PathBuf> {
    let real = host.canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let below = real.strip_prefix(&install.state_dir).ok()?;
    (!below.as_os_str().is_empty()).then(|| below.to_owned())
}
