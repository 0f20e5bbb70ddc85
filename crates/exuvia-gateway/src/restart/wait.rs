//! Waiting for what came of a request.

use std::time::Duration;

use exuvia_model::restart::{Millis, RequestId};
use exuvia_model::sentinel::{Delivery, Outcome, Sentinel};
use tokio::time::sleep;

use super::{Drove, RestartError, Restarts};

/// How often is looked whether there is something to tell.
const LOOK: Duration = Duration::from_millis(100);

/// What is being waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// In words.
    pub words: String,
    /// Since the waiting began.
    pub elapsed: Millis,
}

impl Restarts {
    /// Waits until everything is known of a request, driving where nobody else does, and tells
    /// what is waited for whenever that changes.
    pub async fn wait(
        &self,
        run: &RequestId,
        mut tell: impl FnMut(Progress),
    ) -> Result<Sentinel, RestartError> {
        let began = self.host.elapsed();
        let mut told = String::new();
        loop {
            let mut driving = std::pin::pin!(self.drive());
            let drove = loop {
                tokio::select! {
                    drove = &mut driving => break drove?,
                    () = sleep(LOOK) => {}
                }
                let words = self.words()?;
                if words != told {
                    let elapsed = self.host.elapsed().saturating_sub(began).into();
                    tell(Progress {
                        words: words.clone(),
                        elapsed,
                    });
                    told = words;
                }
            };
            let sentinel = self.sentinel(run)?;
            let sentinel = sentinel.ok_or_else(|| RestartError::NoRun(run.clone()))?;
            if drove == Drove::Everything || is_settled(&sentinel) {
                self.end_run(&sentinel);
                return Ok(sentinel);
            }
            sleep(LOOK).await;
        }
    }

    fn words(&self) -> Result<String, RestartError> {
        Ok(self
            .state()?
            .map(|state| state.to_string())
            .unwrap_or_default())
    }

    /// The requests of which not everything is known yet: under way, or left by a driver that was
    /// killed.
    pub fn unsettled(&self) -> Result<Vec<RequestId>, RestartError> {
        let all = self.places.sentinels(self.host.as_ref())?;
        let mut unsettled = Vec::new();
        for sentinel in all.into_iter().filter(|sentinel| !is_settled(sentinel)) {
            // An update has its own end before there is anything to tell of it.
            let is_under_way = self
                .update(&sentinel)?
                .is_some_and(|run| run.outcome.is_none());
            if !is_under_way {
                unsettled.push(sentinel.run);
            }
        }
        Ok(unsettled)
    }

    /// Whether nobody carries on what is unsettled.
    pub fn is_left_behind(&self) -> Result<bool, RestartError> {
        if self.unsettled()?.is_empty() {
            return Ok(false);
        }
        let lock = self.host.try_lock(&self.lock_file())?;
        Ok(lock.is_some())
    }
}

/// Whether nothing more will be known of it.
pub(super) fn is_settled(sentinel: &Sentinel) -> bool {
    let note = sentinel.note.as_ref().map(|note| &note.delivery);
    let is_told = !matches!(note, Some(Delivery::Owed | Delivery::Sending { .. }));
    is_told
        && matches!(
            sentinel.outcome,
            Outcome::Restarted | Outcome::Failed { .. }
        )
}
