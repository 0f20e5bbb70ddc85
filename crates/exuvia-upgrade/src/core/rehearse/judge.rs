//! What is made of what a gateway answered.

use std::time::Duration;

use exuvia_model::Version;
use exuvia_model::probe::{Answer, Probed, Verdict, verdict};
use exuvia_model::vitals::{Aspect, Comparison, Vitals};
use serde::Deserialize;

use super::super::prove;
use super::ask::TURN;

/// How many changes are told.
const TOLD: usize = 20;

/// What `exuvia status --json --vitals` says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    probes: Vec<Probed>,
    pub(super) vitals: Vitals,
    version: Versions,
    /// How long it was waited until the gateway was ready; nothing when it did not get there.
    started_after_ms: Option<u64>,
}

/// Why it is not known to work.
pub(super) enum Doubt {
    /// It does not.
    Fails(String),
    /// It takes too long: that may be the machine's fault.
    Late(String),
    /// Nobody can tell.
    Unknown(String),
}

#[derive(Debug, Deserialize)]
struct Versions {
    running: Option<String>,
}

impl Seen {
    /// How long after it was asked the gateway was ready, if it was.
    pub(super) fn ready(&self) -> Option<Duration> {
        self.started_after_ms.map(Duration::from_millis)
    }

    /// What came of the turn of an agent: nothing where none was taken.
    pub(super) fn turn(&self) -> Option<Result<Duration, String>> {
        let turn = self
            .probes
            .iter()
            .find(|probed| probed.probe.name == TURN.into())?;
        Some(match &turn.answer {
            Answer::Pass => Ok(turn.took.into()),
            Answer::Fail { why, .. } | Answer::Unknown { why } => Err(why.clone()),
        })
    }

    /// Whether it is ready, and gave too few answers to tell whether it works: a machine that does
    /// much else is slow to answer.
    pub(super) fn says_too_little(&self) -> bool {
        self.ready().is_some() && matches!(verdict(&self.probes), Verdict::Unknown { .. })
    }

    /// The same, asked again after this.
    pub(super) fn again(self, again: Self) -> Self {
        Self {
            started_after_ms: self.started_after_ms,
            ..again
        }
    }

    /// Whether it is ready, works, and is the version that it should be. What is not known is
    /// nobody's fault.
    pub(super) fn works(&self, version: &Version, patience: Duration) -> Result<(), Doubt> {
        if self.ready().is_none() {
            let words = format!("it was not ready within {} s", patience.as_secs());
            return Err(Doubt::Late(words));
        }
        match verdict(&self.probes) {
            Verdict::Healthy | Verdict::Degraded { .. } => {}
            unknown @ Verdict::Unknown { .. } => {
                return Err(Doubt::Unknown(format!(
                    "it is {unknown}; try again when the machine does less"
                )));
            }
            bad @ Verdict::Broken { .. } => {
                return Err(Doubt::Fails(format!("it does not work: {bad}")));
            }
        }
        let running = self.version.running.as_deref().unwrap_or("no version");
        if running == version.to_string() {
            return Ok(());
        }
        let words = format!("it should be {version} and says that it is {running}");
        Err(Doubt::Fails(words))
    }

    /// Whether it has everything that the live one has; what is otherwise. Channels cannot be
    /// reached from in there, and it is another process.
    pub(super) fn lost_nothing(&self, before: &Vitals) -> Result<Vec<String>, String> {
        let compared = Vitals::compare(before, &self.vitals);
        let matters = |aspect: Aspect| !matches!(aspect, Aspect::Channel | Aspect::Gateway);
        let compared = Comparison {
            losses: only(compared.losses, |loss| matters(loss.aspect)),
            unknown: only(compared.unknown, |unknown| matters(unknown.aspect)),
            changes: only(compared.changes, |change| matters(change.aspect)),
            gains: Vec::new(),
        };
        if !compared.is_clean() {
            return Err(format!("it is {}", prove::words(&compared)));
        }
        let changes = compared.changes.iter().take(TOLD);
        Ok(changes
            .map(|change| format!("{} {}: {}", change.aspect, change.subject, change.what))
            .collect())
    }
}

fn only<T>(all: Vec<T>, wanted: impl Fn(&T) -> bool) -> Vec<T> {
    all.into_iter().filter(wanted).collect()
}
