//! Delivering the note of a sentinel, once.

use std::time::Duration;

use exuvia_model::restart::Outcome;
use exuvia_model::sentinel::{Delivery, Outcome as Became, Seen, Sentinel};
use exuvia_openclaw::gateway::{GatewayError, Note, Target};
use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::{RestartError, Restarts};

/// How long a gateway that runs may take to let us in and take the note.
const PATIENCE: Duration = Duration::from_mins(1);
/// The same where there may be none.
const SHORT_PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(250);
/// How long what a killed process sent may be on its way into the transcript.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(3);

/// Why a note did not arrive.
enum Undelivered {
    /// It surely did not.
    Never(String),
    /// It may have.
    Perhaps(String),
}

impl Restarts {
    /// Delivers it, if it is owed; says in the sentinel what came of that.
    pub(super) async fn deliver(
        &self,
        sentinel: Sentinel,
        outcome: &Outcome,
    ) -> Result<(), RestartError> {
        let (host, places) = (self.host.as_ref(), &self.places);
        let Some((claimed, perhaps)) = self.claim(sentinel).await? else {
            return Ok(());
        };
        let patience = match outcome {
            Outcome::Restarted { .. } => PATIENCE,
            Outcome::Abandoned { .. } => SHORT_PATIENCE,
        };
        let sent = self.send(&claimed, perhaps, patience).await;
        let now = host.now();
        let settled = match sent {
            Ok(()) => claimed.note_delivered(now),
            Err(Undelivered::Never(why)) => claimed.note_impossible(now, &why),
            Err(Undelivered::Perhaps(why)) => claimed.settle_note(now, &Seen::Unknown { why }),
        };
        places.write_sentinel(host, &settled)
    }

    /// Makes the note ours to send. One that a process before us set out to send is looked for in
    /// the transcript by whoever sends it, after what that process sent has had time to arrive.
    /// Beside it, whether it may be there already.
    async fn claim(&self, sentinel: Sentinel) -> Result<Option<(Sentinel, bool)>, RestartError> {
        let host = self.host.as_ref();
        match sentinel.note.as_ref().map(|note| &note.delivery) {
            Some(Delivery::Owed) => {
                let claimed = sentinel.claim_note(host.now())?;
                self.places.write_sentinel(host, &claimed)?;
                Ok(Some((claimed, false)))
            }
            Some(Delivery::Sending { since }) => {
                let passed = host.now().duration_since(*since);
                let left = (UNDER_WAY - passed).clamp(SignedDuration::ZERO, UNDER_WAY);
                sleep(left.unsigned_abs()).await;
                Ok(Some((sentinel, true)))
            }
            Some(Delivery::Delivered { .. } | Delivery::Impossible { .. }) | None => Ok(None),
        }
    }

    /// Sends until it is there, or cannot be. Once it may have been written, it never surely was
    /// not.
    async fn send(
        &self,
        sentinel: &Sentinel,
        mut perhaps: bool,
        patience: Duration,
    ) -> Result<(), Undelivered> {
        let Some(note) = note(sentinel) else {
            return Err(Undelivered::Never("there is no session to tell".to_owned()));
        };
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let error = match self.try_send(&note, left).await {
                Ok(()) => return Ok(()),
                Err((error, may_be_written)) => {
                    perhaps |= may_be_written;
                    error
                }
            };
            if !error.is_transient() || Instant::now() + PAUSE >= end {
                let why = error.to_string();
                let is_refused = matches!(error, GatewayError::Refused { .. });
                return Err(if perhaps && !is_refused {
                    Undelivered::Perhaps(why)
                } else {
                    Undelivered::Never(why)
                });
            }
            sleep(PAUSE).await;
        }
    }

    /// The error, and whether the note may have been written all the same.
    async fn try_send(&self, note: &Note, patience: Duration) -> Result<(), (GatewayError, bool)> {
        let target = Target::find(&self.host, &self.install).map_err(|error| (error, false))?;
        let connected = target.connect_within(patience).await;
        let client = connected.map_err(|error| (error, false))?;
        let delivered = client.deliver_note(note).await;
        delivered.map(drop).map_err(|error| (error, true))
    }
}

/// As the gateway takes it. Its label is used for no other note.
fn note(sentinel: &Sentinel) -> Option<Note> {
    let note = sentinel.note.as_ref()?;
    let text = match &sentinel.outcome {
        Became::Failed { why } => format!("{}\n\nIT FAILED: {why}", note.text),
        _ => note.text.clone(),
    };
    Some(Note {
        session_key: sentinel.session.as_ref()?.as_str().to_owned(),
        label: format!("exuvia {}", sentinel.run),
        text,
    })
}
