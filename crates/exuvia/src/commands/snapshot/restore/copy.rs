//! A copy of a snapshot, into a directory of its own.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use exuvia_store::{Snapshot, escaped};
use serde_json::json;

use super::super::shelf::Shelf;
use super::in_place::refused;
use crate::render;

pub(super) fn run(
    shelf: &Shelf<'_>,
    snapshot: &Snapshot,
    target: &Path,
    dry_run: bool,
) -> Result<ExitCode> {
    let output = shelf.output;
    let target = shelf.machine.host.current_dir()?.join(target);
    if dry_run {
        return preview(shelf, snapshot, &target);
    }
    output.if_interrupted(format!(
        "{} holds a part of the snapshot: remove it, and restore again",
        render::path(&target)
    ));
    let (restored, time) = shelf.watch(|recovery| recovery.restore_to(snapshot, &target));
    let restored = restored?;
    if output.json() {
        output.document(&json!({
            "run": restored.run,
            "snapshot": snapshot.id,
            "target": escaped(&target),
            "changes": restored.changes,
            "refused": restored.refused.iter().map(refused).collect::<Vec<_>>(),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    shelf.tell(format!(
        "Wrote {} into {}: {}, {}, in {}.",
        shelf.title(snapshot)?,
        shelf.sheet.path(&target),
        render::count(snapshot.stats.files, "file"),
        render::bytes(snapshot.stats.bytes),
        render::took(time)
    ));
    Ok(ExitCode::SUCCESS)
}

fn preview(shelf: &Shelf<'_>, snapshot: &Snapshot, target: &Path) -> Result<ExitCode> {
    let stats = snapshot.stats;
    if shelf.output.json() {
        shelf.output.document(&json!({
            "dryRun": true,
            "snapshot": snapshot.id,
            "target": escaped(target),
            "files": stats.files,
            "bytes": stats.bytes,
        }));
    } else {
        shelf.tell(format!(
            "{} would be filled with {}: {}, {}.",
            shelf.sheet.path(target),
            shelf.title(snapshot)?,
            render::count(stats.files, "file"),
            render::bytes(stats.bytes),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
