//! `exuvia snapshot restore`: the way back.

mod copy;
mod in_place;
mod preview;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::shelf::Shelf;
use crate::output::Output;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot restore before-msteams --dry-run    what it would do
  exuvia snapshot restore before-msteams              shows that, then asks
  exuvia snapshot restore 3f2a91bc --yes
  exuvia snapshot restore 3f2a91bc --to /tmp/look     a copy, to look into

Stop the gateway first: nothing is restored over one that runs. What is there now is taken as a
snapshot before anything is replaced, and the id of that is told: restoring it undoes the restore.
An interrupted restore is finished by the next command.

Exit codes: 0 done, 1 error, 2 usage, 3 refused and nothing changed, 5 left half done";

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// A name, an id or the unique beginning of one
    #[arg(value_name = "SNAPSHOT")]
    snapshot: String,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
    /// Write a copy into this directory, which is empty or not there, instead of going back
    #[arg(long, value_name = "DIR", conflicts_with_all = ["force", "yes"])]
    to: Option<PathBuf>,
    /// Take the snapshot of another install, or one that is older than the package allows
    #[arg(long)]
    force: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl RestoreArgs {
    pub(super) fn is_in_place(&self) -> bool {
        self.to.is_none() && !self.dry_run
    }
}

pub(super) fn run(machine: &Machine, args: &RestoreArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("nothing was changed");
    if args.is_in_place() {
        in_place::refuse_without_consent(args, output)?;
    }
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let snapshot = shelf.find(&args.snapshot)?;
    match &args.to {
        Some(target) => copy::run(&shelf, &snapshot, target, args.dry_run),
        None => in_place::run(&shelf, &snapshot, args),
    }
}
