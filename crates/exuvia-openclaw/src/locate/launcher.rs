//! The `openclaw` command, and where it leads.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links, read_limited};

use super::package::root_in;

/// Largest launcher that is read; a shim has a few hundred bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Every `openclaw` on the `PATH`.
pub(super) fn on_path(host: &dyn Host, name: &str) -> Vec<PathBuf> {
    let path = host.env("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .filter(|file| is_program(host, file))
        .collect()
}

fn is_program(host: &dyn Host, file: &Path) -> bool {
    host.metadata(file, Links::Follow)
        .is_ok_and(|meta| meta.kind == EntryKind::File && meta.is_executable())
}

/// The package that a command runs: npm and bun link to the file in it, pnpm and OpenClaw's own
/// installer write a small shell script that names it.
pub(super) fn package_of(host: &dyn Host, command: &Path) -> Option<PathBuf> {
    let real = host.canonicalize(command).ok()?;
    if let Some(root) = package_above(host, &real) {
        return Some(root);
    }
    let script = read_limited(host, &real, MAX_BYTES, Links::Refuse).ok()?;
    let script = String::from_utf8(script).ok()?;
    if !script.starts_with("#!") {
        return None;
    }
    let directory = real.parent()?;
    named_paths(&script)
        .filter_map(|path| host.canonicalize(&directory.join(path)).ok())
        .find_map(|path| package_above(host, &path))
}

/// The words of a shim that end in `/openclaw.mjs` or the like: `"$basedir/…"` is relative to the
/// shim, as pnpm's `cmd-shim` writes it.
fn named_paths(script: &str) -> impl Iterator<Item = &str> {
    script
        .split(|c: char| c.is_whitespace() || "\"'`=;".contains(c))
        .filter(|word| word.contains("openclaw") && word.contains('/'))
        .map(|word| {
            let word = word.strip_prefix("$basedir/").unwrap_or(word);
            word.strip_prefix("${basedir}/").unwrap_or(word)
        })
        .filter(|word| !word.contains('$'))
}

/// The package that a file belongs to.
pub(super) fn package_above(host: &dyn Host, file: &Path) -> Option<PathBuf> {
    // A file of the package lies at most at `dist/…/…` in it.
    file.ancestors()
        .skip(1)
        .take(4)
        .find_map(|directory| root_in(host, directory).filter(|root| file.starts_with(root)))
}

/// The Node that OpenClaw's command would be run by: the one beside it or above it, else the first
/// on the `PATH`.
pub(super) fn node(host: &dyn Host, package: Option<&Path>) -> Option<PathBuf> {
    let beside = package.and_then(|root| {
        // `<prefix>/lib/node_modules/openclaw`, whose commands lie in `<prefix>/bin`.
        let node = root.ancestors().nth(3)?.join("bin/node");
        is_program(host, &node).then_some(node)
    });
    let found = beside.or_else(|| on_path(host, "node").into_iter().next())?;
    Some(host.canonicalize(&found).unwrap_or(found))
}
