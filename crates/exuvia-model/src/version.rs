//! Versions, and what kind of step lies between two of them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A version by the rules of semver as npm applies them.
///
/// Keeps the text it was read from (`v1.2.3` stays `v1.2.3`); ordering, equality and
/// [`ChangeType`] look at the meaning alone, build metadata left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    text: String,
    parsed: node_semver::Version,
}

/// The text is not a version by semver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version of the form MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]")]
pub struct NotAVersion {
    /// What was read, shortened to 64 characters.
    pub text: String,
}

impl Version {
    /// Longest text that is looked at, as in npm's own `semver` package.
    pub const MAX_LEN: usize = 256;

    /// Whether this is a prerelease such as `2026.9.7-beta.1`.
    pub fn is_prerelease(&self) -> bool {
        self.parsed.is_prerelease()
    }

    /// The part before the first dot.
    pub fn major(&self) -> u64 {
        self.parsed.major
    }

    /// How this version counts.
    pub fn scheme(&self) -> Scheme {
        if (2000..2200).contains(&self.parsed.major) {
            Scheme::CalVer
        } else {
            Scheme::SemVer
        }
    }

    /// Whether the version lies in an npm range such as `>=24.16.0 <25 || >=26.1.0`.
    ///
    /// `None` when the range itself cannot be read: that is *unknown*, not *no*.
    pub fn satisfies(&self, range: &str) -> Option<bool> {
        let range: node_semver::Range = range.parse().ok()?;
        Some(range.satisfies(&self.parsed))
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let bare = text.trim();
        let bare = bare.strip_prefix(['v', '=']).unwrap_or(bare);
        let error = || NotAVersion {
            text: text.chars().take(64).collect(),
        };
        if bare.len() > Self::MAX_LEN {
            return Err(error());
        }
        let parsed = bare.parse().map_err(|_| error())?;
        Ok(Self {
            text: text.trim().to_owned(),
            parsed,
        })
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.text
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |v: &Self| (v.parsed.major, v.parsed.minor, v.parsed.patch);
        key(self)
            .cmp(&key(other))
            .then_with(|| prerelease_order(&self.parsed.pre_release, &other.parsed.pre_release))
    }
}

/// Semver, item 11: no prerelease is above any; numbers below words; a longer list above its prefix.
fn prerelease_order(a: &[node_semver::Identifier], b: &[node_semver::Identifier]) -> Ordering {
    use node_semver::Identifier::{AlphaNumeric, Numeric};
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    a.iter()
        .zip(b)
        .map(|pair| match pair {
            (Numeric(x), Numeric(y)) => x.cmp(y),
            (Numeric(_), AlphaNumeric(_)) => Ordering::Less,
            (AlphaNumeric(_), Numeric(_)) => Ordering::Greater,
            (AlphaNumeric(x), AlphaNumeric(y)) => x.cmp(y),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// How a project counts its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `1.4.2`: the numbers say what breaks.
    SemVer,
    /// `2026.9.6`: the numbers say when.
    CalVer,
}

/// What an asset is at: a version where it has one, a commit, or a text that is neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Revision {
    /// A version that can be ordered.
    Version(Version),
    /// A git commit: 40 or 64 hexadecimal digits.
    Commit(String),
    /// Anything else; two of them can be told apart, not ordered.
    Opaque(String),
}

impl Revision {
    /// The version, where this is one.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Version(version) => Some(version),
            Self::Commit(_) | Self::Opaque(_) => None,
        }
    }

    /// As people write it: a commit shortened to 12 digits.
    pub fn short(&self) -> String {
        match self {
            Self::Version(version) => version.to_string(),
            Self::Commit(commit) => commit.chars().take(12).collect(),
            Self::Opaque(text) => text.clone(),
        }
    }
}

impl From<String> for Revision {
    fn from(text: String) -> Self {
        if let Ok(version) = text.parse() {
            return Self::Version(version);
        }
        let is_hex = text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if is_hex && matches!(text.len(), 40 | 64) {
            Self::Commit(text)
        } else {
            Self::Opaque(text)
        }
    }
}

impl From<&str> for Revision {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> Self {
        revision.to_string()
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Commit(text) | Self::Opaque(text) => f.write_str(text),
        }
    }
}

/// The size of the step from one revision to another, in the words of `scan-result.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeType {
    /// The first number moved, or the way of counting did.
    Major,
    /// The second number moved; for a calendar version, the year or the month.
    Minor,
    /// Less than that.
    Patch,
    /// The two cannot be compared, such as two commits.
    Unknown,
}

impl ChangeType {
    /// The step between two revisions, whichever is the higher: what npm's `semver.diff` says, a
    /// prerelease step counted by the release it leads to.
    ///
    /// A calendar version's year and month count as minor (DESIGN.md, section 5): they say when,
    /// not what broke. A move between the two ways of counting is major.
    pub fn between(from: &Revision, to: &Revision) -> Self {
        let (Some(a), Some(b)) = (from.version(), to.version()) else {
            return Self::Unknown;
        };
        match (a.scheme(), b.scheme(), semver_step(a.min(b), a.max(b))) {
            (Scheme::CalVer, Scheme::CalVer, Self::Major) => Self::Minor,
            (one, other, step) if one == other => step,
            _ => Self::Major,
        }
    }

    /// Whether the way of counting moved between the two (`1.9.0` to `2026.1.0`).
    pub fn scheme_moved(from: &Revision, to: &Revision) -> bool {
        match (from.version(), to.version()) {
            (Some(a), Some(b)) => a.scheme() != b.scheme(),
            _ => false,
        }
    }
}

/// `semver.diff` of npm's semver 7, `pre…` and `prerelease` folded into the plain steps.
fn semver_step(low: &Version, high: &Version) -> ChangeType {
    let (from, to) = (&low.parsed, &high.parsed);
    let same_main = (from.major, from.minor, from.patch) == (to.major, to.minor, to.patch);
    if from.is_prerelease() && !to.is_prerelease() {
        // A prerelease of x.0.0 already was the step to x, wherever it ends up.
        if from.minor == 0 && from.patch == 0 {
            return ChangeType::Major;
        }
        if same_main {
            return if from.patch == 0 {
                ChangeType::Minor
            } else {
                ChangeType::Patch
            };
        }
    }
    if from.major != to.major {
        ChangeType::Major
    } else if from.minor != to.minor {
        ChangeType::Minor
    } else {
        ChangeType::Patch
    }
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
