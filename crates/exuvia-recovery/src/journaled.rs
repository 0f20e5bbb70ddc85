//! Doing something between two lines of the journal.

use exuvia_model::journal::{Operation, Outcome, RunId};
use exuvia_store::journal::{NewRun, Run};
use serde_json::{Value, json};

use crate::{Recovery, RecoveryError};

/// What is about to be done.
pub(crate) struct Job {
    /// What it is.
    pub(crate) operation: Operation,
    /// The install that it changes.
    pub(crate) install: Option<String>,
    /// What it is done to.
    pub(crate) subject: String,
    /// What is needed to finish it.
    pub(crate) detail: Value,
    /// What it is in a sentence, when it was done and that could not be written down.
    pub(crate) what: &'static str,
}

impl Recovery {
    /// Writes down what is about to be done, does it, and writes down what became of it.
    pub(crate) fn journaled<T>(
        &self,
        job: Job,
        work: impl FnOnce(&Run) -> Result<T, RecoveryError>,
        tell: impl FnOnce(&T) -> Value,
    ) -> Result<(T, RunId), RecoveryError> {
        let run = self.journal.begin(NewRun {
            operation: job.operation,
            install: job.install,
            subject: job.subject,
            detail: job.detail,
        })?;
        carry(run, job.what, work, tell)
    }
}

/// Does what a run that has begun is for, and writes down what became of it.
pub(crate) fn carry<T>(
    run: Run,
    what: &'static str,
    work: impl FnOnce(&Run) -> Result<T, RecoveryError>,
    tell: impl FnOnce(&T) -> Value,
) -> Result<(T, RunId), RecoveryError> {
    let id = run.id().clone();
    match work(&run) {
        Ok(done) => {
            run.finish(Outcome::Done, tell(&done))
                .map_err(|source| RecoveryError::Unrecorded { what, source })?;
            Ok((done, id))
        }
        Err(error) => {
            let outcome = if error.is_inconsistent() {
                Outcome::Inconsistent
            } else {
                Outcome::Failed
            };
            // The first error is the one to tell; a run that was not ended is ended by the next
            // command.
            let _ = run.finish(outcome, json!({ "error": error.to_string() }));
            Err(error)
        }
    }
}
