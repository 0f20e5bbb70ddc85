//! OpenClaw's two kinds of database, in WAL mode and with their data still in the `-wal` file, as
//! a gateway leaves them: whoever copies or reads the `.sqlite` alone finds nothing.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{index, private_dir};

/// `user_version` of `state/openclaw.sqlite` in OpenClaw 2026.9.5.
pub const STATE_VERSION: i64 = 17;
/// `user_version` of `agents/<id>/agent/openclaw-agent.sqlite` in OpenClaw 2026.9.5.
pub const AGENT_VERSION: i64 = 21;

const STATE_SCHEMA: &str = "CREATE TABLE config_machine_state (
      state_key TEXT NOT NULL PRIMARY KEY,
      value_json TEXT NOT NULL,
      updated_at_ms INTEGER NOT NULL
    ) STRICT";

/// The first columns of the real table; nothing reads more of it here.
const AGENT_SCHEMA: &str = "CREATE TABLE session_nodes (
      session_key TEXT NOT NULL PRIMARY KEY,
      current_session_id TEXT NOT NULL,
      entry_json TEXT NOT NULL,
      entry_valid INTEGER NOT NULL DEFAULT 0,
      updated_at INTEGER NOT NULL
    ) STRICT";

/// Writes the shared database of this state directory.
pub(crate) fn write_state(state: &Path, version: i64, plugins: Option<&Value>) {
    let dir = state.join("state");
    private_dir(&dir);
    let database = create(&dir.join("openclaw.sqlite"), version, STATE_SCHEMA);
    if let Some(plugins) = plugins {
        let (value, at) = index::row(plugins);
        database
            .execute(
                "INSERT INTO config_machine_state VALUES ('plugins.installedIndex', ?1, ?2)",
                params![value, at],
            )
            .expect("a row in the new table");
    }
}

/// Writes the database of one of its agents.
pub(crate) fn write_agent(state: &Path, agent: &str, version: i64) {
    let dir = state.join("agents").join(agent).join("agent");
    private_dir(&dir);
    create(&dir.join("openclaw-agent.sqlite"), version, AGENT_SCHEMA);
}

fn create(path: &Path, version: i64, schema: &str) -> Connection {
    let database = Connection::open(path).expect("a new database");
    database
        .pragma_update(None, "journal_mode", "wal")
        .expect("WAL mode");
    database
        .pragma_update(None, "wal_autocheckpoint", 0)
        .expect("no automatic checkpoint");
    database
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .expect("no checkpoint");
    database.execute_batch(schema).expect("the schema");
    database
        .pragma_update(None, "user_version", version)
        .expect("the schema's version");
    database
}
