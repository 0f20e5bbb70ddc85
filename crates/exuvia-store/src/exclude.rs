//! Names that are left out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::StoreError;

/// Patterns of names to leave out, in the manner of `.gitignore`: without a slash, a name anywhere;
/// with one, a path from the root of the tree; with one at the end, directories only. `*` and `?`
/// stand for anything but a slash, `**` for any number of directories.
#[derive(Debug, Clone)]
pub struct Excludes {
    patterns: Vec<String>,
    anything: GlobSet,
    directories: GlobSet,
}

impl Excludes {
    /// Leaves nothing out.
    pub fn none() -> Self {
        Self {
            patterns: Vec::new(),
            anything: GlobSet::empty(),
            directories: GlobSet::empty(),
        }
    }

    /// Understands patterns.
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, StoreError> {
        let (mut anything, mut directories) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut kept = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let failed = |error: globset::Error| StoreError::Pattern {
                pattern: pattern.to_owned(),
                why: error.kind().to_string(),
            };
            let (body, only_directories) = match pattern.strip_suffix('/') {
                Some(body) => (body, true),
                None => (pattern, false),
            };
            let anchored = match body.strip_prefix('/') {
                Some(rest) => rest.to_owned(),
                None if body.contains('/') => body.to_owned(),
                None => format!("**/{body}"),
            };
            let glob = GlobBuilder::new(&anchored)
                .literal_separator(true)
                .build()
                .map_err(failed)?;
            if only_directories {
                directories.add(glob);
            } else {
                anything.add(glob);
            }
            kept.push(pattern.to_owned());
        }
        let failed = |error: globset::Error| StoreError::Pattern {
            pattern: kept.join(" "),
            why: error.kind().to_string(),
        };
        Ok(Self {
            anything: anything.build().map_err(failed)?,
            directories: directories.build().map_err(failed)?,
            patterns: kept,
        })
    }

    /// The patterns, as they were given.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether this path in the tree is left out.
    pub(crate) fn matches(&self, path: &[u8], is_directory: bool) -> bool {
        let path = Path::new(OsStr::from_bytes(path));
        self.anything.is_match(path) || is_directory && self.directories.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_a_gitignore() {
        let excludes = Excludes::new(["*.lock", "cache/", "/tmp", "a/*/c", "logs/**/x"]).unwrap();
        let cases: [(&[u8], bool, bool); 14] = [
            (b"x.lock", false, true),
            (b"deep/er/x.lock", false, true),
            (b"cache", true, true),
            (b"cache", false, false),
            (b"agents/cache", true, true),
            (b"tmp", true, true),
            (b"agents/tmp", true, false),
            (b"a/b/c", false, true),
            (b"a/b/b/c", false, false),
            (b"a/c", false, false),
            (b"logs/x", false, true),
            (b"logs/1/2/x", false, true),
            (b"\xff.lock", false, true),
            (b"x.locks", false, false),
        ];
        for (path, is_directory, expected) in cases {
            let path_text = String::from_utf8_lossy(path);
            assert_eq!(
                excludes.matches(path, is_directory),
                expected,
                "{path_text}"
            );
        }
        assert!(!Excludes::none().matches(b"x", true));
    }

    #[test]
    fn a_pattern_that_cannot_be_understood_is_named() {
        let error = Excludes::new(["[x"]).unwrap_err();
        assert!(error.to_string().contains("\"[x\""), "{error}");
    }
}
