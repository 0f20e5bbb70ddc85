//! Doing something between two lines of the journal.

use anyhow::{Context, Result};
use exuvia_model::journal::{Operation, Outcome, RunId};
use exuvia_store::journal::{Journal, NewRun};
use serde::Serialize;
use serde_json::json;

use crate::session::Machine;

/// What is about to be done.
pub(super) struct Job {
    pub(super) operation: Operation,
    pub(super) install: Option<String>,
    /// What it is done to, for people.
    pub(super) subject: String,
    /// The repository. There is never a password in an address.
    pub(super) repository: String,
}

/// Writes down what is about to be done, does it, and writes down what became of it.
pub(super) fn journaled<T: Serialize>(
    machine: &Machine,
    job: Job,
    work: impl FnOnce() -> Result<T>,
) -> Result<(T, RunId)> {
    let journal = Journal::open(machine.host.clone(), &machine.home)?;
    let run = journal.begin(NewRun {
        operation: job.operation,
        install: job.install,
        subject: job.subject,
        detail: json!({ "repository": job.repository }),
    })?;
    let id = run.id().clone();
    match work() {
        Ok(done) => {
            run.finish(Outcome::Done, &done)
                .context("it was done, and that could not be written down")?;
            Ok((done, id))
        }
        Err(error) => {
            // The first error is the one to tell; a run that was not ended is ended by the next
            // command.
            let _ = run.finish(Outcome::Failed, json!({ "error": error.to_string() }));
            Err(error)
        }
    }
}
