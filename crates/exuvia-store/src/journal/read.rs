//! Reading: what the events make of the runs.

use std::fmt::Display;
use std::io::Write;
use std::str::FromStr;

use exuvia_model::journal::{BEGIN, Began, EventRecord, Operation, RunId, RunRecord};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::error::JournalError;
use super::{Journal, is_abandoned};

const RUN: &str = "SELECT id, operation, install, subject, actor, started_at, ended_at, outcome, \
                   error, holder FROM run_now";
const EVENT: &str = "SELECT event.seq, run.id, event.at, event.step, event.holder, event.outcome, \
                     event.detail, run.operation, run.install, run.subject, run.actor \
                     FROM event JOIN run ON run.number = event.run";
/// How many events are exported at once; nobody waits for us while they are written out.
const PORTION: u32 = 500;
/// How many runs are named that could be meant.
const CANDIDATES: u32 = 5;

/// Which runs are meant; all of them by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this install, and those that are about none.
    pub install: Option<String>,
    /// Those that do this.
    pub operation: Option<Operation>,
    /// No more than so many, the newest.
    pub limit: Option<u32>,
}

impl Journal {
    /// Runs, the newest first.
    pub fn runs(&self, filter: &Filter) -> Result<Vec<RunRecord>, JournalError> {
        let sql = format!(
            "{RUN} WHERE (?1 IS NULL OR install IS NULL OR install = ?1)
               AND (?2 IS NULL OR operation = ?2)
             ORDER BY number DESC LIMIT ?3"
        );
        let operation = filter.operation.as_ref().map(Operation::name);
        // A negative limit is none.
        let limit = filter.limit.map_or(-1, i64::from);
        self.select(&sql, params![filter.install, operation, limit], run)
    }

    /// The one run with this id, or whose id begins so, with or without [`RunId::PREFIX`].
    pub fn run(&self, asked: &str) -> Result<RunRecord, JournalError> {
        let digits = asked.strip_prefix(RunId::PREFIX).unwrap_or(asked);
        let none = || JournalError::NoRun(asked.chars().take(80).collect());
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(none());
        }
        let first = format!("{}{}", RunId::PREFIX, digits.to_ascii_lowercase());
        // `~` comes after every digit.
        let last = format!("{first}~");
        let sql = format!("{RUN} WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3");
        let mut found = self.select(&sql, params![first, last, CANDIDATES], run)?;
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(none()),
            (Some(one), true) => Ok(one),
            (Some(one), false) => Err(JournalError::Ambiguous {
                asked: asked.to_owned(),
                candidates: found.into_iter().chain([one]).map(|run| run.id).collect(),
            }),
        }
    }

    /// The events of a run, in order.
    pub fn events(&self, id: &RunId) -> Result<Vec<EventRecord>, JournalError> {
        let sql = format!("{EVENT} WHERE run.id = ?1 ORDER BY event.seq");
        self.select(&sql, [id.as_str()], event)
    }

    /// What a run began with: the detail of its first event. `None` if there is no such run.
    pub fn begun(&self, id: &RunId) -> Result<Option<Value>, JournalError> {
        let first = "SELECT detail FROM event JOIN run ON run.number = event.run
                     WHERE run.id = ?1 AND step = 'begin'";
        let found = self
            .connection()
            .query_row(first, [id.as_str()], |row| row.get::<_, String>(0))
            .optional()
            .map_err(|source| self.failed(source))?;
        found
            .map(|text| parsed_json(&text).map_err(|why| self.unreadable(&why)))
            .transpose()
    }

    /// Runs that have not ended and whose process is gone, the oldest first.
    pub fn unfinished(&self) -> Result<Vec<RunRecord>, JournalError> {
        let sql = format!("{RUN} WHERE outcome IS NULL ORDER BY number");
        let mut open = self.select(&sql, [], run)?;
        open.retain(is_abandoned);
        Ok(open)
    }

    /// Writes every event so far, one JSON document a line, the oldest first.
    pub fn export(&self, to: &mut dyn Write) -> Result<(), JournalError> {
        let newest = "SELECT coalesce(max(seq), 0) FROM event";
        let end: i64 = self
            .connection()
            .query_row(newest, [], |row| row.get(0))
            .map_err(|source| self.failed(source))?;
        let sql =
            format!("{EVENT} WHERE event.seq > ?1 AND event.seq <= ?2 ORDER BY event.seq LIMIT ?3");
        let mut done: i64 = 0;
        loop {
            let events = self.select(&sql, params![done, end, PORTION], event)?;
            let Some(last) = events.last() else {
                return to.flush().map_err(JournalError::Export);
            };
            done = i64::try_from(last.seq).unwrap_or(i64::MAX);
            for event in &events {
                serde_json::to_writer(&mut *to, event)
                    .map_err(std::io::Error::from)
                    .and_then(|()| to.write_all(b"\n"))
                    .map_err(JournalError::Export)?;
            }
        }
    }

    fn select<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: fn(&Row<'_>) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, JournalError> {
        select(&self.connection(), sql, parameters, read).map_err(|unreadable| match unreadable {
            Unreadable::Sqlite(source) => self.failed(source),
            Unreadable::Text(why) => self.unreadable(&why),
        })
    }

    fn unreadable(&self, why: &str) -> JournalError {
        JournalError::damaged(&self.path, why)
    }
}

/// A row cannot be read, or is not as it was written.
enum Unreadable {
    Sqlite(rusqlite::Error),
    Text(String),
}

impl From<rusqlite::Error> for Unreadable {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite(source)
    }
}

fn select<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: fn(&Row<'_>) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Unreadable> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn run(row: &Row<'_>) -> Result<RunRecord, Unreadable> {
    Ok(RunRecord {
        id: parsed(row, "id")?,
        operation: parsed(row, "operation")?,
        install: row.get("install")?,
        subject: row.get("subject")?,
        actor: row.get("actor")?,
        started_at: parsed(row, "started_at")?,
        ended_at: maybe(row, "ended_at")?,
        outcome: maybe(row, "outcome")?,
        error: row.get("error")?,
        holder: row.get("holder")?,
    })
}

fn event(row: &Row<'_>) -> Result<EventRecord, Unreadable> {
    let step: String = row.get("step")?;
    let began = (step == BEGIN).then(|| began(row)).transpose()?;
    Ok(EventRecord {
        // SQLite's own numbers are positive.
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        run: parsed(row, "id")?,
        at: parsed(row, "at")?,
        step,
        began,
        holder: row.get("holder")?,
        outcome: maybe(row, "outcome")?,
        detail: parsed_json(&row.get::<_, String>("detail")?).map_err(Unreadable::Text)?,
    })
}

fn began(row: &Row<'_>) -> Result<Began, Unreadable> {
    Ok(Began {
        operation: parsed(row, "operation")?,
        install: row.get("install")?,
        subject: row.get("subject")?,
        actor: row.get("actor")?,
    })
}

fn parsed<T: FromStr<Err: Display>>(row: &Row<'_>, column: &str) -> Result<T, Unreadable> {
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|error: T::Err| Unreadable::Text(error.to_string()))
}

fn maybe<T: FromStr<Err: Display>>(row: &Row<'_>, column: &str) -> Result<Option<T>, Unreadable> {
    match row.get::<_, Option<String>>(column)? {
        Some(_) => parsed(row, column).map(Some),
        None => Ok(None),
    }
}

fn parsed_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("a detail is no JSON: {error}"))
}
