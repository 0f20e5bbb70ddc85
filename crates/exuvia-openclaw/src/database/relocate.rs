//! Making a copy of a state directory one of its own place.
//!
//! OpenClaw keeps absolute paths in its databases (seen with 2026.9.5 and 2026.9.6): the plugin index
//! in `config_machine_state.value_json` names the package and every plugin, and `cron_jobs.store_key`
//! and its like are paths, by which a copy elsewhere would have no cron jobs. Leases name whoever has
//! the databases that were copied.

use std::path::{Path, PathBuf};

use exuvia_host::{Host, Links};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::state_database;

/// The name under which a session's own transcript stands in an agent's rows.
const TRANSCRIPT: &str = "\"sessionFile\":\"";

/// Who has a database, by process: whoever had the one that was copied has not the copy, and
/// OpenClaw refuses to start on it as long as that one runs (`Another Gateway owner lease is still
/// active`, seen with 2026.9.5).
const LEASES: [&str; 2] = ["state_leases", "agent_database_leases"];

/// A copy could not be made one of its own place.
#[derive(Debug, thiserror::Error)]
#[error("cannot make {} name the copy that it is part of: {source}", .database.display())]
pub struct NotRelocated {
    /// The database.
    pub database: PathBuf,
    /// Why.
    #[source]
    pub source: rusqlite::Error,
}

/// A table, and a column of it that may hold text.
type Column = (String, String);

/// Has the databases of a copy of a state directory name the copies of directories that they name.
/// Nobody may be using the copy. Where they still name the place of another's transcripts, in words:
/// whoever runs on the copy would write there.
pub fn relocate(
    host: &dyn Host,
    state_dir: &Path,
    agents: &[PathBuf],
    moved: &[(PathBuf, PathBuf)],
) -> Result<Vec<String>, NotRelocated> {
    let shared = state_database(state_dir);
    let mut left = Vec::new();
    for database in std::iter::once(&shared).chain(agents) {
        if host.metadata(database, Links::Refuse).is_ok() {
            let found = relocate_one(database, moved).map_err(|source| NotRelocated {
                database: database.clone(),
                source,
            })?;
            left.extend(found);
        }
    }
    Ok(left)
}

fn relocate_one(
    database: &Path,
    moved: &[(PathBuf, PathBuf)],
) -> Result<Vec<String>, rusqlite::Error> {
    let mut open = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Triggers mark rows as changed by a session, and keys of both sides change together.
    open.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    open.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    let rows = open.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let columns = columns(&rows)?;
    for table in LEASES {
        if columns.iter().any(|(name, _)| name == table) {
            rows.execute(&format!("DELETE FROM {}", quoted(table)), [])?;
        }
    }
    let mut left = Vec::new();
    for (from, to) in moved {
        let (from, to) = (from.to_string_lossy(), to.to_string_lossy());
        for column in &columns {
            rename(&rows, column, &from, &to)?;
        }
        left.extend(named_still(&rows, database, &columns, &from)?);
    }
    rows.commit()?;
    Ok(left)
}

/// The text columns of ordinary tables. Those of a search index belong to that.
fn columns(rows: &Transaction<'_>) -> Result<Vec<Column>, rusqlite::Error> {
    let sql = "SELECT tables.name, columns.name
        FROM pragma_table_list AS tables, pragma_table_xinfo(tables.name) AS columns
        WHERE tables.schema = 'main' AND tables.type = 'table'
            AND substr(tables.name, 1, 7) <> 'sqlite_'
            AND columns.hidden = 0 AND upper(columns.type) IN ('TEXT', 'ANY', '')";
    let mut listed = rows.prepare(sql)?;
    let all = listed.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    all.collect()
}

/// What is a path in the directory, and the plugin index, which holds some.
fn rename(
    rows: &Transaction<'_>,
    (table, column): &Column,
    from: &str,
    to: &str,
) -> Result<(), rusqlite::Error> {
    let (name, of) = (quoted(column), quoted(table));
    if (table.as_str(), column.as_str()) == ("config_machine_state", "value_json") {
        for end in ["/", "\""] {
            let sql = format!("UPDATE {of} SET {name} = replace({name}, ?1, ?2)");
            let within = |dir: &str| format!("\"{}{end}", escaped(dir));
            rows.execute(&sql, params![within(from), within(to)])?;
        }
        return Ok(());
    }
    let sql = format!(
        "UPDATE {of} SET {name} = ?2 || substr({name}, ?3)
         WHERE typeof({name}) = 'text' AND ({name} = ?1 OR substr({name}, 1, ?3) = ?1 || '/')"
    );
    let after = i64::try_from(from.chars().count() + 1).unwrap_or(i64::MAX);
    rows.execute(&sql, params![from, to, after]).map(drop)
}

fn named_still(
    rows: &Transaction<'_>,
    database: &Path,
    columns: &[Column],
    from: &str,
) -> Result<Vec<String>, rusqlite::Error> {
    let wanted = format!("{TRANSCRIPT}{}/", escaped(from));
    let mut left = Vec::new();
    for (table, column) in columns {
        let (name, of) = (quoted(column), quoted(table));
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {of} WHERE instr({name}, ?1) > 0)");
        if rows.query_row(&sql, [&wanted], |row| row.get(0))? {
            left.push(format!("{table}.{column} of {}", database.display()));
        }
    }
    Ok(left)
}

/// As it stands in JSON, without the quotes.
fn escaped(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.trim_matches('"').to_owned()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "tests build what is changed here"
)]
mod tests {
    use exuvia_host::testing::TestHost;

    use super::*;

    #[test]
    fn a_copy_names_itself_and_what_it_cannot_change_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let shared = state_database(dir.path());
        std::fs::create_dir_all(shared.parent().unwrap()).unwrap();
        let open = Connection::open(&shared).unwrap();
        open.execute_batch(
            "CREATE TABLE config_machine_state (state_key TEXT PRIMARY KEY, value_json TEXT) STRICT;
             CREATE TABLE cron_jobs (store_key TEXT, job_id TEXT, PRIMARY KEY (store_key, job_id));
             CREATE TABLE runs (store_key TEXT, job_id TEXT,
                FOREIGN KEY (store_key, job_id) REFERENCES cron_jobs (store_key, job_id));
             CREATE TRIGGER t AFTER UPDATE ON cron_jobs BEGIN SELECT RAISE(ABORT, 'no'); END;
             CREATE TABLE said (words TEXT);
             CREATE TABLE state_leases (holder TEXT);
             INSERT INTO state_leases VALUES ('process 1');
             INSERT INTO config_machine_state VALUES
                ('i', '{\"a\":\"/real\",\"b\":[\"/real/x\",\"/really\",\"/package/y\"]}');
             INSERT INTO cron_jobs VALUES ('/real/cron/jobs.json', 'j');
             INSERT INTO runs VALUES ('/real/cron/jobs.json', 'j');
             INSERT INTO said VALUES ('see /real/x'), ('{\"sessionFile\":\"/real/s.jsonl\"}');",
        )
        .unwrap();
        drop(open);
        let moved = [
            ("/real".into(), "/copy".into()),
            ("/package".into(), "/staged".into()),
        ];
        let left = relocate(&TestHost::new(), dir.path(), &[], &moved).unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left[0].starts_with("said.words"), "{left:?}");
        let open = Connection::open(&shared).unwrap();
        let one = |sql: &str| {
            open.query_row(sql, [], |row| row.get::<_, String>(0))
                .unwrap()
        };
        assert_eq!(
            one("SELECT value_json FROM config_machine_state"),
            "{\"a\":\"/copy\",\"b\":[\"/copy/x\",\"/really\",\"/staged/y\"]}"
        );
        for table in ["cron_jobs", "runs"] {
            let key = one(&format!("SELECT store_key FROM {table}"));
            assert_eq!(key, "/copy/cron/jobs.json");
        }
        assert_eq!(one("SELECT words FROM said"), "see /real/x");
        assert_eq!(one("SELECT count(*) || '' FROM state_leases"), "0");
    }
}
