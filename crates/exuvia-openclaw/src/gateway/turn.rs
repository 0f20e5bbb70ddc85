//! Having an agent take a turn.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{TurnBegun, TurnEnd};
use super::client::Client;
use super::error::GatewayError;

/// How long one `agent.wait` waits, so that a gateway that hangs is noticed.
const STRETCH: Duration = Duration::from_secs(20);
/// How long the answer may take beyond that.
const GRACE: Duration = Duration::from_secs(10);

/// A turn to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// In which session.
    pub session_key: String,
    /// What is said.
    pub message: String,
    /// Keeps it from being said twice: the same key never makes a second message in the transcript,
    /// not even after a restart. The model may be asked again.
    pub idempotency_key: String,
}

impl Client {
    /// Begins a turn (`agent`). It goes on when the connection ends.
    pub async fn begin_turn(&self, turn: &Turn) -> Result<TurnBegun, GatewayError> {
        let params = json!({
            "sessionKey": turn.session_key,
            "message": turn.message,
            "idempotencyKey": turn.idempotency_key,
        });
        self.ask("agent", params).await
    }

    /// Waits until a turn has ended (`agent.wait`), or `deadline` is over: then
    /// [`TurnEnd::has_ended`] is false. A gateway that was restarted knows nothing of turns before,
    /// and says the same.
    pub async fn wait_for_turn(
        &self,
        run_id: &str,
        deadline: Duration,
    ) -> Result<TurnEnd, GatewayError> {
        let end = Instant::now() + deadline;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let stretch = left.min(STRETCH);
            let params = json!({ "runId": run_id, "timeoutMs": millis(stretch) });
            let ended: TurnEnd = self
                .ask_within("agent.wait", params, stretch + GRACE)
                .await?;
            if ended.has_ended() || Instant::now() >= end {
                return Ok(ended);
            }
        }
    }

    /// Takes a turn and waits for its end.
    pub async fn take_turn(
        &self,
        turn: &Turn,
        deadline: Duration,
    ) -> Result<TurnEnd, GatewayError> {
        let begun = self.begin_turn(turn).await?;
        let run_id = begun.run_id.as_deref().unwrap_or(&turn.idempotency_key);
        self.wait_for_turn(run_id, deadline).await
    }
}

fn millis(duration: Duration) -> Value {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .into()
}
