//! Names that are left out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::StoreError;

/// Patterns of names to leave out, in the manner of `.gitignore`: without a slash, a name anywhere;
/// with one, a path from the root of the tree; with one at the end, directories only. `*` and `?`
/// stand for anything but a slash, `**` for any number of directories, and `\` takes the meaning
/// from the character after it. A pattern that begins with `!` takes in what one before it left
/// out: the last one that fits decides. What is in a directory that is left out is not looked at,
/// so nothing there can be taken in again.
#[derive(Debug, Clone)]
pub struct Excludes {
    patterns: Vec<String>,
    rules: Vec<Rule>,
    globs: GlobSet,
}

/// What a pattern decides, when it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    takes_in: bool,
    only_directories: bool,
}

impl Excludes {
    /// Leaves nothing out.
    pub fn none() -> Self {
        Self {
            patterns: Vec::new(),
            rules: Vec::new(),
            globs: GlobSet::empty(),
        }
    }

    /// Understands patterns.
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, StoreError> {
        let mut globs = GlobSetBuilder::new();
        let (mut rules, mut kept) = (Vec::new(), Vec::new());
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let (rule, glob) = understand(pattern).map_err(|error| failed(pattern, &error))?;
            globs.add(glob);
            rules.push(rule);
            kept.push(pattern.to_owned());
        }
        Ok(Self {
            globs: globs
                .build()
                .map_err(|error| failed(&kept.join(" "), &error))?,
            rules,
            patterns: kept,
        })
    }

    /// The pattern that fits this path and nothing else; `None` for one that is not UTF-8, which
    /// no pattern can be.
    pub fn literal(path: &Path) -> Option<String> {
        let mut pattern = String::new();
        for c in path.to_str()?.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        Some(pattern)
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
        // Most names fit nothing, and asking that costs no memory.
        if !self.globs.is_match(path) {
            return false;
        }
        self.globs
            .matches(path)
            .into_iter()
            .rev()
            .filter_map(|at| self.rules.get(at))
            .find(|rule| is_directory || !rule.only_directories)
            .is_some_and(|rule| !rule.takes_in)
    }
}

fn understand(pattern: &str) -> Result<(Rule, Glob), globset::Error> {
    let (body, takes_in) = match pattern.strip_prefix('!') {
        Some(body) => (body, true),
        None => (pattern, false),
    };
    let (body, only_directories) = match body.strip_suffix('/') {
        Some(body) => (body, true),
        None => (body, false),
    };
    let anchored = match body.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if body.contains('/') => body.to_owned(),
        None => format!("**/{body}"),
    };
    let glob = GlobBuilder::new(&anchored)
        .literal_separator(true)
        .build()?;
    let rule = Rule {
        takes_in,
        only_directories,
    };
    Ok((rule, glob))
}

fn failed(pattern: &str, error: &globset::Error) -> StoreError {
    StoreError::Pattern {
        pattern: pattern.to_owned(),
        why: error.kind().to_string(),
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
    fn the_last_pattern_that_fits_decides() {
        let patterns = ["/*", "!/agents/", "/agents/*", "!/agents/a/", "*.lock"];
        let excludes = Excludes::new(patterns).unwrap();
        let cases: [(&[u8], bool, bool); 8] = [
            (b"openclaw.json", false, true),
            (b"agents", true, false),
            (b"agents", false, true),
            (b"agents/b", true, true),
            (b"agents/a", true, false),
            (b"agents/a/x", false, false),
            (b"agents/a/x.lock", false, true),
            (b"state", true, true),
        ];
        for (path, is_directory, expected) in cases {
            let path_text = String::from_utf8_lossy(path);
            assert_eq!(
                excludes.matches(path, is_directory),
                expected,
                "{path_text}"
            );
        }
        let again = Excludes::new(["*.log", "!keep.log", "keep.log"]).unwrap();
        assert!(again.matches(b"keep.log", false));
        assert!(
            !Excludes::new(["\\!x"]).unwrap().matches(b"x", false),
            "an escaped mark is a name"
        );
        assert!(Excludes::new(["\\!x"]).unwrap().matches(b"!x", false));
    }

    #[test]
    fn a_literal_pattern_fits_its_path_and_no_other() {
        for name in [
            "a*b",
            "[x]",
            "{a,b}",
            "a?",
            "back\\slash",
            "!no",
            "plain",
            "für",
        ] {
            let pattern = format!("/{}", Excludes::literal(Path::new(name)).unwrap());
            let excludes = Excludes::new([&pattern]).unwrap();
            assert!(excludes.matches(name.as_bytes(), false), "{pattern}");
            for other in ["axb", "x", "a", "b", "ab", "no"] {
                assert!(
                    !excludes.matches(other.as_bytes(), false),
                    "{pattern} {other}"
                );
            }
        }
        let odd = Path::new(OsStr::from_bytes(b"\xff"));
        assert_eq!(Excludes::literal(odd), None);
    }

    #[test]
    fn a_pattern_that_cannot_be_understood_is_named() {
        let error = Excludes::new(["[x"]).unwrap_err();
        assert!(error.to_string().contains("\"[x\""), "{error}");
    }
}
