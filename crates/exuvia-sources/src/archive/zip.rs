//! Zip, as ClawHub serves it.

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use exuvia_model::Digest;
use zip::ZipArchive;
use zip::result::ZipError;

use super::collect::{Collector, Kind, Stop};
use super::{Archive, ArchiveProblem, Layout, Limits};
use crate::hash::sha256_hex;

/// Longest link target that is read.
const MAX_TARGET: u64 = 4096;

/// Lists a zip that is in memory. Fails only when it is no zip at all.
pub(crate) fn read(bytes: &[u8], limits: Limits) -> Result<Archive, String> {
    let digest = format!("sha256:{}", sha256_hex(bytes))
        .parse::<Digest>()
        .map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut collector = Collector::new(limits, Layout::Root);
    if archive.has_duplicate_names() {
        let path = "(a name in the zip's directory)".to_owned();
        collector.problem(ArchiveProblem::Duplicate { path });
    }
    for index in 0..archive.len() {
        match entry(&mut archive, index, &mut collector) {
            Ok(ControlFlow::Continue(()) | ControlFlow::Break(Stop::Damage)) => {}
            Ok(ControlFlow::Break(Stop::Limit)) => break,
            Err(error) => collector.damaged(&error.to_string()),
        }
    }
    Ok(collector.finish(digest))
}

fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    collector: &mut Collector,
) -> Result<ControlFlow<Stop>, ZipError> {
    // The raw reader opens entries that are encrypted or packed in a way we do not know, too.
    let raw = archive.by_index_raw(index)?;
    let name = raw.name_raw().to_vec();
    let encrypted = raw.encrypted();
    let (is_dir, is_link, mode) = (raw.is_dir(), raw.is_symlink(), raw.unix_mode());
    drop(raw);
    if encrypted {
        return Ok(collector.entry(&name, Kind::Special, &mut std::io::empty()));
    }
    if is_dir {
        return Ok(collector.entry(&name, Kind::Directory, &mut std::io::empty()));
    }
    let mut file = archive.by_index(index)?;
    let kind = if is_link {
        let mut target = Vec::new();
        (&mut file).take(MAX_TARGET).read_to_end(&mut target)?;
        Kind::Link { target }
    } else if is_special(mode) {
        Kind::Special
    } else {
        Kind::File {
            executable: mode.is_some_and(|mode| mode & 0o111 != 0),
        }
    };
    Ok(collector.entry(&name, kind, &mut file))
}

/// A type that is given and is not that of a regular file.
fn is_special(mode: Option<u32>) -> bool {
    const TYPE: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    mode.is_some_and(|mode| mode & TYPE != 0 && mode & TYPE != REGULAR)
}

#[cfg(test)]
#[path = "zip_tests.rs"]
mod tests;
