//! A package manager as a program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Command, Host};
use exuvia_openclaw::Install;

use crate::Trouble;

/// How long one may take to install one package: 36 s seen on 2 cores with a full cache.
pub(super) const PATIENCE: Duration = Duration::from_mins(15);

/// The programs of this name: those on the `PATH`, then those in these directories, then the one
/// that came with the Node that runs the gateway.
pub(super) fn named<'h>(
    host: &'h dyn Host,
    install: &Install,
    name: &'h str,
    besides: &[PathBuf],
) -> Result<impl Iterator<Item = PathBuf> + use<'h>, Trouble> {
    let path = host.env("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(besides.iter().cloned())
        .chain([node_dir(install)?.to_owned()])
        .collect();
    let files = dirs.into_iter().map(move |dir| dir.join(name));
    Ok(files.filter(|file| file.is_absolute() && host.canonicalize(file).is_ok()))
}

/// A `PATH` on which the Node that runs the gateway comes first, and then these directories.
pub(super) fn path(
    host: &dyn Host,
    install: &Install,
    besides: &[PathBuf],
) -> Result<OsString, Trouble> {
    let path = host.env("PATH").unwrap_or_default();
    let node = node_dir(install)?.to_owned();
    let dirs = std::iter::once(node).chain(besides.iter().cloned());
    Ok(std::env::join_paths(
        dirs.chain(std::env::split_paths(&path)),
    )?)
}

fn node_dir(install: &Install) -> Result<&Path, Trouble> {
    let node = install.node.as_deref().and_then(Path::parent);
    node.ok_or_else(|| Trouble::new("no Node was found to run OpenClaw with"))
}

/// Runs it; what it says when it fails is part of the error.
pub(super) fn run(
    host: &dyn Host,
    command: &Command,
    who: &str,
    what: &str,
) -> Result<(), Trouble> {
    let output = host.run(command)?;
    if output.status.success() {
        return Ok(());
    }
    let (errors, rest) = (words(&output.stderr), words(&output.stdout));
    let said = if errors.is_empty() { rest } else { errors };
    Err(Trouble::new(format!("{who} could not {what}: {said}")))
}

fn words(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    // pnpm draws its errors into a box.
    let said = said
        .lines()
        .map(|line| line.trim_matches(|c: char| c.is_whitespace() || "│├╰─▶×".contains(c)))
        .filter(|line| !line.is_empty() && !line.contains("A complete log"))
        .take(4);
    exuvia_model::text::one_line(&said.collect::<Vec<_>>().join("; "), 600)
}
