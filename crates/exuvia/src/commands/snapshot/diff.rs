//! `exuvia snapshot diff`: what changed since, or between two.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_store::{Change, Snapshot, escaped};
use serde_json::{Value, json};

use super::changes::{self, Counts};
use super::shelf::Shelf;
use crate::output::Output;
use crate::render::{self, Ink};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot diff before-msteams             what has changed since
  exuvia snapshot diff 3f2a91bc 9d8c              what changed from the first to the second
  exuvia snapshot diff before-msteams | grep workspace/

  + added   ~ changed   - removed
A terminal is shown the first 100; a pipe and --json get all.";

/// How many changes a terminal is shown.
const SHOWN: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// A name, an id or the unique beginning of one
    #[arg(value_name = "SNAPSHOT")]
    snapshot: String,
    /// The later one; what is there now if it is not given
    #[arg(value_name = "OTHER")]
    other: Option<String>,
}

pub(super) fn run(machine: &Machine, args: &DiffArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("comparing changes nothing");
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let before = shelf.find(&args.snapshot)?;
    let after = args.other.as_deref().map(|text| shelf.find(text));
    let after = after.transpose()?;
    let (found, _) = shelf.watch(|recovery| match &after {
        Some(after) => recovery.store().diff(&before, after),
        None => recovery.store().diff_live(&before, &before.source),
    });
    let found = found?;
    if output.json() {
        output.document(&document(&before, after.as_ref(), &found));
    } else {
        output.note(&heading(&before, after.as_ref(), &shelf)?);
        tell(&found, &shelf);
    }
    Ok(ExitCode::SUCCESS)
}

fn document(before: &Snapshot, after: Option<&Snapshot>, found: &[Change]) -> Value {
    let counts = Counts::of(found);
    json!({
        "before": before.id,
        "after": after.map(|after| &after.id),
        "live": after.is_none().then(|| escaped(&before.source)),
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed,
        "changes": found.iter().map(changes::document).collect::<Vec<_>>(),
    })
}

fn heading(before: &Snapshot, after: Option<&Snapshot>, shelf: &Shelf<'_>) -> Result<String> {
    let to = match after {
        Some(after) => shelf.title(after)?,
        None => format!("{} as it is now", shelf.sheet.path(&before.source)),
    };
    Ok(format!("From {} to {to}:", shelf.title(before)?))
}

/// The changes, on standard output; what they come to, beside it.
fn tell(found: &[Change], shelf: &Shelf<'_>) {
    let (sheet, output) = (&shelf.sheet, shelf.output);
    let (touched, told): (Vec<&Change>, Vec<&Change>) = found
        .iter()
        .partition(|change| changes::is_mere_touch(change));
    let limit = sheet.width.map_or(usize::MAX, |_| SHOWN);
    let mut lines: Vec<String> = told
        .iter()
        .take(limit)
        .map(|change| changes::line(change, sheet))
        .collect();
    if told.len() > limit {
        let more = render::count((told.len() - limit) as u64, "more change");
        lines.push(sheet.ink(
            Ink::Dim,
            format!("… and {more} (a pipe and --json get all)"),
        ));
    }
    if !lines.is_empty() {
        output.text(&lines.join("\n"));
    }
    output.note(&summary(&told, touched.len()));
}

fn summary(told: &[&Change], touched: usize) -> String {
    let counts = Counts::of(told.iter().copied());
    let summary = if told.is_empty() {
        "nothing differs".to_owned()
    } else {
        let (added, changed, removed) = (counts.added, counts.changed, counts.removed);
        format!("{added} added, {changed} changed, {removed} removed")
    };
    if touched == 0 {
        return summary;
    }
    let directories = render::count(touched as u64, "directory");
    format!("{summary}; of {directories} only the time")
}
