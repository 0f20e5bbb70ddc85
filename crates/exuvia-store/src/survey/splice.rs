//! Takes the databases of a walk and puts them where they belong.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use exuvia_host::disk::Dir;

use super::{Found, Ingest, Node, Record, Waiting};
use crate::database::{self, JOURNAL, LOG, LOG_INDEX};
use crate::error::StoreError;
use crate::progress::Meter;
use crate::tree::Encoded;

/// Takes every database that is to be taken, one after the other, each with all threads: so each
/// is held as short as can be.
pub(super) fn databases(
    root: &Dir,
    ingest: &Ingest<'_>,
    meter: &Meter,
    node: &mut Node,
) -> Result<(), StoreError> {
    if let Record::New(found) = &mut node.record {
        let waiting: Vec<Waiting> = found
            .extract_if(.., |one| matches!(one, Found::Database(_)))
            .filter_map(|one| match one {
                Found::Database(waiting) => Some(*waiting),
                Found::Done(_) | Found::Read(..) | Found::Gone => None,
            })
            .collect();
        if !waiting.is_empty() {
            let dir = root.open_beneath(&node.path)?;
            for waiting in waiting {
                replace(&dir, found, &waiting, ingest)?;
                meter.advance(waiting.size);
            }
            found.sort_by(|a, b| a.name().cmp(b.name()));
        }
    }
    for child in node.children.iter_mut().filter(|child| !child.same) {
        databases(root, ingest, meter, child)?;
    }
    Ok(())
}

/// Puts what was taken in the place of what the walk found of the database and its companions.
fn replace(
    dir: &Dir,
    found: &mut Vec<Found>,
    waiting: &Waiting,
    ingest: &Ingest<'_>,
) -> Result<(), StoreError> {
    let name = OsStr::from_bytes(&waiting.name);
    let entries = match database::take(dir, name, waiting.unmoved.as_ref(), ingest) {
        Ok(taken) => taken.entries,
        Err(StoreError::Host(error)) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    found.retain(|one| !is_companion(one.name(), name.as_bytes()));
    let entries = entries.iter().map(|entry| Encoded::of(entry.borrow()));
    found.extend(entries.map(Found::Done));
    Ok(())
}

fn is_companion(name: &[u8], database: &[u8]) -> bool {
    name.strip_prefix(database).is_some_and(|suffix| {
        [LOG, JOURNAL, LOG_INDEX]
            .iter()
            .any(|own| own.as_bytes() == suffix)
    })
}
