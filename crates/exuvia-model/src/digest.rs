//! Digests: what some bytes are, in one line.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A digest with its algorithm, such as `blake3:9f86…`, `sha256:…`, `sha512-…` (npm's integrity)
/// or `git:…` (a commit).
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Digest(String);

/// The text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest (expected ALGORITHM:HEX or npm's sha512-BASE64)")]
pub struct NotADigest(String);

impl Digest {
    /// A BLAKE3 digest.
    pub fn blake3(bytes: &[u8; 32]) -> Self {
        Self(format!("blake3:{}", hex(bytes)))
    }

    /// A SHA-256 digest, of these bytes: not of a content, which must not end up in a text.
    pub fn sha256(bytes: &[u8; 32]) -> Self {
        Self(format!("sha256:{}", hex(bytes)))
    }

    /// A git object name.
    pub fn git(commit: &str) -> Result<Self, NotADigest> {
        format!("git:{commit}").parse()
    }

    /// The text, algorithm included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let error = || NotADigest(text.chars().take(80).collect());
        let good = if let Some((algorithm, value)) = text.split_once(':') {
            let length = match algorithm {
                "blake3" | "sha256" => value.len() == 64,
                "git" => matches!(value.len(), 40 | 64),
                _ => false,
            };
            length && value.bytes().all(|b| b.is_ascii_hexdigit())
        } else if let Some((algorithm, value)) = text.split_once('-') {
            matches!(algorithm, "sha1" | "sha256" | "sha384" | "sha512")
                && value.len() >= 28
                && value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        } else {
            false
        };
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(error())
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_the_known_forms_are_read_and_others_refused() {
        let sha = "a".repeat(64);
        for good in [
            format!("sha256:{sha}"),
            format!("blake3:{sha}"),
            format!("git:{}", "0".repeat(40)),
        ] {
            assert_eq!(good.parse::<Digest>().map(String::from), Ok(good));
        }
        assert!(
            "sha512-Ie0kyQSCVfFqixsgVg39vevUDq01Ch5u3+7Yu5Y3qA=="
                .parse::<Digest>()
                .is_ok()
        );
        for bad in [
            "",
            "sha256:xyz",
            "md5:00",
            "sha512-",
            "git:12",
            "sha256:../../etc",
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }
}
