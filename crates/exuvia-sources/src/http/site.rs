//! One host: how many ask it at once, and whether it still answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::SourceError;

/// A host that gave no answer at all this often in a row is not asked again in this run, so that
/// a thousand assets do not wait for a dead registry one after the other.
const ENOUGH_SILENCE: u32 = 3;
/// Broken answers are about one asset more often than about the host, so it takes more of them.
const ENOUGH_FAILURES: u32 = 24;

pub(super) struct Site {
    slots: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    silent: u32,
    failed: u32,
    last: Option<SourceError>,
    /// In the host's `elapsed` time.
    quiet_until: Option<Duration>,
}

impl Site {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: Semaphore::new(slots),
            state: Mutex::new(State::default()),
        }
    }

    /// Waits for a turn.
    pub(super) async fn enter(&self, url: &str) -> Result<SemaphorePermit<'_>, SourceError> {
        // Nobody closes it; if somebody did, that would be an answer too.
        self.slots
            .acquire()
            .await
            .map_err(|_| SourceError::Unreachable {
                url: url.to_owned(),
                reason: "nothing is asked any more".to_owned(),
            })
    }

    /// Fails where the host was given up.
    pub(super) fn still_asked(&self, url: &str) -> Result<(), SourceError> {
        let state = self.state();
        if state.silent < ENOUGH_SILENCE && state.failed < ENOUGH_FAILURES {
            return Ok(());
        }
        let url = url.to_owned();
        Err(match &state.last {
            Some(SourceError::RateLimited { retry_after, .. }) => SourceError::RateLimited {
                url,
                retry_after: *retry_after,
            },
            last => SourceError::Unreachable {
                url,
                reason: format!(
                    "not asked, since its host failed before: {}",
                    reason(last.as_ref())
                ),
            },
        })
    }

    /// How long the host wants to be left alone.
    pub(super) fn quiet_for(&self, now: Duration) -> Option<Duration> {
        let until = self.state().quiet_until?;
        until.checked_sub(now).filter(|left| !left.is_zero())
    }

    pub(super) fn be_quiet_until(&self, until: Duration) {
        let mut state = self.state();
        state.quiet_until = state.quiet_until.max(Some(until));
    }

    pub(super) fn answered(&self) {
        let mut state = self.state();
        (state.silent, state.failed) = (0, 0);
    }

    /// Notes that a question to this host was given up.
    pub(super) fn gave_up(&self, error: &SourceError) {
        let mut state = self.state();
        match error {
            SourceError::Unreachable { .. }
            | SourceError::TimedOut { .. }
            | SourceError::RateLimited { .. } => state.silent += 1,
            SourceError::Status { status: 500.., .. } => state.failed += 1,
            // It answered; that the answer is of no use says nothing of the next one.
            _ => {
                (state.silent, state.failed) = (0, 0);
                return;
            }
        }
        state.last = Some(error.clone());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason without the other asset's address.
fn reason(error: Option<&SourceError>) -> String {
    match error {
        Some(SourceError::Unreachable { reason, .. }) => reason.clone(),
        Some(SourceError::TimedOut { after, .. }) => {
            format!("no answer within {} s", after.as_secs_f32())
        }
        Some(SourceError::Status { status, .. }) => format!("HTTP status {status}"),
        _ => "no answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> SourceError {
        SourceError::Unreachable {
            url: "http://a/".to_owned(),
            reason: "connection refused".to_owned(),
        }
    }

    #[test]
    fn a_host_that_is_silent_three_times_is_given_up_and_an_answer_forgives() {
        let site = Site::new(2);
        site.gave_up(&refused());
        site.gave_up(&refused());
        site.answered();
        site.gave_up(&refused());
        site.gave_up(&refused());
        assert!(site.still_asked("http://a/x").is_ok());
        site.gave_up(&refused());
        let error = site.still_asked("http://a/x").unwrap_err();
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert!(error.to_string().contains("http://a/x"), "{error}");
    }

    #[test]
    fn the_longest_wish_for_quiet_holds() {
        let site = Site::new(1);
        let seconds = Duration::from_secs;
        site.be_quiet_until(seconds(9));
        site.be_quiet_until(seconds(5));
        assert_eq!(site.quiet_for(seconds(2)), Some(seconds(7)));
        assert_eq!(site.quiet_for(seconds(9)), None);
    }
}
