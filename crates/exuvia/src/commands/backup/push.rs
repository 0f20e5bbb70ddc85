//! `exuvia backup push`: snapshots of the local store into the repository.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;
use exuvia_backup::Pushed;
use exuvia_model::journal::{Operation, RunId};
use exuvia_recovery::{Context, Recovery, Scope, TakeOptions};
use exuvia_store::Snapshot;
use serde_json::{Value, json};

use super::desk::{Access, Desk};
use super::journal::{Job, journaled};
use crate::output::Output;
use crate::render::{self, Ink};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia backup push                        the newest snapshot of the install
  exuvia backup push --snapshot-now         takes one first; the gateway may run meanwhile
  exuvia backup push before-msteams
  exuvia backup push --all                  every snapshot of the install

What is in the repository already is not sent again; a push that was cut short goes on where it
was. The backup counts when all of it is there, not before.";

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// Which: names, ids or unique beginnings of ids; the newest of the install by default
    #[arg(value_name = "SNAPSHOT", conflicts_with_all = ["all", "snapshot_now"])]
    snapshots: Vec<String>,
    /// Every snapshot of the install
    #[arg(long, conflicts_with = "snapshot_now")]
    all: bool,
    /// Take a snapshot of the install first, and back that up
    #[arg(long)]
    snapshot_now: bool,
    #[command(flatten)]
    access: Access,
}

pub(super) fn run(machine: &Machine, args: &PushArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("no backup was made, and what was uploaded is used by the next push");
    let desk = Desk::open(machine, &args.access, output)?;
    let recovery = desk.recovery()?;
    let mut done: Vec<Value> = Vec::new();
    for snapshot in chosen(&desk, &recovery, args)? {
        let (pushed, run) = push(&desk, &recovery, &snapshot)?;
        if output.json() {
            let mut one = json!(pushed);
            if let Value::Object(fields) = &mut one {
                fields.insert("run".to_owned(), json!(run));
            }
            done.push(one);
        } else {
            desk.tell(told(&desk, &snapshot, &pushed));
        }
        output.if_interrupted(
            "what was told is backed up; what was uploaded beside it is used by the next push",
        );
    }
    if output.json() {
        output.document(&json!({ "repository": desk.place(), "backups": done }));
    }
    Ok(ExitCode::SUCCESS)
}

/// Which snapshots, the oldest first.
fn chosen(desk: &Desk<'_>, recovery: &Recovery, args: &PushArgs) -> Result<Vec<Snapshot>> {
    if args.snapshot_now {
        let install = desk.machine.install()?;
        let taken = recovery.take(&install, TakeOptions::of(Scope::Install))?;
        return Ok(vec![taken.snapshot]);
    }
    if !args.snapshots.is_empty() {
        let found = args.snapshots.iter();
        return found.map(|text| Ok(recovery.store().get(text)?)).collect();
    }
    let install = desk.machine.install()?;
    let (mut own, _) = recovery.list(Some(&install))?;
    if own.is_empty() {
        return Err(anyhow!(
            "there are no snapshots of this install yet: add --snapshot-now, or take one with \
             `exuvia snapshot create`"
        ));
    }
    if !args.all {
        own.drain(..own.len().saturating_sub(1));
    }
    Ok(own)
}

fn push(desk: &Desk<'_>, recovery: &Recovery, snapshot: &Snapshot) -> Result<(Pushed, RunId)> {
    let install = Context::of(snapshot).map(|context| context.install);
    let job = Job {
        operation: Operation::BackupPush,
        install: install.clone(),
        subject: snapshot.id.to_string(),
        repository: desk.place(),
    };
    journaled(desk.machine, job, || {
        let pushed = desk
            .watch(|repository| repository.push(recovery.store(), snapshot, install.as_deref()));
        Ok(pushed?)
    })
}

fn told(desk: &Desk<'_>, snapshot: &Snapshot, pushed: &Pushed) -> String {
    let title = desk.sheet.ink(Ink::Strong, snapshot.id.as_str());
    let title = match &snapshot.name {
        Some(name) => format!("{title} {:?}", render::line(name)),
        None => title,
    };
    let backup = pushed.backup.short();
    if pushed.already_there {
        return format!("{title} is backed up already, as {backup}.");
    }
    let resumed = if pushed.reused_packs > 0 {
        let packs = render::count(pushed.reused_packs as u64, "pack");
        format!(" {packs} of a push that was cut short were used.")
    } else {
        String::new()
    };
    format!(
        "Backed up {title} as {backup}: {} of {}, {} uploaded.{resumed}",
        render::count(snapshot.stats.files, "file"),
        render::bytes(snapshot.stats.bytes),
        render::bytes(pushed.uploaded_bytes),
    )
}
