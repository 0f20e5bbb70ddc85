//! What follows from the answers together.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answer, Need, Probe, Probed};

/// What a set of answers comes to. The names of the probes are those that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "verdict",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Verdict {
    /// Every probe passed.
    Healthy,
    /// Every required probe passed; a wanted one did not.
    Degraded {
        /// The wanted ones that did not pass.
        probes: Vec<Probed>,
    },
    /// No required probe failed, but not all of them are known to pass.
    Unknown {
        /// The required ones that gave no answer; empty when none was asked.
        probes: Vec<Probed>,
    },
    /// A required probe failed.
    Broken {
        /// Every required one that failed, and then those that gave no answer.
        probes: Vec<Probed>,
    },
}

impl Verdict {
    /// Whether the gateway works: every required probe passed.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded { .. })
    }

    /// What it rests on.
    pub fn probes(&self) -> &[Probed] {
        match self {
            Self::Healthy => &[],
            Self::Degraded { probes } | Self::Unknown { probes } | Self::Broken { probes } => {
                probes
            }
        }
    }
}

/// What the answers come to. Where no required probe was asked, nothing is known.
pub fn verdict(probed: &[Probed]) -> Verdict {
    let those = |need: Need, wanted: fn(&Answer) -> bool| {
        let matching = probed
            .iter()
            .filter(move |one| one.probe.need == need && wanted(&one.answer));
        matching.cloned().collect::<Vec<_>>()
    };
    let failed = those(Need::Required, |answer| {
        matches!(answer, Answer::Fail { .. })
    });
    let unknown = those(Need::Required, |answer| {
        matches!(answer, Answer::Unknown { .. })
    });
    let missed = those(Need::Wanted, |answer| *answer != Answer::Pass);
    let any_required = probed.iter().any(|one| one.probe.need == Need::Required);
    if !failed.is_empty() {
        Verdict::Broken {
            probes: [failed, unknown].concat(),
        }
    } else if !unknown.is_empty() || !any_required {
        Verdict::Unknown { probes: unknown }
    } else if !missed.is_empty() {
        Verdict::Degraded { probes: missed }
    } else {
        Verdict::Healthy
    }
}

/// The answers, with an unknown one for every probe of the gate that was not asked: what is left
/// out is not passed.
#[must_use]
pub fn against_gate(gate: &[Probe], mut probed: Vec<Probed>) -> Vec<Probed> {
    for probe in gate {
        if !probed.iter().any(|one| one.probe.name == probe.name) {
            probed.push(Probed::not_asked(probe.clone()));
        }
    }
    probed
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healthy => f.write_str("healthy"),
            Self::Degraded { .. } => f.write_str("works, but somebody should look"),
            Self::Unknown { probes } if probes.is_empty() => {
                f.write_str("not known: no required probe was asked")
            }
            Self::Unknown { .. } => f.write_str("not known to work"),
            Self::Broken { .. } => f.write_str("DOES NOT WORK"),
        }?;
        for probed in self.probes() {
            write!(f, "\n  {probed}")?;
        }
        Ok(())
    }
}
