//! What OpenClaw has on record of workspaces.
//!
//! When OpenClaw has set up a workspace it attests it in the shared database: tables
//! `workspace_setup_state`, `workspace_generated_bootstrap_hashes` and `workspace_path_aliases`,
//! keyed by the SHA-256 of the workspace's path (`src/agents/workspace-state-store.ts` of 2026.9.5;
//! older releases kept a file in `workspace-attestations/`). A workspace that was attested within a
//! day and looks as if it had never been set up is refused (`WorkspaceVanishedError`): nobody is to
//! lose a workspace unseen. An agent that goes back to a time before its workspace was set up would
//! be refused so, for the shared database belongs to all agents and does not go back with it. These
//! rows do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links};
use exuvia_model::digest::hex;
use exuvia_openclaw::Install;
use exuvia_openclaw::database::{copy_database, state_database, user_version};
use rusqlite::config::DbConfig;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::RecoveryError;

/// The tables, those that others refer to first, and the column with the workspace's key.
const TABLES: [&str; 3] = [
    "workspace_setup_state",
    "workspace_generated_bootstrap_hashes",
    "workspace_path_aliases",
];
/// More rows than any workspace has.
const MAX_ROWS: usize = 1000;

/// What OpenClaw had on record of an agent's workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// The schema version of the database that it was read from.
    pub schema: i64,
    /// The workspaces' keys.
    keys: BTreeSet<String>,
    /// Rows by table, each with its columns.
    rows: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
}

/// A value; there are no others in these tables, which are strict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Nothing(()),
    Number(i64),
    Words(String),
}

/// Reads it; nothing where there is no database, or none that knows these tables.
pub(crate) fn read(
    host: &dyn Host,
    install: &Install,
    workspaces: &BTreeSet<PathBuf>,
) -> Result<Option<Attestation>, RecoveryError> {
    let database = state_database(&install.state_dir);
    if host.metadata(&database, Links::Follow).is_err() {
        return Ok(None);
    }
    let copy = copy_database(host, &database, &install.scratch_dir)?;
    let connection = copy.open()?;
    let keys = workspaces
        .iter()
        .filter_map(|path| key(host, path))
        .collect();
    let failed = |source| RecoveryError::Attestation {
        database: database.clone(),
        source,
    };
    read_from(&connection, keys).map_err(failed)
}

/// The rows' key of a workspace: the SHA-256 of its real path.
fn key(host: &dyn Host, workspace: &Path) -> Option<String> {
    let real = host
        .canonicalize(workspace)
        .unwrap_or_else(|_| workspace.to_owned());
    Some(hex(&Sha256::digest(real.to_str()?)))
}

/// Where older releases kept it, below the state directory.
pub(crate) fn legacy_places(install: &Install, workspaces: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let files = workspaces.iter().filter_map(|workspace| {
        let digest = hex(&Sha256::digest(workspace.to_str()?));
        let central = Path::new("workspace-attestations").join(format!("{digest}.attested"));
        let below = workspace.strip_prefix(&install.state_dir).ok()?;
        let mut beside = below.to_owned().into_os_string();
        beside.push(".attested");
        Some([central, PathBuf::from(beside)])
    });
    files.flatten().collect()
}

fn read_from(
    connection: &Connection,
    keys: BTreeSet<String>,
) -> Result<Option<Attestation>, rusqlite::Error> {
    let mut rows = BTreeMap::new();
    for table in TABLES {
        if !has_table(connection, table)? {
            return Ok(None);
        }
        let mut found = Vec::new();
        for key in &keys {
            found.extend(rows_of(connection, table, key)?);
        }
        rows.insert(table.to_owned(), found);
    }
    Ok(Some(Attestation {
        schema: schema(connection)?,
        keys,
        rows,
    }))
}

fn has_table(connection: &Connection, table: &str) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let count: i64 = connection.query_row(sql, [table], |row| row.get(0))?;
    Ok(count > 0)
}

fn schema(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn rows_of(
    connection: &Connection,
    table: &str,
    key: &str,
) -> Result<Vec<BTreeMap<String, Value>>, rusqlite::Error> {
    let sql = format!("SELECT * FROM {table} WHERE workspace_key = ?1 LIMIT {MAX_ROWS}");
    let mut statement = connection.prepare(&sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([key], |row| {
        columns
            .iter()
            .enumerate()
            .map(|(at, column)| Ok((column.clone(), read_value(row.get_ref(at)?)?)))
            .collect()
    })?;
    rows.collect()
}

fn read_value(value: ValueRef<'_>) -> Result<Value, rusqlite::Error> {
    match value {
        ValueRef::Null => Ok(Value::Nothing(())),
        ValueRef::Integer(number) => Ok(Value::Number(number)),
        ValueRef::Text(bytes) => Ok(Value::Words(String::from_utf8_lossy(bytes).into_owned())),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(rusqlite::Error::InvalidQuery),
    }
}

impl Attestation {
    /// Whether the database as it is now can take it back.
    pub(crate) fn fits(&self, host: &dyn Host, install: &Install) -> bool {
        let version = user_version(host, &state_database(&install.state_dir));
        version.is_ok_and(|version| i64::from(version) == self.schema)
    }

    /// Makes the record of these workspaces what it was. Nobody may be using the database.
    pub(crate) fn write(&self, state_dir: &Path) -> Result<(), RecoveryError> {
        let database = state_database(state_dir);
        self.write_to(&database)
            .map_err(|source| RecoveryError::Attestation { database, source })
    }

    fn write_to(&self, database: &Path) -> Result<(), rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(database, flags)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        if schema(&connection)? != self.schema {
            // Another OpenClaw came by: what it has on record is not ours to change.
            return Ok(());
        }
        let transaction = connection.transaction()?;
        for table in TABLES.iter().rev() {
            for key in &self.keys {
                let sql = format!("DELETE FROM {table} WHERE workspace_key = ?1");
                transaction.execute(&sql, [key])?;
            }
        }
        for table in TABLES {
            for row in self.rows.get(table).into_iter().flatten() {
                insert(&transaction, table, row)?;
            }
        }
        transaction.commit()
    }
}

fn insert(
    connection: &Connection,
    table: &str,
    row: &BTreeMap<String, Value>,
) -> Result<(), rusqlite::Error> {
    let columns: Vec<String> = row.keys().map(|column| quoted(column)).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    let columns = columns.join(", ");
    let sql = format!("INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})");
    let cells = row.values().map(|value| match value {
        Value::Nothing(()) => Cell::Null,
        Value::Number(number) => Cell::Integer(*number),
        Value::Words(text) => Cell::Text(text.clone()),
    });
    connection.execute(&sql, rusqlite::params_from_iter(cells))?;
    Ok(())
}

/// A name in SQL, whatever it is made of.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
