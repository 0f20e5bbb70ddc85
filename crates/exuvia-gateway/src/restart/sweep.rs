//! Sentinels whose requests were never made.

use exuvia_model::restart::State;
use exuvia_model::sentinel::Sentinel;

use super::wait::is_settled;
use super::{RestartError, Restarts};

const WHY: &str = "whoever asked was killed before the request was made; nothing was restarted";

impl Restarts {
    /// Completes what a process left that was killed between a sentinel and its request, and what
    /// is about an update that has ended. Only whoever drives may: requests that are under way are
    /// known by the state then.
    pub(super) async fn sweep(&self) -> Result<(), RestartError> {
        for sentinel in self.places.sentinels(self.host.as_ref())? {
            if !is_settled(&sentinel)
                && let Some(run) = self.update(&sentinel)?
            {
                self.settle_update(sentinel, &run).await?;
            }
        }
        self.sweep_requests()
    }

    fn sweep_requests(&self) -> Result<(), RestartError> {
        let (host, places) = (self.host.as_ref(), &self.places);
        let Some(_nobody_asks) = host.try_lock(&places.asking_lock())? else {
            return Ok(());
        };
        let (state, inbox) = (self.state()?, places.inbox(host)?);
        for sentinel in places.sentinels(host)? {
            let is_known = state.as_ref().is_some_and(|state| knows(state, &sentinel));
            if sentinel.outcome.is_final() || is_known || inbox.contains(&sentinel.run) {
                continue;
            }
            if self.update(&sentinel)?.is_some() {
                continue;
            }
            let sentinel = sentinel
                .failed(host.now(), WHY)
                .note_impossible(host.now(), WHY);
            places.write_sentinel(host, &sentinel)?;
            self.end_run(&sentinel);
        }
        Ok(())
    }
}

/// A driver at rest has no request under way, so those that ended are all that it knows.
fn knows(state: &State, sentinel: &Sentinel) -> bool {
    let mut ended = state.ended().iter();
    ended.any(|ended| ended.requests.contains(&sentinel.run))
}
