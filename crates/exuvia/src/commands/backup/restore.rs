//! `exuvia backup restore`: a backup as a snapshot of this machine again, or in a directory.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_backup::{Backup, Refused};
use exuvia_model::journal::{Operation, RunId};
use serde_json::{Value, json};

use super::desk::{Access, Desk};
use super::journal::{Job, journaled};
use crate::output::Output;
use crate::render;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia backup restore before-msteams                then: exuvia snapshot restore before-msteams
  exuvia backup restore 1f2e3d4c --to /tmp/looking    the tree, in an empty directory
  exuvia backup restore latest --repository rest:https://backup.example/me --to ./here

BACKUP is an id or its beginning, the snapshot's id or name (the newest of that name), or `latest`.
Without --to nothing of the install is touched: the backup becomes the snapshot that it was, and
`exuvia snapshot restore` takes the install back to it.";

/// How many of what the machine did not allow are told.
const SHOWN: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Which backup
    #[arg(value_name = "BACKUP")]
    backup: String,
    /// Into this directory, which is empty or not there yet
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

pub(super) fn run(machine: &Machine, args: &RestoreArgs, output: &Output) -> Result<ExitCode> {
    let desk = Desk::open(machine, &args.access, output)?;
    let backup = desk.repository.get(&args.backup)?;
    let job = Job {
        operation: Operation::BackupRestore,
        install: backup.install.clone(),
        subject: backup.id.as_str().to_owned(),
        repository: desk.place(),
    };
    let (told, document) = match &args.to {
        Some(target) => into_directory(&desk, &backup, target, job)?,
        None => into_store(&desk, &backup, job)?,
    };
    if output.json() {
        output.document(&document);
    } else {
        desk.tell(told);
    }
    Ok(ExitCode::SUCCESS)
}

fn into_directory(
    desk: &Desk<'_>,
    backup: &Backup,
    target: &Path,
    job: Job,
) -> Result<(String, Value)> {
    desk.output.if_interrupted(format!(
        "what is in {} is not whole: remove it",
        target.display()
    ));
    let (mut document, run) = journaled(desk.machine, job, || {
        let restored = desk.watch(|repository| repository.restore_to(backup, target))?;
        Ok(json!({
            "backup": backup.id,
            "target": target.display().to_string(),
            "files": restored.files,
            "directories": restored.directories,
            "bytes": restored.bytes,
            "refused": refused(&restored.refused),
        }))
    })?;
    let amount = |name: &str| document.get(name).and_then(Value::as_u64).unwrap_or(0);
    let told = format!(
        "Restored {} into {}: {}, {}.{}",
        desk.title(backup),
        desk.sheet.path(target),
        render::count(amount("files"), "file"),
        render::bytes(amount("bytes")),
        complaints(&document),
    );
    add_run(&mut document, &run);
    Ok((told, document))
}

fn into_store(desk: &Desk<'_>, backup: &Backup, job: Job) -> Result<(String, Value)> {
    desk.output
        .if_interrupted("no snapshot was made, and the install was not touched");
    let recovery = desk.recovery()?;
    let home = &desk.machine.home;
    let (mut document, run) = journaled(desk.machine, job, || {
        let adopted =
            desk.watch(|repository| repository.restore_into_store(backup, recovery.store(), home))?;
        Ok(json!({
            "backup": backup.id,
            "snapshot": adopted.snapshot,
            "alreadyThere": adopted.already_there,
            "refused": refused(&adopted.refused),
        }))
    })?;
    let id = backup.snapshot.as_ref();
    let id = id.map(exuvia_store::SnapshotId::as_str).unwrap_or_default();
    let is_there = document.get("alreadyThere") == Some(&Value::Bool(true));
    let what = if is_there {
        "is a snapshot of this machine already"
    } else {
        "is a snapshot of this machine again"
    };
    let next = desk.sheet.typed(format!("exuvia snapshot restore {id}"));
    let told = format!(
        "{} {what}: {id}.{}\nNext: {next} takes the install back to it.",
        desk.title(backup),
        complaints(&document),
    );
    add_run(&mut document, &run);
    Ok((told, document))
}

fn refused(refused: &[Refused]) -> Vec<Value> {
    let one = |one: &Refused| json!({ "path": exuvia_store::escaped(&one.path), "why": one.why });
    refused.iter().map(one).collect()
}

/// What the machine did not allow, in some lines.
fn complaints(document: &Value) -> String {
    let all = document.get("refused").and_then(Value::as_array);
    let all = all.map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return String::new();
    }
    let count = render::count(all.len() as u64, "attribute");
    let mut lines = vec![
        String::new(),
        format!("{count} could not be set as in the backup:"),
    ];
    for one in all.iter().take(SHOWN) {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
        let line = format!("{}: {}", text("path"), text("why"));
        lines.push(format!("  {}", render::line(&line)));
    }
    if all.len() > SHOWN {
        lines.push(format!("  … and {} more", all.len() - SHOWN));
    }
    lines.join("\n")
}

fn add_run(document: &mut Value, run: &RunId) {
    if let Value::Object(fields) = document {
        fields.insert("run".to_owned(), json!(run));
    }
}
