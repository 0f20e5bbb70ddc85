//! The row that OpenClaw keeps its index of plugins in.

use std::path::Path;

use exuvia_host::{Host, Links};
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

use super::{CopyError, copy_database, state_database};

/// Largest value that is read; a real one has under 100 KB.
const MAX_VALUE: i64 = 64 * 1024 * 1024;

/// `.index` of the row `plugins.installedIndex` in `config_machine_state`, of the shared database
/// (`src/plugins/installed-plugin-index-row.ts`). Nothing where there is no database, no such
/// table or no such row.
pub fn read_plugin_index(
    host: &dyn Host,
    state_dir: &Path,
    scratch: &Path,
) -> Result<Option<Value>, CopyError> {
    let database = state_database(state_dir);
    if host.metadata(&database, Links::Follow).is_err() {
        return Ok(None);
    }
    let copy = copy_database(host, &database, scratch)?;
    let connection = copy.open()?;
    let Some(text) = select(&connection).map_err(|source| copy.failed(source))? else {
        return Ok(None);
    };
    let mut row: Value =
        serde_json::from_str(&text).map_err(|_| CopyError::NotJson(copy.original().to_owned()))?;
    Ok(row.get_mut("index").map(Value::take))
}

fn select(connection: &Connection) -> rusqlite::Result<Option<String>> {
    // A real table: a view of that name could be made to take forever.
    let table =
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'config_machine_state'";
    let known = connection.query_row(table, [], |_| Ok(())).optional()?;
    if known.is_none() {
        return Ok(None);
    }
    let row = "SELECT value_json FROM config_machine_state
               WHERE state_key = 'plugins.installedIndex' AND length(value_json) <= ?1";
    connection
        .query_row(row, [MAX_VALUE], |row| row.get(0))
        .optional()
}
