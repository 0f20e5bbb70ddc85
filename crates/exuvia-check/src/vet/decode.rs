//! Bytes as text, whatever errors are in them.

use std::borrow::Cow;

use super::LOOK_MAX;
use super::format::Format;

/// The first [`LOOK_MAX`] bytes as text; `None` for what is a medium or a known binary format.
///
/// Unknown binary data is read too: code may stand in it.
pub(super) fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match Format::of(bytes) {
        Format::Media | Format::Program(_) => return None,
        Format::Text | Format::Other(_) => {}
    }
    let bytes = bytes.get(..LOOK_MAX).unwrap_or(bytes);
    Some(match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    })
}

/// UTF-16, as `PowerShell` writes its scripts.
fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| match pair {
        [a, b] => Some(unit([*a, *b])),
        _ => None,
    });
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_spite_of_errors() {
        assert_eq!(decode(b"a\xffb").as_deref(), Some("a\u{fffd}b"));
        assert_eq!(decode(b"\xef\xbb\xbfa").as_deref(), Some("a"));
        assert_eq!(decode(b"\xff\xfea\0b\0c").as_deref(), Some("ab"));
        assert_eq!(decode(b"\xfe\xff\0a\0b").as_deref(), Some("ab"));
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n"), None);
    }
}
