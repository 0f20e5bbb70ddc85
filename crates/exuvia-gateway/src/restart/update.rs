//! Updates that somebody asked for and does not wait for: what came of them, and telling who asked.
//!
//! The update itself is a run of the journal, carried out elsewhere. A sentinel is kept beside it as
//! beside a restart, before anything of it is done; whoever drives next after the run has ended
//! completes the sentinel, by what is found running, and delivers its note.

use exuvia_model::Version;
use exuvia_model::journal::{Operation, Outcome as RunOutcome, RunId, RunRecord};
use exuvia_model::restart::{Kind, Outcome, Request, RequestId, SessionKey};
use exuvia_model::sentinel::{Before, Note, Sentinel};
use exuvia_store::journal::{Journal, JournalError};
use jiff::Timestamp;

use super::settle::judge;
use super::wait::is_settled;
use super::{RestartError, Restarts};
use crate::running::identity;

/// Who asks for an update, and for what.
#[derive(Debug, Clone)]
pub struct AskedUpdate {
    /// Why.
    pub reason: String,
    /// Who asks.
    pub actor: String,
    /// The session that asks.
    pub session: Option<SessionKey>,
    /// What that session is told afterwards.
    pub note: Option<Note>,
    /// The version that must run afterwards.
    pub expected: Version,
}

impl Restarts {
    /// Keeps who asked for the update that is a run of the journal. Its session is told how it
    /// ended, whoever ends it.
    pub async fn expect(&self, run: &RunId, asked: AskedUpdate) -> Result<RequestId, RestartError> {
        let id = named(run)?;
        let look = self.look().await;
        let process = look.presence.process();
        let request = Request {
            session: asked.session,
            replaces: process.map(|seen| identity(&seen.id)),
            ..Request::new(id.clone(), Kind::Upgrade, &asked.reason, &asked.actor)
        };
        let before = Before {
            version: look.version.clone(),
            expected: asked.expected,
            asked_at: self.host.now(),
            // It is the run's end that ends the waiting.
            give_up_at: Timestamp::MAX,
        };
        let host = self.host.as_ref();
        self.places.prepare(host)?;
        let _asking = self.lock_asking().await?;
        let sentinel = Sentinel::new(&request, before, asked.note);
        self.places.write_sentinel(host, &sentinel)?;
        Ok(id)
    }

    /// The run of an update that a sentinel is about; none where it is about a restart.
    pub(super) fn update(&self, sentinel: &Sentinel) -> Result<Option<RunRecord>, RestartError> {
        let Some(journal) = Journal::open_existing(self.host.clone(), &self.home)? else {
            return Ok(None);
        };
        match journal.run(sentinel.run.as_str()) {
            Ok(run) => Ok((run.operation == Operation::Upgrade).then_some(run)),
            Err(JournalError::NoRun(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Says what came of an update whose run has ended, and tells who asked.
    pub(super) async fn settle_update(
        &self,
        sentinel: Sentinel,
        run: &RunRecord,
    ) -> Result<(), RestartError> {
        let Some(ended) = run.outcome.filter(|_| !is_settled(&sentinel)) else {
            return Ok(());
        };
        let outcome = self.outcome(ended, run).await;
        let sentinel = judge(self, sentinel, &outcome).await;
        self.places.write_sentinel(self.host.as_ref(), &sentinel)?;
        self.deliver(sentinel, &outcome).await
    }

    async fn outcome(&self, ended: RunOutcome, run: &RunRecord) -> Outcome {
        if ended == RunOutcome::Done
            && let Some(seen) = self.look().await.presence.process()
        {
            return Outcome::Restarted {
                found: identity(&seen.id),
            };
        }
        let why = run.error.as_deref().unwrap_or("no gateway runs");
        Outcome::Abandoned {
            why: format!("{why} (`exuvia history {}` tells more)", run.id),
        }
    }
}

/// As requests are named.
fn named(run: &RunId) -> Result<RequestId, RestartError> {
    let named = run.as_str().parse();
    named.map_err(|_| JournalError::NoRun(run.to_string()).into())
}
