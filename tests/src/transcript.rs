//! What an agent's database says was spoken.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

/// Tables differ from release to release, so those of transcripts are found by their columns.
const TABLES: &str = "SELECT name FROM sqlite_master AS t WHERE type = 'table' AND 3 =
    (SELECT count(*) FROM pragma_table_info(t.name) WHERE name IN ('session_id', 'seq', 'event_json'))";

/// Every message to the agent that it answered, in all sessions of the database; fails the test if
/// the database is damaged.
pub fn answered(database: &Path) -> BTreeSet<String> {
    integrity(database);
    let read = || -> rusqlite::Result<Vec<Value>> {
        let database = Connection::open(database)?;
        let mut events = Vec::new();
        for table in strings(&database, TABLES)? {
            let sql = format!("SELECT event_json FROM {table:?} ORDER BY session_id, seq");
            let texts = strings(&database, &sql)?;
            events.extend(
                texts
                    .iter()
                    .filter_map(|text| serde_json::from_str(text).ok()),
            );
        }
        Ok(events)
    };
    let events = read().unwrap_or_else(|error| panic!("{}: {error}", database.display()));
    let mut answered = BTreeSet::new();
    let mut asked = None;
    for message in events.iter().filter_map(|event| event.get("message")) {
        match message.get("role").and_then(Value::as_str) {
            Some("user") => asked = text(message),
            Some("assistant") => answered.extend(asked.take()),
            _ => {}
        }
    }
    answered
}

/// Fails the test if a database is damaged.
pub fn integrity(database: &Path) {
    let check = || -> rusqlite::Result<String> {
        let database = Connection::open(database)?;
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0))
    };
    let found = check().unwrap_or_else(|error| panic!("{}: {error}", database.display()));
    assert_eq!(found, "ok", "{}", database.display());
}

fn strings(database: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// A message's content is a text, or parts of which some are.
fn text(message: &Value) -> Option<String> {
    match message.get("content")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            Some(texts.collect())
        }
        _ => None,
    }
}
