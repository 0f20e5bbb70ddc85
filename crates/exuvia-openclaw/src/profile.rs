//! Names of OpenClaw profiles.

use std::fmt;

/// A name that OpenClaw takes for `--profile`: a letter or digit, then up to 63 letters, digits,
/// `_` and `-` (`src/cli/profile-utils.ts`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(String);

/// The text is no name of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be the name of an OpenClaw profile: it takes 1 to 64 letters, digits, \"_\" and \
     \"-\", the first a letter or digit"
)]
pub struct NotAProfile(String);

impl Profile {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self, NotAProfile> {
        let name = name.trim();
        let mut bytes = name.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
        let good = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if starts && good && name.len() <= 64 {
            Ok(Self(name.to_owned()))
        } else {
            Err(NotAProfile(name.chars().take(80).collect()))
        }
    }

    /// The name; nothing for `default`, which OpenClaw takes for no profile at all.
    pub fn name(&self) -> Option<&str> {
        (!self.0.eq_ignore_ascii_case("default")).then_some(self.0.as_str())
    }

    /// `-NAME`, as it ends the names of directories and services.
    pub(crate) fn suffix(&self) -> Option<String> {
        self.name().map(|name| format!("-{name}"))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_openclaw_takes_are_profiles() {
        for good in ["work", "a", "Work_2-x", &"a".repeat(64)] {
            assert!(Profile::new(good).is_ok(), "{good}");
        }
        for bad in ["", "../x", "-a", "a b", "a/b", &"a".repeat(65), "ä"] {
            assert!(Profile::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Profile::new("Default").unwrap().suffix(), None);
        assert_eq!(
            Profile::new("work").unwrap().suffix().as_deref(),
            Some("-work")
        );
    }
}
