//! Names from the disk, made fit to be shown and to be told apart.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use exuvia_model::digest::hex;
use exuvia_model::text::one_line;

/// Longest name that is shown whole; file systems allow 255 bytes.
const MAX_SHOWN: usize = 255;

/// A name as people may see it: one line, nothing hidden in it.
pub(crate) fn shown(name: &OsStr) -> String {
    let clean = one_line(&name.to_string_lossy(), MAX_SHOWN);
    if clean.is_empty() {
        "(no visible name)".to_owned()
    } else {
        clean
    }
}

/// A path as people may see it in a warning.
pub(crate) fn shown_path(path: &Path) -> String {
    one_line(&path.to_string_lossy(), 1024)
}

/// A name for an id: as it is shown, and with a digest of its bytes where what is shown is not all
/// of it, so that two names never make one id.
pub(crate) fn unique(name: &OsStr) -> String {
    let clean = shown(name);
    if clean.as_bytes() == name.as_bytes() {
        return clean;
    }
    format!("{clean}~{}", short_digest(name.as_bytes()))
}

/// Eight hexadecimal digits that stand for some bytes.
pub(crate) fn short_digest(bytes: &[u8]) -> String {
    let digest = blake3::hash(bytes);
    let mut text = hex(digest.as_bytes());
    text.truncate(8);
    text
}

/// What there is to say about a name, if it is one that tools trip over.
pub(crate) fn trouble(name: &OsStr) -> Option<&'static str> {
    let Some(text) = name.to_str() else {
        return Some("its name is not UTF-8: tools that go by names cannot open it");
    };
    if text.chars().any(exuvia_model::text::is_hidden) {
        return Some("its name holds characters that cannot be seen");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_have_different_ids() {
        let bell = unique(OsStr::new("de\u{7}mo"));
        assert!(bell.starts_with("demo~"), "{bell}");
        assert_eq!(unique(OsStr::new("demo")), "demo");
        let raw = OsStr::from_bytes(b"de\xffmo");
        assert_ne!(unique(raw), unique(OsStr::new("de\u{fffd}mo")));
        assert!(trouble(raw).is_some());
        assert!(trouble(OsStr::new("a'b\"c $(id)")).is_none());
    }
}
