//! Names of things in the store.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The BLAKE3 of some content, by which the store knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId([u8; Self::LEN]);

impl BlobId {
    /// How many bytes one has.
    pub(crate) const LEN: usize = 32;

    /// That of this content.
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }

    /// One that was written down.
    pub(crate) fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// To be written down.
    pub(crate) fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Sixty-four hexadecimal digits.
    pub(crate) fn to_hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// Reads sixty-four lower-case hexadecimal digits.
    pub(crate) fn from_hex(hex: &str) -> Option<Self> {
        let id = Self(*blake3::Hash::from_hex(hex).ok()?.as_bytes());
        (id.to_hex() == hex).then_some(id)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for BlobId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for BlobId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::from_hex(&hex).ok_or_else(|| serde::de::Error::custom("not a BLAKE3 digest"))
    }
}

/// The name of a snapshot: `snap_` and sixteen hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotId(String);

impl SnapshotId {
    /// What every one begins with.
    pub const PREFIX: &str = "snap_";

    /// One made of sixty-four bits that nobody else has.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(format!("{}{bits:016x}", Self::PREFIX))
    }

    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::PREFIX)?;
        let good = digits.len() == 16
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        good.then(|| Self(text.to_owned()))
    }

    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the beginning of it, with or without [`Self::PREFIX`].
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        let digits = prefix.strip_prefix(Self::PREFIX).unwrap_or(prefix);
        !digits.is_empty()
            && self
                .0
                .strip_prefix(Self::PREFIX)
                .is_some_and(|own| own.starts_with(digits))
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SnapshotId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not the id of a snapshot")
    }
}

impl From<SnapshotId> for String {
    fn from(id: SnapshotId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_nothing_else_is_taken_for_one() {
        let id = SnapshotId::from_bits(0xab);
        assert_eq!(id.as_str(), "snap_00000000000000ab");
        assert_eq!(SnapshotId::parse(id.as_str()), Some(id.clone()));
        for other in [
            "",
            "snap_",
            "snap_../../etc/passwd",
            "snap_00000000000000AB",
        ] {
            assert_eq!(SnapshotId::parse(other), None, "{other}");
        }
        assert!(id.starts_with("snap_0000") && id.starts_with("0000"));
        assert!(!id.starts_with("") && !id.starts_with("snap_") && !id.starts_with("1"));
    }

    #[test]
    fn a_digest_is_read_back() {
        let id = BlobId::of(b"x");
        assert_eq!(BlobId::from_hex(&id.to_hex()), Some(id));
        assert_eq!(BlobId::from_hex("zz"), None);
    }
}
