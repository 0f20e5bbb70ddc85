//! What a stand-in remembers, across restarts: transcripts, what it was asked, its starts, its
//! restart handoff.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};

use super::time;

/// The book's name in the state directory.
pub(super) const FILE: &str = "standin.sqlite";

/// Transcripts.
pub(crate) const MESSAGES: &str = "
    CREATE TABLE IF NOT EXISTS message (
        seq INTEGER PRIMARY KEY, session TEXT NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL,
        text TEXT NOT NULL, key TEXT, at INTEGER NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS message_key ON message (session, key);";

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS asked (
        seq INTEGER PRIMARY KEY, pid INTEGER NOT NULL, method TEXT NOT NULL, params TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS start (
        seq INTEGER PRIMARY KEY, pid INTEGER NOT NULL, boot TEXT NOT NULL, version TEXT NOT NULL,
        at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS handoff (
        only INTEGER PRIMARY KEY CHECK (only = 1), pid INTEGER NOT NULL, reason TEXT,
        at INTEGER NOT NULL);";

/// A message of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// `user` or `assistant`.
    pub role: String,
    /// Its text.
    pub text: String,
    /// The key that keeps it from being written twice.
    pub key: Option<String>,
    pub(super) seq: i64,
    pub(super) at: i64,
}

/// A request that a stand-in was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The process that was asked.
    pub pid: u32,
    /// The method.
    pub method: String,
    /// Its parameters; of `connect` without the secret.
    pub params: Value,
}

/// One start of a stand-in, within its process or as a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The process.
    pub pid: u32,
    /// What the hello calls this start.
    pub boot_id: String,
    /// The version that ran.
    pub version: String,
}

/// The book. Several processes may have it open.
#[derive(Debug)]
pub struct Book(Mutex<Connection>);

impl Book {
    /// The book of the stand-in with this state directory.
    pub fn open(state_dir: &Path) -> Self {
        let file = state_dir.join(FILE);
        let book = Connection::open(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        if attach_transcripts(&book, state_dir).is_none() {
            book.execute_batch(MESSAGES).expect("the transcripts");
        }
        Self::over(book)
    }

    pub(super) fn in_memory() -> Self {
        let book = Connection::open_in_memory().expect("memory for a database");
        book.execute_batch(MESSAGES).expect("the transcripts");
        Self::over(book)
    }

    fn over(connection: Connection) -> Self {
        connection
            .busy_timeout(Duration::from_secs(10))
            .expect("a time out");
        // Survives SIGKILL of the process, which is all that a test does to it.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")
            .and_then(|()| connection.execute_batch(SCHEMA))
            .expect("the tables of the book");
        Self(Mutex::new(connection))
    }

    /// The transcript of a session.
    pub fn transcript(&self, session: &str) -> Vec<Message> {
        let sql =
            "SELECT id, role, text, key, seq, at FROM message WHERE session = ?1 ORDER BY seq";
        self.all(sql, [session], |row| {
            Ok(Message {
                id: row.get(0)?,
                role: row.get(1)?,
                text: row.get(2)?,
                key: row.get(3)?,
                seq: row.get(4)?,
                at: row.get(5)?,
            })
        })
    }

    /// How many messages of a session have this in their text.
    pub fn count(&self, session: &str, text: &str) -> usize {
        let transcript = self.transcript(session);
        transcript.iter().filter(|m| m.text.contains(text)).count()
    }

    /// Everything that was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.all(
            "SELECT pid, method, params FROM asked ORDER BY seq",
            [],
            |row| {
                let params: String = row.get(2)?;
                Ok(Asked {
                    pid: row.get(0)?,
                    method: row.get(1)?,
                    params: serde_json::from_str(&params).unwrap_or_default(),
                })
            },
        )
    }

    /// How often a method was asked.
    pub fn times(&self, method: &str) -> usize {
        self.asked()
            .iter()
            .filter(|asked| asked.method == method)
            .count()
    }

    /// Every start, in order.
    pub fn starts(&self) -> Vec<Start> {
        self.all(
            "SELECT pid, boot, version FROM start ORDER BY seq",
            [],
            |row| {
                Ok(Start {
                    pid: row.get(0)?,
                    boot_id: row.get(1)?,
                    version: row.get(2)?,
                })
            },
        )
    }

    /// The keys of all sessions with a message.
    pub(super) fn sessions(&self) -> Vec<String> {
        let sql = "SELECT session FROM message GROUP BY session ORDER BY min(seq)";
        self.all(sql, [], |row| row.get(0))
    }

    /// Writes a message unless one with its key is there.
    pub(super) fn write(&self, session: &str, role: &str, text: &str, key: Option<&str>) -> String {
        let id = time::id();
        self.execute(
            "INSERT OR IGNORE INTO message (session, id, role, text, key, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![session, id, role, text, key, time::now_ms()],
        );
        id
    }

    pub(super) fn record_asked(&self, method: &str, params: &Value) {
        let mut params = params.clone();
        if let Some(params) = params.as_object_mut() {
            params.remove("auth");
        }
        let sql = "INSERT INTO asked (pid, method, params) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![std::process::id(), method, params.to_string()]);
    }

    pub(super) fn record_start(&self, boot: &str, version: &str) {
        self.execute(
            "INSERT INTO start (pid, boot, version, at) VALUES (?1, ?2, ?3, ?4)",
            params![std::process::id(), boot, version, time::now_ms()],
        );
    }

    /// Leaves a handoff to the supervisor.
    pub(super) fn leave_handoff(&self, reason: &str) {
        self.execute(
            "INSERT OR REPLACE INTO handoff (only, pid, reason, at) VALUES (1, ?1, ?2, ?3)",
            params![std::process::id(), reason, time::now_ms()],
        );
    }

    /// A line that could not be written, for want of room, spoils no later one.
    fn book(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the handoff that this process left, if it did: the answer of `consume`.
    pub(super) fn take_handoff(&self, pid: u32) -> Value {
        let book = self.book();
        let row: Option<(u32, String, i64)> = book
            .query_row("SELECT pid, reason, at FROM handoff", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .expect("the handoff");
        let Some((left_by, reason, at)) = row else {
            return json!({ "status": "none", "reason": "missing" });
        };
        if left_by != pid {
            return json!({ "status": "none", "reason": "pid-mismatch" });
        }
        book.execute("DELETE FROM handoff", [])
            .expect("the handoff");
        json!({ "status": "accepted", "handoff": {
            "kind": "gateway-supervisor-restart-handoff", "version": 1, "intentId": time::id(),
            "pid": pid, "createdAt": at, "expiresAt": at + 60_000, "reason": reason,
            "source": "unknown", "restartKind": "full-process", "supervisorMode": "external",
        } })
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) {
        let book = self.book();
        book.execute(sql, values).expect("a line of the book");
    }

    fn all<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let book = self.book();
        let mut statement = book.prepare(sql).expect("a question to the book");
        let rows = statement
            .query_map(values, read)
            .expect("lines of the book");
        rows.collect::<rusqlite::Result<_>>()
            .expect("lines of the book")
    }
}

/// The transcripts of the miniature are in the database of its agent `main`, as OpenClaw's are.
/// `None` where there is none that has them.
fn attach_transcripts(book: &Connection, state_dir: &Path) -> Option<()> {
    let agent = state_dir.join("agents/main/agent/openclaw-agent.sqlite");
    let agent = agent.to_str().filter(|_| agent.is_file())?;
    book.execute("ATTACH ?1 AS agent", [agent])
        .expect("the agent");
    let has_them = "SELECT 1 FROM agent.sqlite_master WHERE name = 'message'";
    let found = book.query_row(has_them, [], |_| Ok(())).optional();
    let found = found.expect("the agent's tables");
    if found.is_some() {
        // What is written stays in the log when the book is closed, as in a gateway's databases.
        book.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .and_then(|_| book.execute_batch("PRAGMA agent.synchronous = OFF"))
            .expect("the agent");
    } else {
        book.execute_batch("DETACH agent").expect("the agent");
    }
    found
}
