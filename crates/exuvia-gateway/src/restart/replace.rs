//! Seeing to it that another gateway runs.

use std::time::Duration;

use exuvia_host::process::Seen;
use exuvia_model::restart::{Generation, Manner, ProcessIdentity, What};
use tokio::time::{Instant, sleep};

use super::Restarts;
use super::driver::Heard;
use crate::keeper::{GivenUp, Places, given_up};
use crate::running::{Look, Presence, identity};

/// After how long a gateway that its supervisor has not brought up is asked for again.
const AGAIN: Duration = Duration::from_secs(5);
/// How many orders may fail, one after the other, before the try has.
const MAX_FAILED: u32 = 5;
/// Between an order that failed and the next.
const PAUSE: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) generation: Generation,
    pub(super) attempt: u32,
    pub(super) replaces: Vec<ProcessIdentity>,
    pub(super) manner: Manner,
    pub(super) within: Duration,
}

/// How things stand.
enum Standing {
    /// Another gateway runs and says that it has started.
    Done(ProcessIdentity),
    /// Another one is on its way.
    Starting(ProcessIdentity),
    /// One that must end still runs.
    Old(Box<Seen>),
    Nothing,
    Unknown(String),
}

/// Has the gateway replaced, unless it is already, and waits until the new one has started.
pub(super) async fn replace(restarts: Restarts, order: Order) -> Heard {
    let (generation, attempt) = (order.generation, order.attempt);
    Ok(match run(&restarts, &order).await {
        Ok(found) => What::Restarted { generation, found },
        Err(why) => What::NotRestarted {
            generation,
            attempt,
            why,
        },
    })
}

async fn run(restarts: &Restarts, order: &Order) -> Result<ProcessIdentity, String> {
    let end = Instant::now() + order.within;
    let mut ordered: Option<Instant> = None;
    let mut failed = 0;
    let before = restarts.given_up();
    loop {
        let standing = stand(&restarts.look().await, &order.replaces);
        let now = Instant::now();
        let is_late = ordered.is_none_or(|at| now >= at + AGAIN);
        let asked = match &standing {
            Standing::Done(found) => return Ok(found.clone()),
            Standing::Old(seen) if ordered.is_none() => {
                Some(act(restarts, order, Some(seen)).await)
            }
            Standing::Nothing if restarts.given_up() != before => {
                return Err(standing.why_not(restarts));
            }
            Standing::Nothing if is_late => Some(act(restarts, order, None).await),
            _ => None,
        };
        match asked {
            Some(Ok(())) => {
                ordered = Some(Instant::now());
                failed = 0;
            }
            Some(Err(why)) => {
                failed += 1;
                if failed >= MAX_FAILED || Instant::now() + PAUSE >= end {
                    return Err(why);
                }
                sleep(PAUSE).await;
            }
            None => {}
        }
        if Instant::now() >= end {
            return Err(standing.why_not(restarts));
        }
        sleep(restarts.options.pace.gateway).await;
    }
}

/// Tells the supervisor. Whoever that is may have died meanwhile, so it is looked up each time.
async fn act(restarts: &Restarts, order: &Order, old: Option<&Seen>) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let overseer = restarts.overseer_in_charge().await.map_err(|e| told(&e))?;
    let done = match old {
        Some(old) => overseer.restart(order.manner, old, order.within).await,
        None => overseer.start(order.within).await,
    };
    done.map_err(|error| told(&error))
}

fn stand(look: &Look, replaces: &[ProcessIdentity]) -> Standing {
    match &look.presence {
        Presence::Nothing => Standing::Nothing,
        Presence::Unknown { why } => Standing::Unknown(why.clone()),
        Presence::Runs(seen) => {
            let found = identity(&seen.id);
            match (found.is_none_of(replaces), look.has_started) {
                (false, _) => Standing::Old(seen.clone()),
                (true, false) => Standing::Starting(found),
                (true, true) => Standing::Done(found),
            }
        }
    }
}

impl Restarts {
    /// How the last gateway ended, if its keeper gave up on it.
    fn given_up(&self) -> Option<GivenUp> {
        let places = Places::of(&self.home, &self.install);
        given_up(self.host.as_ref(), &places.record())
    }
}

impl Standing {
    fn why_not(&self, restarts: &Restarts) -> String {
        match self {
            Self::Done(found) | Self::Starting(found) => {
                format!("{found} runs and did not say in time that it has started")
            }
            Self::Old(seen) => format!("the old gateway, process {}, still runs", seen.id.pid),
            Self::Nothing => match restarts.given_up() {
                Some(end) => format!("no gateway runs: {end}"),
                None => "no gateway runs".to_owned(),
            },
            Self::Unknown(why) => format!("whether a gateway runs could not be told: {why}"),
        }
    }
}
