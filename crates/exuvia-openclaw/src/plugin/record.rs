//! The record of an installed plugin, as it is changed when another version takes its place.
//!
//! OpenClaw 2026.9.5 puts a new version into a new directory of `npm/projects`, and its update is
//! the one transaction that has the record name that directory (`npm-managed-root`,
//! `installed-plugin-index-records`). What it writes of the record is what is written here; what it
//! derives from a plugin's files (`index.plugins`) is only moved to the new place, where it no longer
//! fits the files: OpenClaw notices that, and `openclaw plugins registry --refresh` derives it anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::Host;
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior};
use serde_json::{Map, Value};

use crate::Install;
use crate::database::{CopyError, copy_database, state_database};

const KEY: &str = "plugins.installedIndex";
/// How long another process may hold the database.
const PATIENCE: Duration = Duration::from_secs(10);
/// What of an entry in `index.plugins` says where its files are.
const PLACES: [&str; 4] = ["rootDir", "manifestPath", "source", "setupSource"];

/// A record as OpenClaw wrote it: JSON, its keys in their order. OpenClaw knows it again by a digest
/// of that text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct RecordText(String);

/// A version that takes the place of another, as the record tells it.
#[derive(Debug, Clone)]
pub struct NewVersion<'v> {
    /// The package.
    pub package: &'v str,
    /// Its version.
    pub version: &'v str,
    /// The registry's promise, as it wrote it.
    pub integrity: &'v str,
    /// SHA-1 of the archive, where the registry tells.
    pub shasum: Option<&'v str>,
    /// Where it lies.
    pub path: &'v Path,
    /// When it was installed.
    pub at: Timestamp,
}

/// Why the record was not read or not written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The database cannot be read.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// SQLite refused.
    #[error("cannot write the record of {id} to {}: {source}", .database.display())]
    Sqlite {
        /// The plugin.
        id: String,
        /// The database.
        database: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// There is no such record.
    #[error("OpenClaw's index of plugins has no record of {0}")]
    Missing(String),
    /// It is not what it was.
    #[error("the record of {0} was changed meanwhile; nothing was written")]
    Changed(String),
    /// Its id cannot be part of a path in JSON.
    #[error("{0:?} is no id of a plugin")]
    Id(String),
    /// It is not JSON, or not an object.
    #[error("the record of {0} cannot be understood")]
    NotJson(String),
}

impl RecordText {
    /// What it says.
    pub fn value(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.0).ok()
    }

    /// One text of it.
    pub fn text(&self, key: &str) -> Option<String> {
        Some(self.value()?.get(key)?.as_str()?.to_owned())
    }

    /// The directory that holds the plugin, as the record says it.
    pub fn path(&self) -> Option<PathBuf> {
        self.text("installPath").map(PathBuf::from)
    }

    /// The record of a version that takes this one's place. A spec that named one version names the
    /// new one, so that OpenClaw's own update does not go back; one that follows a tag stays.
    pub fn at_version(&self, id: &str, new: &NewVersion<'_>) -> Result<Self, RecordError> {
        let unreadable = || RecordError::NotJson(id.to_owned());
        let old = self.value().ok_or_else(unreadable)?;
        let exact = format!("{}@{}", new.package, new.version);
        let at = format!("{:.3}", new.at);
        let path = new.path.to_str().ok_or_else(unreadable)?;
        let mut fields = vec![
            ("installPath", path),
            ("version", new.version),
            ("resolvedName", new.package),
            ("resolvedVersion", new.version),
            ("resolvedSpec", exact.as_str()),
            ("integrity", new.integrity),
            ("resolvedAt", at.as_str()),
            ("installedAt", at.as_str()),
        ];
        fields.extend(new.shasum.map(|shasum| ("shasum", shasum)));
        let old_version = old.get("version").and_then(Value::as_str);
        let pinned = old_version.map(|version| format!("{}@{version}", new.package));
        if old.get("spec").and_then(Value::as_str) == pinned.as_deref() {
            fields.push(("spec", &exact));
        }
        // What it may do was accepted for the bytes of the old version (`capability-consent`).
        if old.contains_key("acceptedSurface") {
            fields.push(("acceptedSurfaceAt", &at));
            fields.push(("acceptedSurfaceIntegrity", new.integrity));
        }
        let failed = |source| RecordError::Sqlite {
            id: id.to_owned(),
            database: PathBuf::new(),
            source,
        };
        let json = Connection::open_in_memory().map_err(failed)?;
        let mut text = self.0.clone();
        for (key, value) in fields {
            let path = format!("$.{key}");
            text = json
                .query_row(
                    "SELECT json_set(?1, ?2, ?3)",
                    [&text, &path, value],
                    |row| row.get(0),
                )
                .map_err(failed)?;
        }
        Ok(Self(text))
    }
}

/// The record of a plugin, read beside whoever uses the database.
pub fn record_text(
    host: &dyn Host,
    install: &Install,
    id: &str,
) -> Result<RecordText, RecordError> {
    let database = state_database(&install.state_dir);
    let copy = copy_database(host, &database, &install.scratch_dir)?;
    let connection = copy.open()?;
    let found = select(&connection, id).map_err(|source| RecordError::Sqlite {
        id: id.to_owned(),
        database,
        source,
    })?;
    found.ok_or_else(|| RecordError::Missing(id.to_owned()))
}

/// Has the index of the plugins in this state directory hold `new` in place of `old`, in one durable
/// transaction; where it holds `new` already nothing is done. To be called while no gateway runs.
pub fn put_record(
    state_dir: &Path,
    id: &str,
    old: &RecordText,
    new: &RecordText,
    at: Timestamp,
) -> Result<(), RecordError> {
    if id.contains(['"', '\\']) {
        return Err(RecordError::Id(id.to_owned()));
    }
    let database = state_database(state_dir);
    let failed = |source| RecordError::Sqlite {
        id: id.to_owned(),
        database: database.clone(),
        source,
    };
    let mut connection = open(&database).map_err(failed)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    match select(&transaction, id).map_err(failed)? {
        Some(found) if found == *new => return Ok(()),
        Some(found) if found == *old => {}
        Some(_) => return Err(RecordError::Changed(id.to_owned())),
        None => return Err(RecordError::Missing(id.to_owned())),
    }
    write(&transaction, id, new, at).map_err(failed)?;
    if let (Some(from), Some(to)) = (old.path(), new.path()) {
        move_entries(&transaction, id, &from, &to).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // In WAL mode a commit is durable only so.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn place(id: &str) -> String {
    format!("$.index.installRecords.\"{id}\"")
}

fn select(connection: &Connection, id: &str) -> rusqlite::Result<Option<RecordText>> {
    let sql = "SELECT json_extract(value_json, ?2) FROM config_machine_state WHERE state_key = ?1";
    let found: Option<Option<String>> = connection
        .query_row(sql, [KEY, &place(id)], |row| row.get(0))
        .optional()?;
    Ok(found.flatten().map(RecordText))
}

/// The record, and what OpenClaw's own writes count by.
fn write(
    transaction: &Transaction<'_>,
    id: &str,
    record: &RecordText,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "UPDATE config_machine_state
               SET value_json = json_set(value_json, ?2, json(?3), '$.revision', ?4,
                                         '$.index.generatedAtMs', ?4),
                   updated_at_ms = ?4
               WHERE state_key = ?1";
    let at = at.as_millisecond();
    transaction.execute(sql, rusqlite::params![KEY, place(id), record.0, at])?;
    Ok(())
}

/// Has the entries of the plugin's package lie at its new place.
fn move_entries(
    transaction: &Transaction<'_>,
    id: &str,
    from: &Path,
    to: &Path,
) -> rusqlite::Result<()> {
    let sql = "SELECT entry.key, entry.value
               FROM config_machine_state, json_each(value_json, '$.index.plugins') AS entry
               WHERE state_key = ?1
                 AND ?2 IN (entry.value ->> '$.pluginId', entry.value ->> '$.installOwner')";
    let mut found = transaction.prepare(sql)?;
    let rows = found.query_map([KEY, id], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let entries = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for (number, entry) in entries {
        let entry: Value = serde_json::from_str(&entry).unwrap_or_default();
        for key in PLACES {
            let place = entry.get(key).and_then(Value::as_str).map(Path::new);
            let Some(below) = place.and_then(|place| place.strip_prefix(from).ok()) else {
                continue;
            };
            let moved = if below.as_os_str().is_empty() {
                to.to_owned()
            } else {
                to.join(below)
            };
            let sql = "UPDATE config_machine_state SET value_json = json_set(value_json, ?2, ?3)
                       WHERE state_key = ?1";
            let path = format!("$.index.plugins[{number}].{key}");
            transaction.execute(sql, [KEY, &path, &moved.to_string_lossy()])?;
        }
    }
    Ok(())
}
