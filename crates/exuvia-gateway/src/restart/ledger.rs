//! What the journal is told of restarts.
//!
//! A run is begun by the process that asks and ended by the one that settles it. In between the
//! sentinel is what counts; so a journal that cannot be written keeps nobody from restarting.

use exuvia_model::journal::{Operation, Outcome, RunId};
use exuvia_model::restart::RequestId;
use exuvia_model::sentinel::{Outcome as Became, Sentinel};
use exuvia_store::journal::{Journal, JournalError, NewRun};
use serde_json::json;

use super::{Ask, RestartError, Restarts};

impl Restarts {
    /// Begins the run that a request is named after.
    pub(super) fn begin_run(&self, ask: &Ask) -> Result<RequestId, RestartError> {
        let journal = Journal::open(self.host.clone(), &self.home)?;
        let run = journal.begin(NewRun {
            operation: Operation::Restart,
            install: Some(self.install.id()),
            subject: format!("{}: {}", ask.kind, ask.reason),
            detail: json!({ "expected": ask.expected, "force": ask.force }),
        })?;
        let id = run.id().as_str().parse();
        id.map_err(|_| JournalError::NoRun(run.id().to_string()).into())
    }

    /// Makes the run this process's, so that nobody takes it for one that was cut short.
    pub(super) fn take_run(&self, id: &RequestId) {
        // One that its own process still carries stays so; that is heard of again at its end.
        let _ = self.with_run(id, |journal, run| journal.resume(run).map(drop));
    }

    /// Ends the run by what its sentinel says.
    pub(super) fn end_run(&self, sentinel: &Sentinel) {
        let detail = json!({ "became": sentinel.outcome, "found": sentinel.found });
        let outcome = match &sentinel.outcome {
            Became::Restarted => Outcome::Done,
            _ => Outcome::Failed,
        };
        let error = match &sentinel.outcome {
            Became::Failed { why } => Some(why.clone()),
            _ => None,
        };
        let detail = match error {
            Some(error) => json!({ "error": error, "restart": detail }),
            None => detail,
        };
        // The sentinel has it; one that another process carries is ended by that one.
        let _ = self.with_run(&sentinel.run, |journal, run| {
            journal.close(run, outcome, detail.clone())
        });
    }

    fn with_run(
        &self,
        id: &RequestId,
        work: impl Fn(&Journal, &RunId) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let (Ok(run), Some(journal)) = (
            id.as_str().parse(),
            Journal::open_existing(self.host.clone(), &self.home)?,
        ) else {
            return Ok(());
        };
        work(&journal, &run)
    }
}
