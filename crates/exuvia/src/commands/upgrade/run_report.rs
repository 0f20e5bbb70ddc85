//! The report of a run: what was done, what came of it, and what to do next, as Markdown that stays
//! where the run keeps its things.

use std::path::PathBuf;

use anyhow::Result;
use exuvia_check::render::md_line;
use exuvia_model::journal::{EventRecord, RunId};
use exuvia_model::upgrade::{Kind, State};
use exuvia_store::journal::Journal;
use exuvia_upgrade::{Facts, Plan};

use super::course::doing;
use super::ground::Ground;
use super::{configuration, rehearsal};
use crate::render;

/// What it is called, in the directory of its run.
const FILE: &str = "report.md";

/// Writes it, and says where it is. `words` are those that a person is told at the end.
pub(super) fn write(
    ground: &Ground,
    run: &RunId,
    plan: &Plan,
    facts: &Facts,
    words: &str,
) -> Result<PathBuf> {
    let journal = Journal::open_existing(ground.host.clone(), &ground.home)?;
    let events = journal.map(|journal| journal.events(run)).transpose()?;
    let events = events.unwrap_or_default();
    let text = markdown(&Run {
        id: run,
        plan,
        facts,
        events: &events,
        words,
        install: &ground.install.state_dir.display().to_string(),
    });
    let file = ground.upgrades.dir(run).join(FILE);
    ground.host.write_atomic(&file, text.as_bytes(), 0o600)?;
    Ok(file)
}

struct Run<'r> {
    id: &'r RunId,
    plan: &'r Plan,
    facts: &'r Facts,
    events: &'r [EventRecord],
    words: &'r str,
    install: &'r str,
}

fn markdown(run: &Run<'_>) -> String {
    let Run { plan, facts, .. } = run;
    let what = match plan.kind {
        Kind::Upgrade => "Upgrade",
        Kind::Rollback => "Rollback",
        Kind::Rehearsal => "Rehearsal",
    };
    let (name, from, to) = (plan.name(), plan.from.short(), plan.to.short());
    let mut lines = vec![
        format!("# {what} of {} {from} to {to}", line(name)),
        String::new(),
    ];
    lines.extend(paragraphs(run.words));
    lines.extend(["## What it was".to_owned(), String::new()]);
    lines.push(format!("- Run: {}", run.id));
    if let Some(first) = run.events.first() {
        lines.push(format!("- Begun: {}", first.at));
    }
    lines.push(format!("- Install: {}", line(run.install)));
    lines.extend(
        plan.digest
            .as_ref()
            .map(|digest| format!("- Approved bytes: {}", line(&digest.to_string()))),
    );
    let point = facts.point.as_ref();
    lines.extend(point.map(|point| format!("- State before: snapshot {point}")));
    let kept = facts.kept.as_ref();
    lines.extend(kept.map(|kept| format!("- State before the way back: snapshot {kept}")));
    lines.push(String::new());
    lines.extend(steps(run));
    if let Some(rehearsed) = &facts.rehearsed {
        lines.extend(["## The rehearsal".to_owned(), String::new()]);
        let found = rehearsal::lines(rehearsed);
        lines.extend(
            found
                .iter()
                .map(|found| format!("- {}", line(found.trim()))),
        );
        lines.push(String::new());
    }
    let rewritten = configuration::lines(facts);
    if !rewritten.is_empty() {
        lines.extend(["## The configuration".to_owned(), String::new()]);
        lines.extend(
            rewritten
                .iter()
                .map(|told| format!("- {}", line(told.trim()))),
        );
        lines.push(String::new());
    }
    lines.join("\n")
}

/// Each phase, when it began and how long it was until the next.
fn steps(run: &Run<'_>) -> Vec<String> {
    let mut lines = vec![
        "## Step by step".to_owned(),
        String::new(),
        "| began (UTC) | took | step |".to_owned(),
        "|---|---:|---|".to_owned(),
    ];
    for (at, event) in run.events.iter().enumerate() {
        let next = run.events.get(at + 1);
        let took = next.and_then(|next| next.at.duration_since(event.at).try_into().ok());
        let took = took.map(render::took).unwrap_or_default();
        let state = serde_json::from_value::<State>(event.detail.clone()).ok();
        let words = state.map(|state| doing(state.phase, run.plan));
        let words = words.filter(|words| !words.is_empty());
        let words = words.unwrap_or_else(|| event.step.clone());
        let began = event.at.strftime("%H:%M:%S");
        lines.push(format!("| {began} | {took} | {} |", line(&words)));
    }
    lines.push(String::new());
    lines
}

/// Lines that a person is told, each a paragraph of its own.
fn paragraphs(words: &str) -> impl Iterator<Item = String> {
    words
        .lines()
        .flat_map(|words| [line(words.trim()), String::new()])
}

fn line(words: &str) -> String {
    md_line(&render::line(words))
}
