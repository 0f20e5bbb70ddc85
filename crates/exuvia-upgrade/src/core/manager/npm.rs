//! The user's own npm.

use std::path::Path;

use exuvia_host::{Command, Host};
use exuvia_openclaw::Install;

use super::program::{self, PATIENCE};
use crate::{Plan, Trouble};

/// Has npm install the version below a prefix of its own.
pub(super) fn stage(host: &dyn Host, install: &Install, plan: &Plan) -> Result<(), Trouble> {
    host.create_private_dir(&plan.beside)?;
    let what = format!("openclaw@{}", plan.to);
    let words = ["install", what.as_str(), "--ignore-scripts"];
    let command = below(host, install, &plan.beside, &words)?;
    run(host, &command, &format!("install {what}"))
}

/// What runs the scripts of the packages below a prefix.
pub(super) fn rebuild(
    host: &dyn Host,
    install: &Install,
    prefix: &Path,
) -> Result<Command, Trouble> {
    below(host, install, prefix, &["rebuild"])
}

/// A command of npm that acts on packages below `prefix` as on global ones, with the user's own
/// settings and registry. What it starts finds the Node that runs the gateway first.
fn below(
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
    let npm = program::named(host, install, "npm", &[])?.next();
    let npm = npm.ok_or_else(|| Trouble::new("npm was not found; put it on the PATH"))?;
    Ok(Command::new(npm)
        .args(words.iter().copied())
        .args(["--no-audit", "--no-fund", "--loglevel=error"])
        .env("PATH", program::path(host, install, &[])?)
        .env("npm_config_update_notifier", "false")
        .directory(dir)
        .timeout(PATIENCE))
}

/// Runs it; what it says when it fails is part of the error.
pub(crate) fn run(host: &dyn Host, command: &Command, what: &str) -> Result<(), Trouble> {
    program::run(host, command, "npm", what)
}
