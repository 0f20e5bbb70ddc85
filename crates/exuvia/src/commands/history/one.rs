//! `exuvia history RUN`: one run, step by step.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use exuvia_model::journal::{EventRecord, FINISH, Outcome, RunRecord};
use exuvia_store::journal::Journal;
use serde_json::{Value, json};

use super::{State, became, told, took};
use crate::commands::upgrade::{add_found, configuration, rehearsal};
use crate::output::Output;
use crate::render::{self, Column, Facts, Ink, Sheet, Table};
use crate::session::Machine;

pub(super) fn run(
    machine: &Machine,
    journal: &Journal,
    asked: &str,
    output: &Output,
) -> Result<ExitCode> {
    let run = journal.run(asked)?;
    let events = journal.events(&run.id)?;
    let dir = exuvia_upgrade::Facts::dir(&machine.home, &run.id);
    let found = exuvia_upgrade::Facts::read(&*machine.host, &dir)?;
    if output.json() {
        let mut document = json!({ "run": told(&run), "events": events });
        add_found(&mut document, &found);
        output.document(&document);
    } else {
        let sheet = output.sheet(&*machine.host);
        output.text(&format!(
            "{}\n\n{}",
            facts(&run, &sheet),
            steps(&run, &events, &sheet)
        ));
        let rehearsed = found.rehearsed.iter().flat_map(rehearsal::lines);
        for line in rehearsed.chain(configuration::lines(&found)) {
            output.text(&line);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn facts(run: &RunRecord, sheet: &Sheet) -> String {
    let mut facts = Facts::default();
    facts.add("Run", sheet.ink(Ink::Strong, run.id.as_str()));
    facts.add("Operation", run.operation.name());
    facts.add("Subject", render::line(&run.subject));
    facts.add_some("Install", run.install.as_deref().map(render::line));
    facts.add("Asked by", render::line(&run.actor));
    facts.add("Began", sheet.when(run.started_at));
    facts.add_some("Took", took(run));
    facts.add("Outcome", outcome(run, sheet));
    facts.add_some("Why", run.error.as_deref().map(render::line));
    facts.draw(sheet)
}

fn outcome(run: &RunRecord, sheet: &Sheet) -> String {
    let ink = match (run.outcome, State::of(run)) {
        (Some(Outcome::Done), _) => Ink::Good,
        (Some(Outcome::Inconsistent), _) => Ink::Bad,
        (None, State::UnderWay) => Ink::Plain,
        _ => Ink::Attention,
    };
    let words = sheet.ink(ink, became(run));
    match State::of(run) {
        State::CutShort => format!("{words}: its process is gone; the next command settles it"),
        _ => words,
    }
}

fn steps(run: &RunRecord, events: &[EventRecord], sheet: &Sheet) -> String {
    let mut table = Table::new([
        Column::left("TIME").ink(Ink::Dim),
        Column::right("AFTER"),
        Column::left("STEP").ink(Ink::Strong),
        Column::left("DETAIL").gives_way(),
    ]);
    for event in events {
        let after = event.at.duration_since(run.started_at);
        let after = Duration::try_from(after).ok().map(render::took);
        table.row([
            render::moment(event.at, sheet.offset),
            after.unwrap_or_default(),
            render::line(&event.step),
            detail(event),
        ]);
    }
    table.draw(sheet)
}

/// The detail in one line: `files: 3, name: before-msteams`. What went wrong is told above.
fn detail(event: &EventRecord) -> String {
    let Value::Object(members) = &event.detail else {
        return word(&event.detail);
    };
    let is_told = |name: &str| event.step == FINISH && name == "error";
    let members: Vec<String> = members
        .iter()
        .filter(|(name, value)| !is_told(name) && !value.is_null())
        .map(|(name, value)| format!("{}: {}", render::line(name), word(value)))
        .collect();
    members.join(", ")
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => render::line(text),
        other => render::line(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use exuvia_model::journal::RunId;
    use exuvia_model::text;

    use super::*;

    fn told_of(step: &str, value: Value) -> String {
        detail(&EventRecord {
            seq: 1,
            run: RunId::from_bits(1),
            at: jiff::Timestamp::UNIX_EPOCH,
            step: step.to_owned(),
            began: None,
            holder: None,
            outcome: None,
            detail: value,
        })
    }

    #[test]
    fn a_detail_is_told_in_one_line() {
        let value = json!({ "files": 3, "from": null, "list": [1, 2], "name": "a b" });
        assert_eq!(told_of("walk", value), "files: 3, list: [1,2], name: a b");
        let failed = json!({ "error": "no room", "changes": 0 });
        assert_eq!(told_of("finish", failed), "changes: 0");
        assert_eq!(told_of("walk", json!("word")), "word");
    }

    #[test]
    fn a_detail_cannot_steer_the_terminal() {
        let hostile = "\u{1b}]0;x\u{7}\u{202e}\n\u{1b}[2J";
        let line = told_of(
            "walk",
            json!({ hostile: hostile, "deep": { hostile: [hostile] } }),
        );
        assert!(!line.chars().any(text::is_hidden), "{line:?}");
        assert!(line.len() < 200);
    }
}
