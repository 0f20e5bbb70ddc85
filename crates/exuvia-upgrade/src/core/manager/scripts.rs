//! The scripts of an installation, where the package manager has no command that runs them.

use std::path::{Path, PathBuf};

use exuvia_host::{Command, Host};
use exuvia_openclaw::Install;

use super::program;
use super::project;
use crate::{Plan, Trouble};

/// The hooks of an installation, in their order.
const HOOKS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// The packages of a tree whose scripts the user lets run, by where they lie in it.
type Allowed = fn(&dyn Host, &Path) -> Result<Vec<PathBuf>, Trouble>;

/// The scripts of the packages that are others than in the live tree, and then OpenClaw, which does
/// at its first start what its own scripts were to do (`completePendingPackageLifecycle`, 2026.9.5).
pub(super) fn of(
    host: &dyn Host,
    install: &Install,
    plan: &Plan,
    allowed: Allowed,
) -> Result<Vec<Command>, Trouble> {
    let (tree, (_, openclaw)) = (plan.other(), plan.packages());
    let mut commands = Vec::new();
    for place in allowed(host, &tree)? {
        let package = tree.join(&place);
        let version = project::version(host, &package);
        if package == openclaw || version == project::version(host, &plan.live.join(&place)) {
            continue;
        }
        let manifest = project::json(host, &package.join("package.json"))?;
        for hook in HOOKS {
            let script = manifest
                .get("scripts")
                .and_then(|scripts| scripts.get(hook));
            let Some(script) = script.and_then(|script| script.as_str()) else {
                continue;
            };
            let own = [
                package.join("node_modules/.bin"),
                tree.join("node_modules/.bin"),
            ];
            commands.push(
                Command::new("/bin/sh")
                    .args(["-c", script])
                    .env("PATH", program::path(host, install, &own)?)
                    .env("npm_lifecycle_event", hook)
                    .directory(&package),
            );
        }
    }
    commands.push(install.openclaw_of(&openclaw, ["--version"])?);
    Ok(commands)
}
