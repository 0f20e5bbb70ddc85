//! `exuvia snapshot repair`: a damaged store made whole again, of what is left.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_recovery::Recovery;
use exuvia_store::{Repaired, escaped};
use serde_json::{Value, json};

use super::shelf::Shelf;
use super::verify::harmed;
use crate::output::Output;
use crate::render;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Example:
  exuvia snapshot verify || exuvia snapshot repair

What is good is written anew; files that are lost are taken out of the snapshots that had them, and
those say so from then on. What is damaged is not deleted but moved to `quarantine` in the store.";

pub(super) fn run(machine: &Machine, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("the repair is not done; run `exuvia snapshot repair` again");
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let (repaired, _) = shelf.watch(Recovery::repair);
    let repaired = repaired?;
    if output.json() {
        output.document(&document(&repaired));
    } else {
        shelf.tell(told(&repaired, &shelf)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn document(repaired: &Repaired) -> Value {
    let lost: Vec<Value> = repaired
        .lost
        .iter()
        .map(|lost| json!({ "snapshot": lost.snapshot, "path": escaped(&lost.path) }))
        .collect();
    let quarantined = repaired.quarantined.iter().map(|path| escaped(path));
    json!({ "lost": lost, "quarantined": quarantined.collect::<Vec<_>>() })
}

fn told(repaired: &Repaired, shelf: &Shelf<'_>) -> Result<String> {
    if repaired.lost.is_empty() && repaired.quarantined.is_empty() {
        return Ok("Nothing is damaged; there was nothing to repair.".to_owned());
    }
    let mut lines = vec!["The store is whole again.".to_owned()];
    lines.extend(harmed(&repaired.lost, shelf)?);
    if !repaired.quarantined.is_empty() {
        let files = render::count(repaired.quarantined.len() as u64, "damaged file");
        let place = shelf.recovery.store().root().join("quarantine");
        let place = shelf.sheet.path(&place);
        lines.push(format!("Moved to {place}: {files} of the store."));
    }
    Ok(lines.join("\n"))
}
