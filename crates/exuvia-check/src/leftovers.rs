//! What a check that was killed left behind.

use std::path::Path;

use exuvia_host::{Host, Links, TEMPORARY_SUFFIX};
use jiff::SignedDuration;

/// What may belong to another command that is running is left alone for this long.
const IN_USE: SignedDuration = SignedDuration::from_hours(1);

/// Whose a directory's temporary files may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    /// The holder of the check's lock, which is the caller.
    Caller,
    /// Other commands, too.
    Anybody,
}

/// Removes files that were written beside a document and never took its place. That one cannot be
/// removed is no reason not to check: the next check tries again.
pub(crate) fn sweep_files(host: &dyn Host, directory: &Path, writers: Writers) {
    for (name, _) in host.read_dir(directory).unwrap_or_default() {
        let shown = name.to_string_lossy();
        let path = directory.join(&name);
        let is_ours = shown.starts_with('.') && shown.ends_with(TEMPORARY_SUFFIX);
        if is_ours && (writers == Writers::Caller || is_old(host, &path)) {
            let _ = host.remove_file(&path);
        }
    }
}

/// Removes what was on its way into the cache when its writer was killed.
pub(crate) fn sweep_cache(host: &dyn Host, cache: &Path) {
    for directory in [
        cache.to_owned(),
        cache.join("http"),
        cache.join("http/tarballs"),
    ] {
        sweep_files(host, &directory, Writers::Anybody);
    }
}

/// Removes private copies of databases whose reader was killed.
pub(crate) fn sweep_scratch(host: &dyn Host, scratch: &Path) {
    for (name, _) in host.read_dir(scratch).unwrap_or_default() {
        let path = scratch.join(&name);
        if is_old(host, &path) {
            // As above: the next check tries again.
            let _ = host.remove_tree(&path);
        }
    }
}

fn is_old(host: &dyn Host, path: &Path) -> bool {
    host.metadata(path, Links::Refuse)
        .is_ok_and(|meta| host.now().duration_since(meta.modified) > IN_USE)
}

#[cfg(test)]
mod tests {
    use exuvia_host::testing::TestHost;

    use super::*;

    #[test]
    fn only_temporary_files_go_and_those_of_others_only_when_they_are_old() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost::new();
        let (own, other) = (".inventory.json.1-0.exuvia-tmp", "inventory.json");
        for name in [own, other] {
            host.write_atomic(&directory.path().join(name), b"", 0o600)
                .unwrap();
        }
        let names = || {
            let listed = host.read_dir(directory.path()).unwrap();
            listed.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        sweep_files(&host, directory.path(), Writers::Anybody);
        sweep_scratch(&host, directory.path());
        assert_eq!(names(), [own, other]);
        sweep_files(&host, directory.path(), Writers::Caller);
        assert_eq!(names(), [other]);
    }
}
