//! `exuvia snapshot delete`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_store::StoreError;
use serde_json::json;

use super::shelf::Shelf;
use crate::output::Output;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot delete before-msteams
  exuvia snapshot delete 3f2a91bc 9d8c

All are found before the first is deleted. A pinned one stays. The room they took is given back by
`exuvia snapshot prune`.";

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Names, ids or unique beginnings of ids
    #[arg(required = true, value_name = "SNAPSHOT")]
    snapshots: Vec<String>,
}

pub(super) fn run(machine: &Machine, args: &DeleteArgs, output: &Output) -> Result<ExitCode> {
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let found = shelf.find_all(&args.snapshots)?;
    if let Some(pinned) = found.iter().find(|one| one.pinned) {
        return Err(StoreError::Pinned(pinned.id.clone()).into());
    }
    output.if_interrupted("some of them may be deleted; `exuvia snapshot list` shows the rest");
    let mut deleted = Vec::new();
    for snapshot in &found {
        // Told by what tells it from the others while it is still among them.
        let title = shelf.title(snapshot)?;
        if let Err(error) = shelf.recovery.delete(&snapshot.id) {
            return Err(anyhow::Error::from(error).context(already(&deleted)));
        }
        deleted.push(title);
    }
    if output.json() {
        let ids: Vec<_> = found.iter().map(|snapshot| &snapshot.id).collect();
        output.document(&json!({ "deleted": ids }));
    } else {
        shelf.tell(format!("Deleted {}.", deleted.join(", ")));
        let prune = shelf.sheet.typed("exuvia snapshot prune");
        output.note(&format!("{prune} gives back the room that only they took"));
    }
    Ok(ExitCode::SUCCESS)
}

fn already(deleted: &[String]) -> String {
    match deleted {
        [] => "nothing was deleted".to_owned(),
        deleted => format!("deleted {}, and then", deleted.join(", ")),
    }
}
