//! The user's own npm.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Command, Host};
use exuvia_openclaw::Install;

use crate::Trouble;

/// How long npm may take to install one package: 36 s seen on 2 cores with a full cache.
const PATIENCE: Duration = Duration::from_mins(15);

/// Finds the user's npm: that on the `PATH`, else the one that came with the Node that runs the
/// gateway.
fn find(host: &dyn Host, node: &Path) -> Option<PathBuf> {
    let path = host.env("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join("npm"));
    let beside = node.with_file_name("npm");
    on_path
        .chain([beside])
        .filter(|file| file.is_absolute())
        .find(|file| host.canonicalize(file).is_ok())
}

/// A command of npm that acts on packages below `prefix` as on global ones, with the user's own
/// settings and registry. What it starts finds the Node that runs the gateway first.
pub(super) fn command(
    host: &dyn Host,
    install: &Install,
    prefix: &Path,
    words: &[&str],
) -> Result<Command, Trouble> {
    let command = within(host, install, prefix, words)?;
    Ok(command.arg("--global").arg("--prefix").arg(prefix))
}

/// One that acts on the project in a directory.
pub(crate) fn within(
    host: &dyn Host,
    install: &Install,
    dir: &Path,
    words: &[&str],
) -> Result<Command, Trouble> {
    let node = install
        .node
        .as_deref()
        .ok_or_else(|| Trouble::new("no Node was found to run OpenClaw with"))?;
    let npm =
        find(host, node).ok_or_else(|| Trouble::new("npm was not found; put it on the PATH"))?;
    let path = host.env("PATH").unwrap_or_default();
    let node_dir = node.parent().map(Path::to_owned);
    let dirs = node_dir.into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(dirs)?;
    Ok(Command::new(npm)
        .args(words.iter().copied())
        .args(["--no-audit", "--no-fund", "--loglevel=error"])
        .env("PATH", path)
        .env("npm_config_update_notifier", "false")
        .directory(dir)
        .timeout(PATIENCE))
}

/// Runs it; what it says when it fails is part of the error.
pub(crate) fn run(host: &dyn Host, command: &Command, what: &str) -> Result<(), Trouble> {
    let output = host.run(command)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains("A complete log"))
        .take(4)
        .collect();
    let words = exuvia_model::text::one_line(&said.join("; "), 600);
    Err(Trouble::new(format!("npm could not {what}: {words}")))
}
