//! What work the gateway has.

use std::time::Duration;

use exuvia_model::restart::{Generation, What, Work};
use exuvia_openclaw::gateway::answer::RestartReadiness;
use exuvia_openclaw::gateway::{Client, GatewayError, Target};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::Restarts;
use super::driver::Heard;
use crate::running::Presence;

const PATIENCE: Duration = Duration::from_secs(10);

/// Tells what work is pending, now and whenever it changes.
pub(super) async fn watch(
    restarts: Restarts,
    generation: Generation,
    tell: UnboundedSender<Heard>,
) {
    let mut told = None;
    let mut client = None;
    loop {
        let work = look(&restarts, &mut client).await;
        if told.as_ref() != Some(&work) {
            let what = What::Work {
                generation,
                work: work.clone(),
            };
            if tell.send(Ok(what)).is_err() {
                return;
            }
            told = Some(work);
        }
        sleep(restarts.options.pace.work).await;
    }
}

async fn look(restarts: &Restarts, client: &mut Option<Client>) -> Work {
    if matches!(restarts.presence(), Presence::Nothing) {
        return Work::None;
    }
    match ask(restarts, client).await {
        Ok(readiness) => work(&readiness),
        Err(error) => {
            *client = None;
            Work::Unknown {
                why: error.to_string(),
            }
        }
    }
}

async fn ask(
    restarts: &Restarts,
    client: &mut Option<Client>,
) -> Result<RestartReadiness, GatewayError> {
    let asked = match client.take() {
        Some(client) => client,
        None => Target::find(&restarts.host, &restarts.install)?
            .connect(PATIENCE)
            .await?
            .with_patience(PATIENCE),
    };
    client.insert(asked).restart_readiness().await
}

/// Only a gateway that says so has nothing to do.
fn work(readiness: &RestartReadiness) -> Work {
    match readiness.safe {
        Some(true) => Work::None,
        Some(false) => Work::Pending {
            count: readiness.active().unwrap_or(1).max(1),
        },
        None => Work::Unknown {
            why: "the gateway does not say whether a restart is safe".to_owned(),
        },
    }
}
