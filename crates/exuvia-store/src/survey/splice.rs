//! Takes the databases of a walk and puts them where they belong.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use exuvia_host::disk::Dir;

use super::{Found, Ingest, Node, Record, Todo};
use crate::database::{self, JOURNAL, LOG, LOG_INDEX};
use crate::error::StoreError;

/// Takes every database that is to be taken, one after the other, each with all threads: so each
/// is held as short as can be.
pub(super) fn databases(
    root: &Dir,
    ingest: &Ingest<'_>,
    node: &mut Node,
) -> Result<(), StoreError> {
    if let Record::New(found) = &mut node.record {
        let waiting = |found: &Found| matches!(found.todo, Todo::Database { .. });
        if found.iter().any(waiting) {
            let dir = root.open_beneath(&node.path)?;
            while let Some(at) = found.iter().position(waiting) {
                let taken = found.remove(at);
                replace(&dir, found, &taken, ingest)?;
            }
        }
    }
    for child in node.children.iter_mut().filter(|child| !child.same) {
        databases(root, ingest, child)?;
    }
    Ok(())
}

/// Puts what was taken in the place of what the walk found of the database and its companions.
fn replace(
    dir: &Dir,
    found: &mut Vec<Found>,
    database: &Found,
    ingest: &Ingest<'_>,
) -> Result<(), StoreError> {
    let unmoved = database.todo == Todo::Database { unmoved: true };
    let name = OsStr::from_bytes(&database.entry.name);
    let entries = match database::take(dir, name, unmoved.then_some(&database.entry), ingest) {
        Ok(taken) => taken.entries,
        Err(StoreError::Host(error)) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    found.retain(|one| !is_companion(&one.entry.name, name.as_bytes()));
    found.extend(entries.into_iter().map(|entry| Found {
        entry,
        todo: Todo::Done,
    }));
    found.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
    Ok(())
}

fn is_companion(name: &[u8], database: &[u8]) -> bool {
    name.strip_prefix(database).is_some_and(|suffix| {
        [LOG, JOURNAL, LOG_INDEX]
            .iter()
            .any(|own| own.as_bytes() == suffix)
    })
}
