//! The miniature's databases: what is in them, whom they refuse, and how they move on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};

use super::Flaw;
use super::plan::{Plan, Schemas};
use crate::gateway::{MESSAGES, time};
use crate::install::{write_agent, write_state};

/// As long as another one may hold a database.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first columns of the real table, and the job as the gateway tells it.
const CRON_JOBS: &str = "CREATE TABLE IF NOT EXISTS cron_jobs (
      store_key TEXT NOT NULL,
      job_id TEXT NOT NULL PRIMARY KEY,
      job_json TEXT NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT";

/// A session is there as soon as it has a message.
const SESSION_OF_MESSAGE: &str = "CREATE TRIGGER IF NOT EXISTS session_of_message
    AFTER INSERT ON message BEGIN
      INSERT OR IGNORE INTO session_nodes VALUES
        (NEW.session, 'id-of-' || NEW.session, '{}', 1, NEW.at);
    END";

/// A database that a later release has written.
#[derive(Debug)]
pub(crate) struct Newer {
    /// `state` or `agent`.
    pub(crate) kind: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) schema: i64,
    pub(crate) supported: i64,
}

/// The databases of one state directory.
#[derive(Clone, Debug)]
pub(crate) struct State {
    dir: PathBuf,
}

impl State {
    pub(crate) fn of(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.to_owned(),
        }
    }

    /// `state/openclaw.sqlite`.
    pub(crate) fn shared(&self) -> PathBuf {
        self.dir.join("state/openclaw.sqlite")
    }

    /// Each agent with a database, and that.
    pub(crate) fn agents(&self) -> Vec<(String, PathBuf)> {
        let listed = std::fs::read_dir(self.dir.join("agents"));
        let mut agents: Vec<_> = listed
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, entry.path().join("agent/openclaw-agent.sqlite"))
            })
            .filter(|(_, database)| database.is_file())
            .collect();
        agents.sort();
        agents
    }

    /// Databases that a build with these schemas cannot open.
    pub(crate) fn newer(&self, schemas: Schemas) -> Vec<Newer> {
        let shared = std::iter::once(("state", self.shared(), schemas.state));
        let agents = self.agents().into_iter();
        let agents = agents.map(|(_, path)| ("agent", path, schemas.agent));
        shared
            .chain(agents)
            .filter(|(_, path, _)| path.is_file())
            .map(|(kind, path, supported)| Newer {
                schema: version(&open(&path)),
                kind,
                path,
                supported,
            })
            .filter(|one| one.schema > one.supported)
            .collect()
    }

    /// Makes what is missing: databases of these schemas, and the tables that only the miniature
    /// needs.
    pub(crate) fn prepare(&self, schemas: Schemas) {
        if !self.shared().is_file() {
            write_state(&self.dir, schemas.state, None);
        }
        open(&self.shared())
            .execute_batch(CRON_JOBS)
            .expect("a table");
        self.prepare_agent("main", schemas);
        for (agent, _) in self.agents() {
            self.prepare_agent(&agent, schemas);
        }
    }

    /// An agent, with a database.
    pub(crate) fn prepare_agent(&self, agent: &str, schemas: Schemas) {
        let database = self
            .dir
            .join("agents")
            .join(agent)
            .join("agent/openclaw-agent.sqlite");
        if !database.is_file() {
            write_agent(&self.dir, agent, schemas.agent);
        }
        let database = open(&database);
        let tables = [MESSAGES, SESSION_OF_MESSAGE];
        tables
            .iter()
            .try_for_each(|table| database.execute_batch(table))
            .expect("a table");
    }

    /// Adds a cron job: `{id, name, schedule, …}` as the gateway tells it.
    pub(crate) fn add_job(&self, job: &Value) {
        let row = params![
            job["id"].as_str(),
            job.to_string(),
            job["createdAtMs"].as_i64()
        ];
        open(&self.shared())
            .execute("INSERT INTO cron_jobs VALUES ('default', ?1, ?2, ?3)", row)
            .expect("a cron job");
    }

    /// Adds a message to a session of the agent that the session's key names.
    pub(crate) fn add_message(&self, session: &str, role: &str, text: &str) {
        let agent = session.split(':').nth(1).unwrap_or("main");
        let database = self
            .dir
            .join("agents")
            .join(agent)
            .join("agent/openclaw-agent.sqlite");
        let sql = "INSERT INTO message (session, id, role, text, at)
                   VALUES (?1, ?2, ?3, ?4, 1795185131806)";
        let row = params![session, time::id(), role, text];
        open(&database).execute(sql, row).expect("a message");
    }

    /// `user_version` of the shared database, then of each agent's.
    pub(crate) fn versions(&self) -> Vec<i64> {
        let agents = self.agents().into_iter().map(|(_, path)| path);
        std::iter::once(self.shared())
            .chain(agents)
            .map(|path| version(&open(&path)))
            .collect()
    }

    /// Brings older databases to this release's schemas, one transaction each; words where that
    /// fails. `is_new` is whether another release ran on them last.
    pub(crate) fn migrate(&self, plan: &Plan, package: &Path, is_new: bool) -> Result<(), String> {
        self.prepare(plan.schemas);
        move_on(&self.shared(), plan.schemas.state, is_new, |rows, moves| {
            if moves {
                stamp(
                    rows,
                    "UPDATE cron_jobs SET job_json = json_set(job_json, '$.configRevision', ?1)",
                    plan.schemas.state,
                );
            }
            if plan.has(&Flaw::LosesCronJob) {
                let last = "DELETE FROM cron_jobs WHERE rowid = (SELECT max(rowid) FROM cron_jobs)";
                rows.execute(last, []).expect("one job less");
            }
            index_bundled(rows, &plan.version, package);
            Ok(())
        })?;
        for (agent, database) in self.agents() {
            move_on(&database, plan.schemas.agent, is_new, |rows, moves| {
                if moves {
                    stamp(
                        rows,
                        "UPDATE session_nodes SET entry_json = json_set(entry_json, '$.schema', ?1)",
                        plan.schemas.agent,
                    );
                }
                if plan.has(&Flaw::MigrationThrows) {
                    return Err(format!(
                        "OpenClaw agent database {}: migration of agent \"{agent}\" failed: \
                         SQLITE_CONSTRAINT",
                        database.display()
                    ));
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Has the index of plugins say that this package, of this version, ran on the state.
    pub(crate) fn ran_from(&self, package: &Path, version: &str) {
        let mut database = open(&self.shared());
        let rows = database
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .expect("the database");
        index_bundled(&rows, version, package);
        rows.commit().expect("the plugin index");
    }
}

/// Opens a database that leaves in the `-wal` file what was written, as a gateway that is killed
/// does.
pub(super) fn open(path: &Path) -> Connection {
    let database =
        Connection::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    database.busy_timeout(PATIENCE).expect("a time out");
    database
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .expect("no checkpoint");
    database
}

fn version(database: &Connection) -> i64 {
    database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("the schema's version")
}

/// Changes a database if it is older than this schema or another release ran last.
fn move_on(
    path: &Path,
    schema: i64,
    is_new: bool,
    change: impl FnOnce(&Transaction<'_>, bool) -> Result<(), String>,
) -> Result<(), String> {
    let mut database = open(path);
    let moves = version(&database) < schema;
    if !moves && !is_new {
        return Ok(());
    }
    let rows = database
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    change(&rows, moves)?;
    rows.pragma_update(None, "user_version", schema)
        .expect("the schema's version");
    rows.commit()
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn stamp(rows: &Transaction<'_>, sql: &str, schema: i64) {
    rows.execute(sql, [schema]).expect("rows that are stamped");
}

/// Has each entry of a recorded plugin say what its files say: `plugins registry --refresh`.
pub(crate) fn refresh_index(state: &State) {
    let mut database = open(&state.shared());
    let rows = database
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .expect("the database");
    change_index(&rows, |index| {
        let records = index["installRecords"].clone();
        for plugin in index["plugins"].as_array_mut().into_iter().flatten() {
            let id = plugin["pluginId"].as_str().unwrap_or_default();
            let Some(root) = records[id]["installPath"].as_str().map(Path::new) else {
                continue;
            };
            let manifest = std::fs::read_to_string(root.join("package.json"));
            let manifest: Value = manifest
                .ok()
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            plugin["rootDir"] = json!(root);
            plugin["manifestPath"] = json!(root.join("openclaw.plugin.json"));
            plugin["source"] = json!(root.join("index.js"));
            plugin["packageVersion"] = manifest["version"].clone();
        }
        index["refreshReason"] = json!("manual");
    });
    rows.commit().expect("the plugin index");
}

/// What OpenClaw brings along is of its own version, and lies in its package.
fn index_bundled(rows: &Transaction<'_>, version: &str, package: &Path) {
    change_index(rows, |index| {
        index["hostContractVersion"] = json!(version);
        for plugin in index["plugins"].as_array_mut().into_iter().flatten() {
            if plugin["origin"] == "bundled" {
                let id = plugin["pluginId"].as_str().unwrap_or_default();
                let root = package.join("dist/extensions").join(id);
                plugin["manifestPath"] = json!(root.join("openclaw.plugin.json"));
                plugin["source"] = json!(root.join("index.js"));
                plugin["rootDir"] = json!(root);
                plugin["packageVersion"] = json!(version);
            }
        }
    });
}

fn change_index(rows: &Transaction<'_>, change: impl FnOnce(&mut Value)) {
    let key = "plugins.installedIndex";
    let read = "SELECT value_json FROM config_machine_state WHERE state_key = ?1";
    let text: Option<String> = rows
        .query_row(read, [key], |row| row.get(0))
        .optional()
        .expect("the plugin index");
    let Some(text) = text else { return };
    let mut value: Value = serde_json::from_str(&text).expect("an index in JSON");
    change(&mut value["index"]);
    let write = "UPDATE config_machine_state SET value_json = ?2 WHERE state_key = ?1";
    rows.execute(write, params![key, value.to_string()])
        .expect("the plugin index");
}
