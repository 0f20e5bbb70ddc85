//! The install itself, taken back.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use exuvia_openclaw::Install;
use exuvia_recovery::{RestoreRequest, Restored};
use exuvia_store::{Refused, Snapshot, escaped};
use inquire::{Confirm, InquireError};
use serde_json::{Value, json};

use super::super::changes;
use super::super::shelf::Shelf;
use super::{RestoreArgs, preview};
use crate::exit::Usage;
use crate::output::Output;
use crate::render::{self, Ink};

/// Nothing is taken back without somebody's word, and where nobody can be asked it is given ahead.
pub(super) fn refuse_without_consent(args: &RestoreArgs, output: &Output) -> Result<(), Usage> {
    if args.yes || output.is_interactive() {
        return Ok(());
    }
    Err(Usage(
        "there is nobody to ask here: give --yes to restore, or --dry-run to see what would be done"
            .to_owned(),
    ))
}

pub(super) fn run(shelf: &Shelf<'_>, snapshot: &Snapshot, args: &RestoreArgs) -> Result<ExitCode> {
    let output = shelf.output;
    let install = shelf
        .install()
        .map_err(|error| preview::no_install(error, snapshot))?;
    if !shelf.machine.is_there(&install.state_dir)? {
        bail!(preview::bring_back(snapshot));
    }
    let request = RestoreRequest { force: args.force };
    let plan = shelf.recovery.plan_restore(&install, snapshot, request);
    shelf.rest();
    let plan = plan?;
    if args.dry_run && output.json() {
        output.document(&preview::document(&plan, snapshot));
        return Ok(ExitCode::SUCCESS);
    }
    if !output.json() {
        shelf.tell(preview::told(&plan, snapshot, &install, shelf)?);
    }
    if args.dry_run || preview::is_nothing(&plan) && !output.json() {
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes && !confirmed()? {
        output.note("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    let title = shelf.title(snapshot)?;
    output.if_interrupted(half_done(shelf, &install));
    let (restored, time) = shelf.watch(|_| plan.apply());
    let restored = restored?;
    output.if_interrupted("the restore was done");
    if output.json() {
        output.document(&document(&restored, snapshot));
    } else {
        shelf.tell(told(&restored, &title, &install, time, shelf)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// What an interrupt leaves.
fn half_done(shelf: &Shelf<'_>, install: &Install) -> String {
    format!(
        "{} may be half restored: do not start the gateway; the next exuvia command finishes the \
         restore (`exuvia snapshot list` will do)",
        shelf.sheet.path(&install.state_dir)
    )
}

fn confirmed() -> Result<bool> {
    match Confirm::new("Go ahead?").with_default(false).prompt() {
        Ok(answer) => Ok(answer),
        Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn document(restored: &Restored, snapshot: &Snapshot) -> Value {
    json!({
        "run": restored.run,
        "snapshot": snapshot.id,
        "safety": restored.safety,
        "changes": restored.changes,
        "services": restored.services,
        "kept": restored.kept.iter().map(|path| escaped(path)).collect::<Vec<_>>(),
        "refused": restored.refused.iter().map(refused).collect::<Vec<_>>(),
    })
}

/// What the machine did not allow, as a document.
pub(super) fn refused(refused: &Refused) -> Value {
    json!({ "path": escaped(&refused.path), "error": refused.error.to_string() })
}

fn told(
    restored: &Restored,
    title: &str,
    install: &Install,
    time: Duration,
    shelf: &Shelf<'_>,
) -> Result<String> {
    let sheet = &shelf.sheet;
    let mut lines = vec![format!(
        "Restored {title} into {}: {} in {}.",
        sheet.path(&install.state_dir),
        render::count(restored.changes as u64, "path"),
        render::took(time)
    )];
    if let Some(safety) = &restored.safety {
        let safety = shelf.short(safety)?;
        lines.push(format!(
            "What was there before is snapshot {}; {} undoes this.",
            sheet.ink(Ink::Strong, &safety),
            sheet.typed(format!("exuvia snapshot restore {safety}"))
        ));
    }
    for path in &restored.kept {
        lines.push(format!(
            "Kept, though the snapshot does not have it: {} holds what no snapshot holds.",
            changes::path(path)
        ));
    }
    if let Some(first) = restored.refused.first() {
        let count = render::count(restored.refused.len() as u64, "attribute");
        lines.push(sheet.ink(
            Ink::Attention,
            format!(
                "! {count} could not be set, the first: {}",
                render::line(&first.error.to_string())
            ),
        ));
    }
    let start = match install.service {
        Some(_) => "openclaw gateway start",
        None => "openclaw gateway run",
    };
    lines.push(format!("Next: start the gateway ({}).", sheet.typed(start)));
    Ok(lines.join("\n"))
}
