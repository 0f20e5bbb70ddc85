//! What to do about what does not work, the cause before its consequences.

use exuvia_model::probe::{Answer, Builtin, Need, ProbeName, Probed};
use serde::Serialize;

use super::words::{CONFIG, FOREIGN, PACKAGE};

/// One thing to do, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// The probes that failed of this.
    pub probes: Vec<ProbeName>,
    /// Whether the gateway cannot do without one of them.
    pub need: Need,
    /// What was seen, each thing once.
    pub why: Vec<String>,
    /// What to do.
    pub remedy: String,
}

/// What to do, in the order in which to do it. Failures with the same remedy have the same cause
/// and are told of once.
pub fn advice(probed: &[Probed]) -> Vec<Advice> {
    let mut all: Vec<Advice> = Vec::new();
    for one in probed {
        let Answer::Fail { why, remedy } = &one.answer else {
            continue;
        };
        let name = one.probe.name.clone();
        let Some(known) = all.iter_mut().find(|advice| advice.remedy == *remedy) else {
            all.push(Advice {
                probes: vec![name],
                need: one.probe.need,
                why: vec![why.clone()],
                remedy: remedy.clone(),
            });
            continue;
        };
        known.probes.push(name);
        known.need = known.need.min(one.probe.need);
        if !known.why.contains(why) {
            known.why.push(why.clone());
        }
    }
    all.sort_by_key(|advice| (advice.need, urgency(advice)));
    all
}

/// What keeps everything after it from helping comes first: no gateway starts from a package that is
/// gone, with a configuration that is invalid, or on a port that is taken.
fn urgency(advice: &Advice) -> usize {
    match advice.remedy.as_str() {
        PACKAGE => 0,
        CONFIG => 1,
        FOREIGN => 2,
        _ => {
            let name = advice.probes.first();
            let place = Builtin::ALL
                .iter()
                .position(|builtin| name == Some(&builtin.name().into()));
            3 + place.unwrap_or(Builtin::ALL.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use exuvia_model::restart::Millis;

    use super::super::words::START;
    use super::*;

    fn failed(builtin: Builtin, why: &str, remedy: &str) -> Probed {
        Probed::new(builtin.probe(), Answer::fail(why, remedy), Millis::ZERO)
    }

    #[test]
    fn the_cause_comes_before_its_consequences_and_is_told_once() {
        let probed = [
            failed(Builtin::Process, "none runs", START),
            failed(Builtin::Ready, "nothing answers", START),
            failed(Builtin::Version, "nothing answers", START),
            failed(Builtin::Channels, "telegram: off", "look"),
            failed(Builtin::Config, "invalid", CONFIG),
            Probed::not_asked(Builtin::Plugins.probe()),
        ];
        let advice = advice(&probed);
        let told: Vec<_> = advice
            .iter()
            .map(|one| (one.probes.len(), one.why.len(), one.remedy.as_str()))
            .collect();
        assert_eq!(told, [(1, 1, CONFIG), (3, 2, START), (1, 1, "look")]);
    }
}
