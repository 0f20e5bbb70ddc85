//! The command that pnpm puts on the `PATH`.
//!
//! It is a script that leads through the link which stays, and names the package's own directory
//! with its version in `NODE_PATH` (pnpm 12.21). What it named would still be found there, by whoever
//! finds nothing nearer.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links, read_limited};

use super::pnpm;
use crate::{Plan, Trouble};

const NAME: &str = "openclaw";
/// Largest one; they have 5 KB.
const MAX_BYTES: u64 = 256 << 10;
/// What its `NODE_PATH` begins with, and how the first directory in it ends.
const BEGIN: &str = "NODE_PATH='";
const END: &str = "/node_modules/openclaw/node_modules";

/// Refuses where one could not be renewed.
pub(super) fn must_be_writable(host: &dyn Host, tree: &Path) -> Result<(), Trouble> {
    for (path, ..) in launchers(host, tree) {
        if !path.parent().is_some_and(|dir| host.is_writable(dir)) {
            return Err(Trouble::new(format!(
                "{} cannot be replaced by this user; run exuvia as the user who owns it",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Has the launchers name the directory in which the live package lies now.
pub(super) fn renew(host: &dyn Host, plan: &Plan) -> Result<(), Trouble> {
    let package = host.canonicalize(&plan.packages().0)?;
    let Some(now) = package.ancestors().nth(2) else {
        return Ok(());
    };
    for (path, text, mode) in launchers(host, &plan.live) {
        let Some(named) = named_in(&text).filter(|named| Path::new(named) != now) else {
            continue;
        };
        let from = format!("{named}/node_modules");
        let to = format!("{}/node_modules", now.display());
        host.write_atomic(&path, text.replace(&from, &to).as_bytes(), mode)?;
    }
    Ok(())
}

/// The directory whose `node_modules` holds the package, as the launcher names it.
fn named_in(text: &str) -> Option<&str> {
    let (_, after) = text.split_once(BEGIN)?;
    let (paths, _) = after.split_once('\'')?;
    let (named, _) = paths.split_once(END)?;
    (!named.contains(':')).then_some(named)
}

/// Those that lead to a tree, each with its text and its mode.
fn launchers(host: &dyn Host, tree: &Path) -> Vec<(PathBuf, String, u32)> {
    let global = tree.parent().unwrap_or(tree);
    let path = host.env("PATH").unwrap_or_default();
    let mut files: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(pnpm::own_dirs(global))
        .map(|dir| dir.join(NAME))
        .filter_map(|file| host.canonicalize(&file).ok())
        .collect();
    files.sort_unstable();
    files.dedup();
    let read = |file: PathBuf| {
        let meta = host.metadata(&file, Links::Refuse).ok()?;
        let bytes = read_limited(host, &file, MAX_BYTES, Links::Refuse).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let is_one = meta.kind == EntryKind::File && leads_to(host, &text, tree);
        is_one.then_some((file, text, meta.mode & 0o777))
    };
    files.into_iter().filter_map(read).collect()
}

/// Whether a script names a link that leads to a tree.
fn leads_to(host: &dyn Host, text: &str, tree: &Path) -> bool {
    let global = tree.parent().unwrap_or(tree);
    let mut words = text.split(['\'', '"']).filter_map(|word| {
        let (before, _) = word.split_once("/node_modules/openclaw/")?;
        Path::new(before).file_name()
    });
    words.any(|link| {
        host.canonicalize(&global.join(link))
            .is_ok_and(|real| real == tree)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_of_the_version_is_read_from_what_pnpm_writes() {
        let text = "#!/bin/sh\nif [ -z \"$NODE_PATH\" ]; then\n  export NODE_PATH='/p/store/v11/links/@/\
                    openclaw/1.0.0/ab/node_modules/openclaw/node_modules:/p/store/v11/links/@/openclaw/\
                    1.0.0/ab/node_modules'\nfi\n";
        assert_eq!(
            named_in(text),
            Some("/p/store/v11/links/@/openclaw/1.0.0/ab")
        );
        for other in [
            "#!/bin/sh\nexec node x\n",
            "NODE_PATH='/a:/b/node_modules/openclaw/node_modules'",
        ] {
            assert_eq!(named_in(other), None, "{other}");
        }
    }
}
