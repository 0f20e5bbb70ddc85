//! A look as a screen.

use std::time::Duration;

use exuvia_model::probe::{Answer, Need, Probed, Verdict};
use exuvia_model::restart::Restartability;
use exuvia_model::vitals::{Part, PluginStatus, Vitals};

use super::Look;
use crate::render::{self, Facts, Ink, Sheet};

/// Where what is said of a probe begins.
const NAME: usize = 12;
const TOOK: usize = 8;

pub(super) fn screen(look: &Look, vitals: bool, sheet: &Sheet) -> String {
    let mut parts = vec![facts(look, sheet), probes(look, sheet)];
    if vitals {
        parts.push(sheet.prose(contents(&look.vitals, sheet)));
    }
    parts.push(verdict(look, sheet));
    parts.join("\n\n")
}

fn facts(look: &Look, sheet: &Sheet) -> String {
    let mut facts = Facts::default();
    facts.add("Gateway", versions(look, sheet));
    facts.add_some("Process", process(look));
    facts.add_some("Address", look.address().map(|address| address.to_string()));
    facts.add("Kept by", keeper(look, sheet));
    facts.add("Install", sheet.path(&look.install.state_dir));
    if look.counts().iter().any(|(_, count)| count.is_some()) {
        let counts = look.counts().map(|(one, count)| match count {
            Some(count) => render::count(count as u64, one),
            None => format!("{one}s not known"),
        });
        facts.add("Has", counts.join(", "));
    }
    sheet.prose(facts.draw(sheet))
}

fn versions(look: &Look, sheet: &Sheet) -> String {
    let installed = match look.installed_version() {
        Some(version) => render::line(&version),
        None => sheet.ink(Ink::Bad, "no package"),
    };
    match look.running_version() {
        Some(running) if running == installed => {
            format!("OpenClaw {}", sheet.ink(Ink::Strong, running))
        }
        Some(running) => format!(
            "OpenClaw {} runs, {installed} is installed",
            sheet.ink(Ink::Bad, render::line(&running))
        ),
        None => format!("OpenClaw {installed} is installed; which version runs is not known"),
    }
}

fn process(look: &Look) -> Option<String> {
    let process = look.examination.process.as_ref()?;
    let memory = render::bytes(process.seen.resident);
    let pid = process.seen.id.pid;
    Some(match process.age {
        Some(age) => format!("{pid}, up {}, {memory}", up(age)),
        None => format!("{pid}, {memory}"),
    })
}

/// Who starts it again when it ends.
fn keeper(look: &Look, sheet: &Sheet) -> String {
    match &look.supervisor {
        Restartability::By { supervisor } => supervisor.to_string(),
        Restartability::Nobody { why, .. } => {
            let words = format!("nobody: {}", render::line(why));
            sheet.ink(Ink::Attention, words)
        }
        Restartability::Unknown { why, .. } => format!("not known: {}", render::line(why)),
    }
}

/// How long it has run: `45 s`, `12 min`, `3 h 20 min`, `4 d 2 h`.
fn up(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    let hours = minutes / 60;
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} d {} h", hours / 24, hours % 24),
    }
}

fn probes(look: &Look, sheet: &Sheet) -> String {
    let probed = &look.examination.probed;
    let lines = probed.iter().enumerate().map(|(number, one)| {
        let words = answer(one);
        let before = probed.iter().take(number);
        let is_new = words.is_none() || before.map(answer).all(|other| other != words);
        let words = if is_new {
            words
        } else {
            Some("the same".to_owned())
        };
        line(one, words, sheet)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `✖ status       0.02 s  the gateway is suspended`, broken under its words.
fn line(one: &Probed, words: Option<String>, sheet: &Sheet) -> String {
    let name = render::line(&one.probe.name.to_string());
    let took = render::took(Duration::from_millis(one.took.get()));
    let head = format!("{} {name:NAME$} {took:>TOOK$}", mark(one, sheet));
    let indent = NAME + TOOK + 5;
    let words = match words {
        Some(words) => words,
        None if one.probe.need == Need::Wanted => sheet.ink(Ink::Dim, "(wanted)"),
        None => return head,
    };
    let Some(room) = sheet.width.map(|width| width.saturating_sub(indent)) else {
        return format!("{head}  {words}");
    };
    let wrapped = render::wrap(&words, room.max(20));
    let mut lines = wrapped.lines().map(str::trim_start);
    let first = format!("{head}  {}", lines.next().unwrap_or_default());
    lines.fold(first, |text, line| {
        format!("{text}\n{}{line}", " ".repeat(indent))
    })
}

fn mark(one: &Probed, sheet: &Sheet) -> String {
    let (mark, ink) = match (&one.answer, one.probe.need) {
        (Answer::Pass, _) => ("✔", Ink::Good),
        (Answer::Fail { .. }, Need::Required) => ("✖", Ink::Bad),
        (Answer::Fail { .. }, Need::Wanted) => ("✖", Ink::Attention),
        (Answer::Unknown { .. }, _) => ("?", Ink::Attention),
    };
    sheet.ink(ink, mark)
}

/// What a probe that did not pass says.
pub(crate) fn answer(one: &Probed) -> Option<String> {
    let words = match &one.answer {
        Answer::Pass => return None,
        Answer::Fail { why, .. } => render::line(why),
        Answer::Unknown { why } => format!("not known: {}", render::line(why)),
    };
    Some(match one.probe.need {
        Need::Required => words,
        Need::Wanted => format!("(wanted) {words}"),
    })
}

fn verdict(look: &Look, sheet: &Sheet) -> String {
    let headline = headline(look, sheet);
    let text = match look.verdict {
        Verdict::Healthy => headline,
        _ => format!(
            "{headline}; {} says what to do",
            sheet.typed("exuvia doctor")
        ),
    };
    sheet.prose(text)
}

/// The verdict in a line.
pub(crate) fn headline(look: &Look, sheet: &Sheet) -> String {
    let probed = &look.examination.probed;
    let required = probed.iter().filter(|one| one.probe.need == Need::Required);
    let (required, not_passed) = (required.count(), look.verdict.probes().len());
    match look.verdict {
        Verdict::Healthy => sheet.ink(Ink::Good, "healthy: every probe passed"),
        Verdict::Degraded { .. } => sheet.ink(Ink::Attention, "works, but somebody should look"),
        Verdict::Unknown { .. } => {
            let words = format!("not known to work: {not_passed} of {required} gave no answer");
            sheet.ink(Ink::Attention, words)
        }
        Verdict::Broken { .. } => {
            let words =
                format!("DOES NOT WORK: {not_passed} of {required} required probes did not pass");
            sheet.ink(Ink::Bad, words)
        }
    }
}

/// What the gateway has, by name.
fn contents(vitals: &Vitals, sheet: &Sheet) -> String {
    let plugins = part(&vitals.plugins, |all| {
        let named = all.iter().map(|(id, plugin)| match &plugin.status {
            PluginStatus::Loaded => id.clone(),
            other => format!("{id} ({other})"),
        });
        named.collect()
    });
    let skills = part(&vitals.skills, |all| {
        let named = all.iter().map(|(name, skill)| {
            let off = if skill.usable { "" } else { " (not usable)" };
            format!("{name}{off}")
        });
        named.collect()
    });
    let cron = part(&vitals.cron, |all| {
        let named = all.values().map(|job| {
            let off = if job.enabled { "" } else { " (off)" };
            format!("{}{off}", job.name)
        });
        named.collect()
    });
    let sessions = part(&vitals.sessions, |all| {
        all.keys().map(ToString::to_string).collect()
    });
    let channels = part(&vitals.channels, |all| {
        let named = all.iter().map(|(name, channel)| match channel.connected {
            Some(true) => name.clone(),
            Some(false) => format!("{name} (not connected)"),
            None => format!("{name} (connected or not is not known)"),
        });
        named.collect()
    });
    let agents = part(&vitals.agents, |all| all.iter().cloned().collect());
    let mut facts = Facts::default();
    for (label, words) in [
        ("Agents", agents),
        ("Plugins", plugins),
        ("Skills", skills),
        ("Cron jobs", cron),
        ("Sessions", sessions),
        ("Channels", channels),
    ] {
        facts.add(label, words);
    }
    facts.draw(sheet)
}

fn part<T>(part: &Part<T>, names: impl FnOnce(&T) -> Vec<String>) -> String {
    match part {
        Part::Known(all) => match names(all) {
            names if names.is_empty() => "none".to_owned(),
            names => render::line(&names.join(", ")),
        },
        Part::Unknown(why) => format!("not known: {}", render::line(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_told_in_two_units() {
        for (seconds, told) in [
            (45, "45 s"),
            (750, "12 min"),
            (12_000, "3 h 20 min"),
            (353_000, "4 d 2 h"),
        ] {
            assert_eq!(up(Duration::from_secs(seconds)), told);
        }
    }
}
