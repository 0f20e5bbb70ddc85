//! Writing: runs and their events.

use std::sync::atomic::{AtomicU64, Ordering};

use exuvia_host::Host;
use exuvia_host::disk::Holder;
use exuvia_model::journal::{BEGIN, FINISH, Operation, Outcome, RESUME, RunId, Step};
use exuvia_model::text;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use serde_json::Value;

use super::connect::PATIENCE;
use super::error::JournalError;
use super::{Journal, detail, room};

/// The longest subject and user that are kept, in characters.
const LONGEST_SUBJECT: usize = 300;
const LONGEST_ACTOR: usize = 64;

/// What is about to be done.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// What it is.
    pub operation: Operation,
    /// The id of the install that it is about; nothing where it is about none.
    pub install: Option<String>,
    /// What it is done to, for people: a snapshot's name, an asset. Kept as one clean line.
    pub subject: String,
    /// What whoever finishes it in our place must know; `{}` where that is nothing. At most
    /// [`super::LONGEST_DETAIL`] bytes of JSON, and nothing secret.
    pub detail: Value,
}

/// A run that this process carries.
///
/// Dropped without [`Run::finish`] it stays unfinished, and is left behind when the process ends.
#[derive(Debug)]
#[must_use = "a run that is not finished is taken for one whose process died"]
pub struct Run {
    journal: Journal,
    id: RunId,
    number: i64,
}

/// What is written of an event.
struct Event<'a> {
    run: i64,
    step: &'a str,
    holder: Option<String>,
    outcome: Option<Outcome>,
    detail: &'a str,
}

impl Journal {
    /// Begins a run. It is durable when this returns, and there is room for the events to come. A
    /// full disk and a home that cannot be written are refused here, with nothing begun.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what was begun is the journal's; a caller has no further use for it"
    )]
    pub fn begin(&self, new: NewRun) -> Result<Run, JournalError> {
        let detail = detail::whole(BEGIN, &new.detail)?;
        let mut connection = self.connection();
        let started = self.host.elapsed();
        while self.host.elapsed().saturating_sub(started) < PATIENCE {
            room::make(&mut connection, &*self.host, &self.path, 1)?;
            let transaction = room::immediate(&mut connection).map_err(|e| self.failed(e))?;
            if !room::is_made(&transaction, &*self.host, &self.path, 1)? {
                // Another run took it meanwhile.
                continue;
            }
            let begun = self.insert_run(&transaction, &new, &detail);
            let (id, number) = begun
                .and_then(|run| transaction.commit().map(|()| run))
                .map_err(|source| self.failed(source))?;
            let journal = self.clone();
            return Ok(Run {
                journal,
                id,
                number,
            });
        }
        Err(JournalError::Busy(self.path.clone()))
    }

    /// Carries on a run whose process died. Of several who want to, one gets it.
    pub fn resume(&self, id: &RunId) -> Result<Run, JournalError> {
        let mut connection = self.connection();
        match room::make(&mut connection, &*self.host, &self.path, 0) {
            // Something is under way: what can still be written is better than nothing.
            Ok(()) | Err(JournalError::Full(_) | JournalError::NoRoom { .. }) => {}
            Err(error) => return Err(error),
        }
        let failed = |source| self.failed(source);
        let transaction = room::immediate(&mut connection).map_err(failed)?;
        let number = self.left_behind(&transaction, id)?;
        let event = Event {
            run: number,
            step: RESUME,
            holder: Some(Holder::current().to_string()),
            outcome: None,
            detail: "{}",
        };
        self.insert_event(&transaction, &event)
            .and_then(|()| transaction.commit())
            .map_err(failed)?;
        Ok(Run {
            journal: self.clone(),
            id: id.clone(),
            number,
        })
    }

    /// Ends a run whose process died.
    pub fn close(
        &self,
        id: &RunId,
        outcome: Outcome,
        detail: impl Serialize,
    ) -> Result<(), JournalError> {
        self.resume(id)?.finish(outcome, detail)
    }

    /// The number of a run that nobody carries: none of another living process.
    fn left_behind(&self, transaction: &Transaction<'_>, id: &RunId) -> Result<i64, JournalError> {
        let found = transaction
            .query_row(
                "SELECT number, holder, outcome IS NOT NULL FROM run_now WHERE id = ?1",
                [id.as_str()],
                |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)),
            )
            .optional()
            .map_err(|source| self.failed(source))?;
        let (number, holder, ended) = found.ok_or_else(|| JournalError::NoRun(id.to_string()))?;
        if ended {
            return Err(JournalError::Ended(id.clone()));
        }
        match Holder::parse(&holder) {
            Some(other) if other != Holder::current() && other.is_alive() => {
                Err(JournalError::Carried {
                    run: id.clone(),
                    pid: other.pid,
                })
            }
            _ => Ok(number),
        }
    }

    fn insert_run(
        &self,
        transaction: &Transaction<'_>,
        new: &NewRun,
        detail: &str,
    ) -> rusqlite::Result<(RunId, i64)> {
        let holder = Holder::current().to_string();
        let id = fresh(&*self.host, &holder);
        room::open(transaction)?;
        transaction.execute(
            "INSERT INTO run (id, operation, install, subject, actor) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                id.as_str(),
                new.operation.name(),
                new.install,
                text::one_line(&new.subject, LONGEST_SUBJECT),
                actor(&*self.host),
            ],
        )?;
        let number = transaction.last_insert_rowid();
        let event = Event {
            run: number,
            step: BEGIN,
            holder: Some(holder),
            outcome: None,
            detail,
        };
        self.insert_event(transaction, &event)?;
        Ok((id, number))
    }

    fn insert_event(
        &self,
        transaction: &Transaction<'_>,
        event: &Event<'_>,
    ) -> rusqlite::Result<()> {
        room::open(transaction)?;
        transaction.execute(
            "INSERT INTO event (run, at, step, holder, outcome, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                event.run,
                self.host.now().to_string(),
                event.step,
                event.holder,
                event.outcome.map(Outcome::name),
                event.detail,
            ],
        )?;
        Ok(())
    }

    fn write(&self, event: &Event<'_>) -> Result<(), JournalError> {
        let mut connection = self.connection();
        room::immediate(&mut connection)
            .and_then(|transaction| {
                self.insert_event(&transaction, event)?;
                transaction.commit()
            })
            .map_err(|source| self.failed(source))
    }
}

impl Run {
    /// Its name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Writes down what is about to be done; it is durable when this returns. `step` is named as a
    /// [`Step`] is; the detail has at most [`super::LONGEST_DETAIL`] bytes of JSON (more is an error,
    /// and nothing is written), and nothing secret.
    pub fn record(&self, step: &str, detail: impl Serialize) -> Result<(), JournalError> {
        let step: Step = step.parse()?;
        let detail = detail::whole(step.as_str(), detail)?;
        self.write(step.as_str(), None, &detail)
    }

    /// Ends it. What went wrong goes into the detail as the text `error`. Too long a detail is cut
    /// to that: a run must be able to end.
    pub fn finish(self, outcome: Outcome, detail: impl Serialize) -> Result<(), JournalError> {
        let detail = detail::shortened(FINISH, detail)?;
        self.write(FINISH, Some(outcome), &detail)
    }

    fn write(
        &self,
        step: &str,
        outcome: Option<Outcome>,
        detail: &str,
    ) -> Result<(), JournalError> {
        self.journal.write(&Event {
            run: self.number,
            step,
            holder: None,
            outcome,
            detail,
        })
    }
}

/// Who is at work: the name by which the user is logged in.
fn actor(host: &dyn Host) -> String {
    let name = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| host.env(name));
    name.map_or_else(
        || "unknown".to_owned(),
        |name| text::one_line(&name.to_string_lossy(), LONGEST_ACTOR),
    )
}

/// A name that no other run has: of the process, the time and a counter.
fn fresh(host: &dyn Host, holder: &str) -> RunId {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let text = format!("{holder} {count} {} {:?}", host.now(), host.elapsed());
    let digest = blake3::hash(text.as_bytes());
    let (bits, _) = digest
        .as_bytes()
        .split_first_chunk()
        .unwrap_or((&[0; 8], &[]));
    RunId::from_bits(u64::from_le_bytes(*bits))
}
