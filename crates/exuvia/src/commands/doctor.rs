//! `exuvia doctor`: what is wrong with the gateway, and what to do about it.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_gateway::probe::{Advice, advice};
use exuvia_model::probe::{Answer, Need, Probed};
use serde_json::json;

use super::status::{self, Look};
use crate::output::Output;
use crate::render::{self, Ink, Sheet};
use crate::session::Machine;

pub(super) async fn run(machine: &Machine, output: &Output) -> Result<ExitCode> {
    let look = status::look(machine, None, true, output).await?;
    let advice = advice(&look.examination.probed);
    if output.json() {
        let mut document = status::document(&look, false);
        if let Some(fields) = document.as_object_mut() {
            fields.insert("advice".to_owned(), json!(advice));
        }
        output.document(&document);
    } else {
        let sheet = output.sheet(&*machine.host);
        output.text(&sheet.prose(told(&look, &advice, &sheet)));
    }
    Ok(status::code(&look))
}

fn told(look: &Look, advice: &[Advice], sheet: &Sheet) -> String {
    let mut parts = vec![status::headline(look, sheet)];
    let numbered = advice.iter().enumerate();
    parts.extend(numbered.map(|(number, one)| step(number + 1, one, sheet)));
    let probed = &look.examination.probed;
    let unknown: Vec<String> = probed
        .iter()
        .filter(|one| matches!(one.answer, Answer::Unknown { .. }))
        .filter_map(|one| Some(format!("  {}: {}", name(one), status::answer(one)?)))
        .collect();
    if !unknown.is_empty() {
        parts.push(format!("No answer:\n{}", unknown.join("\n")));
    }
    let passed: Vec<String> = probed
        .iter()
        .filter(|one| one.answer == Answer::Pass)
        .map(name)
        .collect();
    if !passed.is_empty() && passed.len() < probed.len() {
        let words = format!("In order: {}", passed.join(", "));
        parts.push(sheet.ink(Ink::Dim, words));
    }
    parts.join("\n\n")
}

/// One thing to do: what was seen, and what helps.
fn step(number: usize, advice: &Advice, sheet: &Sheet) -> String {
    let names: Vec<String> = advice
        .probes
        .iter()
        .map(|name| render::line(&name.to_string()))
        .collect();
    let wanted = match advice.need {
        Need::Required => "",
        Need::Wanted => " (wanted)",
    };
    let heading = sheet.ink(Ink::Strong, format!("{number}. {}", names.join(", ")));
    let why: Vec<String> = advice
        .why
        .iter()
        .map(|why| format!("   {}", render::line(why)))
        .collect();
    let remedy = sheet.ink(Ink::Good, "→");
    format!(
        "{heading}{wanted}\n{}\n   {remedy} {}",
        why.join("\n"),
        render::line(&advice.remedy)
    )
}

fn name(one: &Probed) -> String {
    render::line(&one.probe.name.to_string())
}
