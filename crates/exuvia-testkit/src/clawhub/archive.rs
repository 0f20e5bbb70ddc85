//! The zip that a download gives.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Packs files into a zip; names are written as they are, and the same files always give the same
/// bytes (the date is the format's earliest).
pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for (name, content) in files {
        archive
            .start_file(name.as_str(), options)
            .expect("an entry in memory");
        archive.write_all(content).expect("an entry in memory");
    }
    archive.finish().expect("an archive in memory").into_inner()
}
