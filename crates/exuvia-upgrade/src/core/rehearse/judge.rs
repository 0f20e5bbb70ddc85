//! What is made of what a gateway answered.

use std::time::Duration;

use exuvia_model::Version;
use exuvia_model::probe::{Answer, Builtin, Probed, Verdict, verdict};
use exuvia_model::vitals::{Aspect, Comparison, Vitals};
use serde::Deserialize;

use super::super::check::unknown;
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
        let is_unknown = matches!(verdict(&self.probes), Verdict::Unknown { .. });
        self.ready().is_some() && (is_unknown || unknown(&self.vitals).is_some())
    }

    /// Whether all that is not known is what the gateway itself was asked, and not OpenClaw's own
    /// checks.
    pub(super) fn knows_the_checks(&self) -> bool {
        let checks = [Builtin::Config, Builtin::Plugins].map(Builtin::probe);
        self.probes
            .iter()
            .filter(|probed| checks.contains(&probed.probe))
            .all(|probed| !matches!(probed.answer, Answer::Unknown { .. }))
    }

    /// The same, asked again after this; what was not asked again is as it was.
    pub(super) fn again(self, again: Self) -> Self {
        let is_asked_again = |one: &Probed| again.probes.iter().any(|new| new.probe == one.probe);
        let kept = self.probes.into_iter().filter(|one| !is_asked_again(one));
        let mut probes: Vec<Probed> = kept.collect();
        probes.extend(again.probes);
        Self {
            started_after_ms: self.started_after_ms,
            probes,
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
        // It cannot have been replaced in there while it ran, as a probe would think.
        let says = |running: &str| {
            Doubt::Fails(format!(
                "it should be {version} and says that it is {running}"
            ))
        };
        let running = self.version.running.as_deref();
        let is_right = |running: &str| running == version.to_string();
        if let Some(other) = running.filter(|running| !is_right(running)) {
            return Err(says(other));
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
        running.map(drop).ok_or_else(|| says("no version"))
    }

    /// Whether it has everything that the live one has; what is otherwise, but for the plugins that
    /// come with OpenClaw and move with it. Channels cannot be reached from in there, and it is
    /// another process.
    pub(super) fn lost_nothing(
        &self,
        before: &Vitals,
        [from, to]: [&Version; 2],
    ) -> Result<Vec<String>, Doubt> {
        let compared = Vitals::compare(before, &self.vitals);
        let matters = |aspect: Aspect| !matches!(aspect, Aspect::Channel | Aspect::Gateway);
        let compared = Comparison {
            losses: only(compared.losses, |loss| matters(loss.aspect)),
            unknown: only(compared.unknown, |unknown| matters(unknown.aspect)),
            changes: only(compared.changes, |change| matters(change.aspect)),
            gains: Vec::new(),
        };
        if !compared.is_clean() {
            let words = format!("it is {}", prove::words(&compared));
            return Err(if compared.losses.is_empty() {
                Doubt::Unknown(words)
            } else {
                Doubt::Fails(words)
            });
        }
        let moved = format!("{from} → {to}");
        let changes = compared.changes.iter();
        let told = changes.filter(|it| it.aspect != Aspect::Plugin || it.what != moved);
        Ok(told
            .take(TOLD)
            .map(|change| format!("{} {}: {}", change.aspect, change.subject, change.what))
            .collect())
    }
}

fn only<T>(all: Vec<T>, wanted: impl Fn(&T) -> bool) -> Vec<T> {
    all.into_iter().filter(wanted).collect()
}
