//! Tar, as npm and `git archive` write it.
//!
//! Headers are read raw and the extensions for long names handled here, because the `tar` crate
//! reads those into memory whole, however long a hostile archive makes them.

use std::io::{self, Read};
use std::ops::ControlFlow;

use exuvia_model::Digest;
use tar::{EntryType, PaxExtensions};

use super::collect::{Collector, Kind};
use super::{Archive, Layout, Limits};

/// Longest extension record that is read: no honest path needs more.
const MAX_EXTENSION: u64 = 64 * 1024;

/// Lists a tar stream. `digest` is what the result is said to be of.
pub(crate) fn read(reader: impl Read, limits: Limits, layout: Layout, digest: Digest) -> Archive {
    let mut collector = Collector::new(limits, layout);
    // Headers and padding come on top of the files; without this, a stream of nothing but empty
    // directories would be endless.
    let most = limits.inflated + limits.entries as u64 * 2048;
    let mut archive = tar::Archive::new(reader.take(most));
    if let Err(error) = each_entry(&mut archive, &mut collector) {
        collector.damaged(&error.to_string());
    }
    collector.finish(digest)
}

/// What the extension records before an entry say of it.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

fn each_entry<R: Read>(archive: &mut tar::Archive<R>, collector: &mut Collector) -> io::Result<()> {
    let mut pending = Extensions::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNULongName => pending.name = Some(extension(&mut entry)?),
            EntryType::GNULongLink => pending.link = Some(extension(&mut entry)?),
            EntryType::XHeader => pax(&extension(&mut entry)?, &mut pending)?,
            // git archive's own, with the commit in it; it is about no entry.
            EntryType::XGlobalHeader => {}
            kind => {
                let said = std::mem::take(&mut pending);
                let name = said.name.unwrap_or_else(|| entry.path_bytes().into_owned());
                let kind = kind_of(kind, &entry, said.link);
                if let ControlFlow::Break(_) = collector.entry(&name, kind, &mut entry) {
                    break;
                }
            }
        }
    }
    Ok(())
}

fn kind_of<R: Read>(kind: EntryType, entry: &tar::Entry<'_, R>, link: Option<Vec<u8>>) -> Kind {
    match kind {
        EntryType::Regular | EntryType::Continuous => Kind::File {
            executable: entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0),
        },
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Link {
            target: link
                .or_else(|| entry.link_name_bytes().map(std::borrow::Cow::into_owned))
                .unwrap_or_default(),
        },
        _ => Kind::Special,
    }
}

fn extension<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(MAX_EXTENSION + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_EXTENSION {
        return Err(io::Error::other("a name of more than 64 KiB"));
    }
    // GNU tar ends the name with a NUL.
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

/// A pax record can give the next entry another name, link target and size. Another size would
/// make every later header be read from the wrong place; only files of 8 GiB need it.
fn pax(bytes: &[u8], pending: &mut Extensions) -> io::Result<()> {
    for field in PaxExtensions::new(bytes) {
        let field = field?;
        match field.key_bytes() {
            b"path" => pending.name = Some(field.value_bytes().to_vec()),
            b"linkpath" => pending.link = Some(field.value_bytes().to_vec()),
            b"size" => return Err(io::Error::other("a file that claims a second size")),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tar_tests.rs"]
mod tests;
