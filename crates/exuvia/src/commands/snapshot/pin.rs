//! `exuvia snapshot pin` and `unpin`: what retention and deletion leave alone.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::shelf::Shelf;
use crate::output::Output;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot pin before-msteams
  exuvia snapshot unpin 3f2a91bc

A pinned snapshot is neither pruned nor deleted until it is unpinned.";

#[derive(Debug, Args)]
pub(crate) struct PinArgs {
    /// Names, ids or unique beginnings of ids
    #[arg(required = true, value_name = "SNAPSHOT")]
    snapshots: Vec<String>,
}

pub(super) fn run(
    machine: &Machine,
    args: &PinArgs,
    pinned: bool,
    output: &Output,
) -> Result<ExitCode> {
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let found = shelf.find_all(&args.snapshots)?;
    let mut changed = Vec::new();
    for snapshot in found {
        changed.push(shelf.recovery.pin(&snapshot.id, pinned)?);
    }
    if output.json() {
        output.document(&json!({ "snapshots": changed }));
        return Ok(ExitCode::SUCCESS);
    }
    for snapshot in &changed {
        let title = shelf.title(snapshot)?;
        shelf.tell(if pinned {
            format!("Pinned {title}: it stays until it is unpinned.")
        } else {
            format!("Unpinned {title}.")
        });
    }
    Ok(ExitCode::SUCCESS)
}
