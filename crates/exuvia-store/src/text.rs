//! Paths in JSON: names need not be UTF-8, and must come back as they were.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serializer};

/// UTF-8 as it is; other bytes, and the percent sign, as `%` and two hexadecimal digits.
pub fn escaped(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        out.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}

/// The path again; `None` if this was never written by [`escaped`].
pub fn unescape(text: &str) -> Option<PathBuf> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

/// For `#[serde(with)]`.
pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&escaped(path))
}

/// For `#[serde(with)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    unescape(&text).ok_or_else(|| serde::de::Error::custom("not an escaped path"))
}

/// The same for several.
pub mod list {
    use std::path::PathBuf;

    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serializer};

    /// For `#[serde(with)]`.
    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(paths.len()))?;
        for path in paths {
            list.serialize_element(&super::escaped(path))?;
        }
        list.end()
    }

    /// For `#[serde(with)]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| super::unescape(text))
            .collect::<Option<_>>()
            .ok_or_else(|| serde::de::Error::custom("not an escaped path"))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn every_path_comes_back() {
        for bytes in [
            &b"/plain"[..],
            b"100%",
            b"%41",
            b"\xff\xfe/x\xc3",
            "für/宁".as_bytes(),
            b"",
        ] {
            let path = Path::new(OsStr::from_bytes(bytes));
            assert_eq!(unescape(&escaped(path)).as_deref(), Some(path));
        }
        assert_eq!(unescape("%"), None);
        assert_eq!(unescape("%zz"), None);
    }
}
