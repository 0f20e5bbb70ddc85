//! `exuvia backup forget`: which backups go, and the room that is given back.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_backup::{Forgotten, Which};
use exuvia_model::journal::{Operation, RunId};
use serde_json::json;

use super::desk::{Access, Desk};
use super::journal::{Job, journaled};
use super::list;
use crate::commands::policy::PolicyArgs;
use crate::exit::Usage;
use crate::output::Output;
use crate::render;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia backup forget 1f2e3d4c
  exuvia backup forget --keep-last 10 --keep-weekly 8 --dry-run
  exuvia backup forget --keep-within 30d --prune
  exuvia backup forget --prune                  only clear away what no backup needs

A policy is for each install on its own, never forgets the newest backup of one, and leaves what
restic made alone. The last backup of an install is only forgotten by name, and with --force. The
room is given back by --prune, which nobody else may be at work beside. Ages are 90min, 12h, 30d, 2w.";

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Which: ids or their beginnings, or the snapshots' ids or names
    #[arg(value_name = "BACKUP")]
    backups: Vec<String>,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Forget the last backup of an install, too
    #[arg(long, requires = "backups")]
    force: bool,
    /// Give back the room of what no backup needs any more
    #[arg(long, conflicts_with = "dry_run")]
    prune: bool,
    /// Only tell what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    access: Access,
}

impl ForgetArgs {
    /// Which backups; nothing when it is only to be pruned.
    fn which(&self) -> Result<Option<Which>> {
        match (self.policy.policy(), self.backups.is_empty()) {
            (Some(_), false) => {
                let why = "name backups or give a policy, not both";
                Err(Usage(why.to_owned()).into())
            }
            (Some(policy), true) => Ok(Some(Which::Policy(policy))),
            (None, false) => Ok(Some(Which::Named {
                names: self.backups.clone(),
                force: self.force,
            })),
            (None, true) if self.prune => Ok(None),
            (None, true) => {
                let why = "name the backups that shall go, or give a policy such as --keep-last 10";
                Err(Usage(why.to_owned()).into())
            }
        }
    }
}

pub(super) fn run(machine: &Machine, args: &ForgetArgs, output: &Output) -> Result<ExitCode> {
    let which = args.which()?;
    output.if_interrupted("backups may have been forgotten, and none of the others is harmed");
    let desk = Desk::open(machine, &args.access, output)?;
    let forget = || match &which {
        Some(which) => desk.watch(|repository| repository.forget(which, args.dry_run)),
        None => Ok(Forgotten::default()),
    };
    if args.dry_run {
        tell(&desk, &forget()?, None, None, true);
        return Ok(ExitCode::SUCCESS);
    }
    let job = Job {
        operation: Operation::BackupForget,
        install: None,
        subject: subject(args),
        repository: desk.place(),
    };
    let mut forgotten = Forgotten::default();
    let (freed, run) = journaled(machine, job, || {
        forgotten = forget()?;
        Ok(if args.prune {
            Some(desk.watch(exuvia_backup::Repository::prune)?)
        } else {
            None
        })
    })?;
    tell(&desk, &forgotten, freed, Some(&run), false);
    Ok(ExitCode::SUCCESS)
}

fn subject(args: &ForgetArgs) -> String {
    if args.backups.is_empty() {
        "by policy".to_owned()
    } else {
        args.backups.join(", ")
    }
}

fn tell(
    desk: &Desk<'_>,
    forgotten: &Forgotten,
    freed: Option<u64>,
    run: Option<&RunId>,
    dry_run: bool,
) {
    if desk.output.json() {
        desk.output.document(&json!({
            "repository": desk.place(),
            "dryRun": dry_run,
            "forgotten": forgotten.forgotten,
            "kept": forgotten.kept,
            "freedBytes": freed,
            "run": run,
        }));
        return;
    }
    if !forgotten.forgotten.is_empty() {
        desk.output.text(&list::table(&forgotten.forgotten, desk));
    }
    desk.tell(room(desk, forgotten, freed, dry_run));
}

/// How many go, and the room that is given back.
fn room(desk: &Desk<'_>, forgotten: &Forgotten, freed: Option<u64>, dry_run: bool) -> String {
    let goes = if dry_run { "would go" } else { "gone" };
    let count = render::count(forgotten.forgotten.len() as u64, "backup");
    let told = format!("{count} {goes}, {} stay.", forgotten.kept.len());
    let freed = freed.map(render::bytes);
    match freed {
        Some(freed) if forgotten.forgotten.is_empty() => format!("{freed} were given back."),
        Some(freed) => format!("{told} {freed} were given back."),
        None if dry_run => told,
        None => {
            let prune = desk.sheet.typed("exuvia backup forget --prune");
            format!("{told} {prune} gives back the room.")
        }
    }
}
