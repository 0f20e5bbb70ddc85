//! What bytes are, by how they begin.

/// How many of the first bytes decide whether a file is text.
const PROBE: usize = 64 * 1024;

/// What a file's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Text in UTF-8 or UTF-16, perhaps with errors.
    Text,
    /// A picture, font, sound, film or document of a usual format.
    Media,
    /// Machine code that an operating system runs.
    Program(&'static str),
    /// Something else that is not text, by name where it is known.
    Other(&'static str),
}

impl Format {
    /// Looks at the first bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return *format;
        }
        match bytes {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E' | b'A', ..]
            | [_, _, _, _, b'f', b't', b'y', b'p', ..] => Self::Media,
            [b'M', b'Z', ..] if has_nul(bytes) => Self::Program("Windows program"),
            [b'#', b'!', ..] | [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Self::Text,
            _ if bytes.get(257..262) == Some(b"ustar") => Self::Other("tar archive"),
            _ if has_nul(bytes) || is_noise(bytes) => Self::Other("binary data"),
            _ => Self::Text,
        }
    }
}

fn probe(bytes: &[u8]) -> &[u8] {
    bytes.get(..PROBE).unwrap_or(bytes)
}

fn has_nul(bytes: &[u8]) -> bool {
    probe(bytes).contains(&0)
}

/// More control characters than any text has.
fn is_noise(bytes: &[u8]) -> bool {
    let probe = probe(bytes);
    let control = probe
        .iter()
        .filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B))
        .count();
    control > 4 && control * 20 > probe.len()
}

const MAGIC: [(&[u8], Format); 41] = [
    (b"\x7fELF", Format::Program("ELF program")),
    (b"\xfe\xed\xfa\xce", Format::Program("Mach-O program")),
    (b"\xfe\xed\xfa\xcf", Format::Program("Mach-O program")),
    (b"\xce\xfa\xed\xfe", Format::Program("Mach-O program")),
    (b"\xcf\xfa\xed\xfe", Format::Program("Mach-O program")),
    (
        b"\xca\xfe\xba\xbe",
        Format::Program("Mach-O program or Java class"),
    ),
    (b"dex\n", Format::Program("Android program")),
    (b"\0asm", Format::Other("WebAssembly module")),
    (b"PK\x03\x04", Format::Other("zip archive")),
    (b"PK\x05\x06", Format::Other("zip archive")),
    (b"\x1f\x8b", Format::Other("gzip archive")),
    (b"BZh", Format::Other("bzip2 archive")),
    (b"\xfd7zXZ\0", Format::Other("xz archive")),
    (b"\x28\xb5\x2f\xfd", Format::Other("zstd archive")),
    (b"7z\xbc\xaf\x27\x1c", Format::Other("7z archive")),
    (b"Rar!\x1a\x07", Format::Other("rar archive")),
    (b"!<arch>\n", Format::Other("static library")),
    (b"SQLite format 3\0", Format::Other("SQLite database")),
    (b"\x89PNG\r\n\x1a\n", Format::Media),
    (b"\xff\xd8\xff", Format::Media),
    (b"GIF87a", Format::Media),
    (b"GIF89a", Format::Media),
    (b"%PDF-", Format::Media),
    (b"wOFF", Format::Media),
    (b"wOF2", Format::Media),
    (b"OTTO\0", Format::Media),
    (b"\0\x01\0\0\0", Format::Media),
    (b"ttcf", Format::Media),
    (b"\0\0\x01\0", Format::Media),
    (b"II*\0", Format::Media),
    (b"MM\0*", Format::Media),
    (b"ID3", Format::Media),
    (b"\xff\xfb", Format::Media),
    (b"\xff\xf3", Format::Media),
    (b"OggS\0", Format::Media),
    (b"fLaC\0", Format::Media),
    (b"MThd\0", Format::Media),
    (b"\x1aE\xdf\xa3", Format::Media),
    (b"FWS", Format::Other("Flash film")),
    (b"CWS", Format::Other("Flash film")),
    (b"\xed\xab\xee\xdb", Format::Other("rpm package")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        for (bytes, format) in [
            (&b"#!/bin/sh\n"[..], Format::Text),
            (b"", Format::Text),
            (b"MZ is how this text begins", Format::Text),
            (b"MZ\x90\0\x03", Format::Program("Windows program")),
            (b"\x7fELF\x02\x01", Format::Program("ELF program")),
            (b"\xcf\xfa\xed\xfe\x07", Format::Program("Mach-O program")),
            (b"\x89PNG\r\n\x1a\n\0\0", Format::Media),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Format::Media),
            (b"%PDF-1.7\n\0", Format::Media),
            (b"wOF2\0\x01", Format::Media),
            (b"PK\x03\x04\x14\0", Format::Other("zip archive")),
            (b"\0asm\x01", Format::Other("WebAssembly module")),
            (b"a\0b", Format::Other("binary data")),
            (
                b"\x01\x02\x03\x04\x05\x06\x07\x08",
                Format::Other("binary data"),
            ),
            ("更新内容".as_bytes(), Format::Text),
            (b"latin \xe9\xe8 text", Format::Text),
            (b"\xff\xfea\0b\0", Format::Text),
        ] {
            assert_eq!(Format::of(bytes), format, "{bytes:?}");
        }
    }
}
