//! Starting and stopping the gateway, where nothing is to be carried through its death.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{RestartError, Restarts};
use crate::running::{Look, Presence};

impl Restarts {
    /// Has the gateway started by whoever keeps it, who is started again themselves where they have
    /// died, and waits until it says that it has. One that runs is left as it is.
    pub async fn start(&self, within: Duration) -> Result<Look, RestartError> {
        let end = Instant::now() + within;
        self.overseer_in_charge().await?.start(within).await?;
        loop {
            let look = self.look().await;
            if look.has_started {
                return Ok(look);
            }
            if Instant::now() >= end {
                let what = match &look.presence {
                    Presence::Runs(seen) => format!(
                        "process {} runs and did not say in time that it has started",
                        seen.id.pid
                    ),
                    Presence::Nothing => "no gateway runs".to_owned(),
                    Presence::Unknown { why } => why.clone(),
                };
                return Err(RestartError::NotStarted { what });
            }
            sleep(self.options.pace.gateway).await;
        }
    }

    /// Has the gateway stopped by whoever keeps it, and kept stopped.
    pub async fn stop(&self, within: Duration) -> Result<(), RestartError> {
        Ok(self.overseer().await?.stop(within).await?)
    }
}
