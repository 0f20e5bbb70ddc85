//! Telling everybody how a restart ended, by what is found running.

use std::time::Duration;

use exuvia_model::restart::{Ended, Outcome, RequestId, What};
use exuvia_model::sentinel::{Running, Sentinel, complete};
use tokio::time::{Instant, sleep};

use super::driver::Heard;
use super::{RestartError, Restarts};

/// How long a gateway that has started may take to say that it is what was expected.
const PATIENCE: Duration = Duration::from_secs(10);

/// Completes the sentinel of each request, and then delivers its note. Both are done once,
/// whoever is killed in between.
pub(super) async fn settle(restarts: Restarts, ended: Ended) -> Heard {
    for run in &ended.requests {
        if let Some(sentinel) = finish(&restarts, run, &ended.outcome).await? {
            restarts.deliver(sentinel, &ended.outcome).await?;
        }
    }
    Ok(What::Settled {
        generation: ended.generation,
    })
}

async fn finish(
    restarts: &Restarts,
    run: &RequestId,
    outcome: &Outcome,
) -> Result<Option<Sentinel>, RestartError> {
    let (host, places) = (restarts.host.as_ref(), &restarts.places);
    let Some(sentinel) = places.sentinel(host, run)? else {
        // Somebody removed it; there is nobody left to tell.
        return Ok(None);
    };
    let sentinel = judge(restarts, sentinel, outcome).await;
    places.write_sentinel(host, &sentinel)?;
    restarts.end_run(&sentinel);
    Ok(Some(sentinel))
}

/// By what runs now. That the restart is over ends the waiting for anything better.
pub(super) async fn judge(restarts: &Restarts, sentinel: Sentinel, outcome: &Outcome) -> Sentinel {
    let end = Instant::now() + PATIENCE;
    let mut sentinel = sentinel;
    // What a driver before this one found stays.
    while !sentinel.outcome.is_final() {
        let found = restarts.look().await.found(restarts.host.as_ref());
        sentinel = complete(sentinel, found);
        if sentinel.outcome.is_final() {
            break;
        }
        let why = match outcome {
            Outcome::Abandoned { why } => why.clone(),
            Outcome::Restarted { .. } if !says_its_version(&sentinel) && Instant::now() < end => {
                sleep(restarts.options.pace.gateway).await;
                continue;
            }
            Outcome::Restarted { found } => match &sentinel.found {
                Some(found) => format!("{} was expected: {found}", sentinel.version_expected),
                None => format!("{found} was not found again"),
            },
        };
        let now = restarts.host.now();
        return sentinel.failed(now, &why);
    }
    sentinel
}

fn says_its_version(sentinel: &Sentinel) -> bool {
    let running = sentinel.found.as_ref().map(|found| &found.running);
    matches!(
        running,
        Some(Running::Process {
            version: Some(_),
            ..
        })
    )
}
