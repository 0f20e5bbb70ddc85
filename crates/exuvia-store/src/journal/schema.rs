//! The journal's own schema, and how it moves forward.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::JournalError;

/// Every step from an empty database to the newest schema, with the schema that it leads to
/// (`PRAGMA user_version`). One that was released is never changed.
const STEPS: [(i64, &str); 1] = [(1, include_str!("schema.sql"))];

/// `PRAGMA application_id` of a journal: "Exuv".
const APPLICATION: i32 = 0x4578_7576;

/// What a database is, looked at without changing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing yet.
    Empty,
    /// A journal that an earlier Exuvia wrote.
    Older,
    /// A journal as this Exuvia writes it.
    Current,
}

/// Looks whether this is a journal; anything else, and one from a later Exuvia, is refused.
pub(super) fn look(connection: &Connection, path: &Path) -> Result<Seen, JournalError> {
    let (application, version, tables) =
        marks(connection).map_err(|source| JournalError::of(path, source))?;
    if (application, version, tables) == (0, 0, 0) {
        return Ok(Seen::Empty);
    }
    if application != i64::from(APPLICATION) {
        return Err(JournalError::damaged(
            path,
            "it is another program's database",
        ));
    }
    let newest = STEPS.last().map_or(0, |(version, _)| *version);
    match version.cmp(&newest) {
        Ordering::Less => Ok(Seen::Older),
        Ordering::Equal => Ok(Seen::Current),
        Ordering::Greater => Err(JournalError::NewerSchema {
            path: path.to_owned(),
            found: version,
            known: newest,
        }),
    }
}

/// `application_id`, `user_version` and how many tables and the like there are, all of one moment:
/// another process may be making the journal meanwhile.
fn marks(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let moment = connection.unchecked_transaction()?;
    let ask = |sql: &str| moment.query_row(sql, [], |row| row.get(0));
    Ok((
        ask("PRAGMA application_id")?,
        ask("PRAGMA user_version")?,
        ask("SELECT count(*) FROM sqlite_schema")?,
    ))
}

/// Takes the steps that are missing, all or none.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (version, step) in STEPS.iter().filter(|(version, _)| *version > taken) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()
}
