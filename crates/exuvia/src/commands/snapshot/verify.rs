//! `exuvia snapshot verify`: whether every snapshot can be restored.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use exuvia_store::{Depth, Lost, Snapshot, SnapshotId, Verified, escaped};
use serde_json::{Value, json};

use super::changes;
use super::shelf::Shelf;
use crate::exit;
use crate::output::Output;
use crate::render::{self, Ink};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot verify
  exuvia snapshot verify --sample      every record, and a part of the contents
  exuvia snapshot verify before-msteams

Exit code 1 and the names of what is harmed, if anything is. Nothing is changed.";

/// How many paths are named of each harmed snapshot.
const PATHS: usize = 10;
/// How many problems of the store are told.
const PROBLEMS: usize = 10;
/// A sample reads one block in so many.
const ONE_IN: u32 = 20;

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Answer for this one only: a name, an id or the unique beginning of one
    #[arg(value_name = "SNAPSHOT")]
    snapshot: Option<String>,
    /// Read a part of the contents only, another one each time
    #[arg(long)]
    sample: bool,
}

pub(super) fn run(machine: &Machine, args: &VerifyArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("verifying changes nothing");
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let only = args.snapshot.as_deref().map(|text| shelf.find(text));
    let only = only.transpose()?;
    let depth = depth(machine, args.sample);
    let (verified, time) = shelf.watch(|recovery| recovery.verify(depth));
    let mut verified = verified?;
    if let Some(only) = &only {
        verified.lost.retain(|lost| lost.snapshot == only.id);
    }
    let is_harmed = match &only {
        Some(_) => !verified.lost.is_empty(),
        None => !verified.is_clean(),
    };
    if output.json() {
        output.document(&document(&verified, !is_harmed, args.sample, only.as_ref()));
    } else if is_harmed {
        shelf.tell(harm(&verified, &shelf)?);
    } else {
        shelf.tell(clean(&verified, args.sample, time, only.as_ref(), &shelf)?);
    }
    Ok(ExitCode::from(if is_harmed { exit::ERROR } else { 0 }))
}

fn depth(machine: &Machine, sample: bool) -> Depth {
    if sample {
        Depth::Sample {
            one_in: ONE_IN,
            // Another choice each time, and no more is asked of it.
            seed: machine.host.now().as_microsecond().unsigned_abs(),
        }
    } else {
        Depth::Everything
    }
}

fn document(verified: &Verified, clean: bool, sample: bool, only: Option<&Snapshot>) -> Value {
    let lost: Vec<Value> = verified
        .lost
        .iter()
        .map(|lost| json!({ "snapshot": lost.snapshot, "path": escaped(&lost.path) }))
        .collect();
    let problems: Vec<String> = verified.problems.iter().map(ToString::to_string).collect();
    json!({
        "clean": clean,
        "sampled": sample,
        "snapshot": only.map(|snapshot| &snapshot.id),
        "snapshots": verified.snapshots,
        "blocks": verified.blocks,
        "bytes": verified.bytes,
        "problems": problems,
        "lost": lost,
    })
}

fn clean(
    verified: &Verified,
    sample: bool,
    time: Duration,
    only: Option<&Snapshot>,
    shelf: &Shelf<'_>,
) -> Result<String> {
    let what = match only {
        Some(snapshot) => shelf.title(snapshot)?,
        None => render::count(verified.snapshots as u64, "snapshot"),
    };
    let whole = match (only.is_some() || verified.snapshots == 1, sample) {
        (true, false) => "is whole",
        (false, false) => "are whole",
        (true, true) => "is whole as far as was read",
        (false, true) => "are whole as far as was read",
    };
    let mut told = format!(
        "{what} {whole}: {} of contents read in {}.",
        render::bytes(verified.bytes),
        render::took(time)
    );
    if !verified.problems.is_empty() {
        told.push_str("\nOther parts of the store are damaged: ");
        told.push_str(&shelf.sheet.typed("exuvia snapshot verify"));
        told.push_str(" tells which.");
    }
    Ok(told)
}

/// What is harmed, what is not, and what to do.
fn harm(verified: &Verified, shelf: &Shelf<'_>) -> Result<String> {
    let sheet = &shelf.sheet;
    let mut lines = vec![sheet.ink(Ink::Bad, "The store is damaged.")];
    for problem in verified.problems.iter().take(PROBLEMS) {
        lines.push(format!("  {}", render::line(&problem.to_string())));
    }
    if verified.problems.len() > PROBLEMS {
        let more = verified.problems.len() - PROBLEMS;
        lines.push(format!("  … and {more} more"));
    }
    lines.extend(harmed(&verified.lost, shelf)?);
    lines.push(format!(
        "Next: {} saves what is left and names what is lost, then {} takes what is there now.",
        sheet.typed("exuvia snapshot repair"),
        sheet.typed("exuvia snapshot create")
    ));
    Ok(lines.join("\n"))
}

/// What each snapshot has lost, and how many have lost nothing.
pub(super) fn harmed(lost: &[Lost], shelf: &Shelf<'_>) -> Result<Vec<String>> {
    let (all, _) = shelf.recovery.list(None)?;
    let mut paths: BTreeMap<&SnapshotId, Vec<&Lost>> = BTreeMap::new();
    for one in lost {
        paths.entry(&one.snapshot).or_default().push(one);
    }
    let mut lines = Vec::new();
    for snapshot in all.iter().filter(|one| paths.contains_key(&one.id)) {
        let lost = paths
            .get(&snapshot.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let title = shelf.title(snapshot)?;
        if lost.iter().any(|one| one.path.as_os_str().is_empty()) {
            lines.push(format!("{title} is lost whole"));
            continue;
        }
        let files = render::count(lost.len() as u64, "file");
        lines.push(format!("{title} has lost {files}:"));
        let named = lost.iter().take(PATHS);
        lines.extend(named.map(|one| format!("  {}", changes::path(&one.path))));
        if lost.len() > PATHS {
            lines.push(format!(
                "  … and {} more (--json names all)",
                lost.len() - PATHS
            ));
        }
    }
    let whole = all.len().saturating_sub(paths.len());
    lines.push(match (paths.len(), whole) {
        (0, _) => "No snapshot has lost anything by it.".to_owned(),
        (_, 0) => "No snapshot is whole.".to_owned(),
        (_, 1) => "1 other snapshot is whole and can be restored.".to_owned(),
        (_, more) => format!("{more} other snapshots are whole and can be restored."),
    });
    Ok(lines)
}
