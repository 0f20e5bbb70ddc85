//! Several upgrades, one after the other.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_model::report::Entry;
use exuvia_model::upgrade::End;
use serde_json::json;

use super::Chosen;
use super::ground::Ground;
use super::told::{self, Carried};
use crate::exit;
use crate::output::Output;

/// What goes on where an upgrade is asked for from inside of the gateway.
const OUTSIDE: &str = "`exuvia update run` with the same selection goes on outside of it";

/// Carries out one after the other, in this order. The first that is not done stops the rest, and
/// which were not begun is told.
pub(super) async fn in_turn(ground: &Ground, chosen: &Chosen, output: &Output) -> Result<ExitCode> {
    let entries = &chosen.entries;
    if let [entry] = entries.as_slice() {
        return Ok(one(ground, chosen, entry, output).await?.tell(output));
    }
    let mut carried = Vec::new();
    let mut failed = None;
    for (at, entry) in entries.iter().enumerate() {
        output.note(&format!(
            "{} of {}: {}",
            at + 1,
            entries.len(),
            entry.update.name
        ));
        match Box::pin(one(ground, chosen, entry, output)).await {
            Ok(done) => {
                if !output.json() {
                    output.text(&done.words);
                }
                let goes_on = done.end == End::Done;
                carried.push(done);
                if goes_on {
                    continue;
                }
            }
            Err(error) => failed = Some(error),
        }
        break;
    }
    let begun = carried.len() + usize::from(failed.is_some());
    let names = entries
        .iter()
        .skip(begun)
        .map(|entry| entry.update.name.as_str());
    let not_begun: Vec<&str> = names.collect();
    if !not_begun.is_empty() && !output.json() {
        output.text(&format!("Not begun: {}", not_begun.join(", ")));
    }
    if output.json() {
        let runs: Vec<_> = carried.iter().map(|done| &done.document).collect();
        let error = failed.as_ref().map(|error| format!("{error:#}"));
        output.document(&json!({ "runs": runs, "notBegun": not_begun, "error": error }));
    } else if let Some(error) = failed {
        return Err(error);
    }
    let code = failed
        .as_ref()
        .map(|error| ExitCode::from(exit::code(error)));
    let last = carried.last().map(Carried::code);
    Ok(code.or(last).unwrap_or(ExitCode::SUCCESS))
}

async fn one(ground: &Ground, chosen: &Chosen, entry: &Entry, output: &Output) -> Result<Carried> {
    let plan = super::plan(ground, entry, &chosen.selection, chosen.soak)?;
    ground.must_be_outside_for(&plan, OUTSIDE).await?;
    let begun = ground.upgrades.begin(plan)?;
    told::carry_out(begun, ground, output).await
}
