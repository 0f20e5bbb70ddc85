//! `exuvia backup check`: whether every backup can be restored.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_backup::Checked;
use serde_json::{Value, json};

use super::desk::{Access, Desk};
use crate::exit;
use crate::output::Output;
use crate::render::{self, Ink};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia backup check                    everything that a backup needs is there
  exuvia backup check --read-data        and is as it was written: reads the whole repository

Exit code 1 and what is wrong, if anything is. Nothing is changed.";

/// How many problems are told.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Read all data, too
    #[arg(long)]
    read_data: bool,
    #[command(flatten)]
    access: Access,
}

pub(super) fn run(machine: &Machine, args: &CheckArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("checking changes nothing");
    let desk = Desk::open(machine, &args.access, output)?;
    let checked = desk.watch(|repository| repository.check(args.read_data))?;
    if output.json() {
        output.document(&document(&desk, &checked));
    } else if checked.is_clean() {
        desk.tell(clean(&desk, &checked));
    } else {
        desk.tell(harm(&desk, &checked));
    }
    let code = if checked.is_clean() { 0 } else { exit::ERROR };
    Ok(ExitCode::from(code))
}

fn document(desk: &Desk<'_>, checked: &Checked) -> Value {
    let mut document = json!(checked);
    if let Value::Object(fields) = &mut document {
        fields.insert("clean".to_owned(), json!(checked.is_clean()));
        fields.insert("repository".to_owned(), json!(desk.place()));
    }
    document
}

fn clean(desk: &Desk<'_>, checked: &Checked) -> String {
    let backups = render::count(checked.backups as u64, "backup");
    let how = if checked.data_was_read {
        "everything was read, and is as it was written"
    } else {
        "everything that they need is there"
    };
    let told = format!("{backups} in {}: {how}.", desk.place());
    if checked.notes.is_empty() {
        return told;
    }
    let prune = desk.sheet.typed("exuvia backup forget --prune");
    let notes = render::count(checked.notes.len() as u64, "pack");
    format!(
        "{told}\n{notes} needed by no backup, left by a push that was cut short: the next push uses \
         what it can, and {prune} clears the rest away."
    )
}

fn harm(desk: &Desk<'_>, checked: &Checked) -> String {
    let mut lines = vec![desk.sheet.ink(Ink::Bad, "The repository is damaged.")];
    let problems = checked.problems.iter().take(SHOWN);
    lines.extend(problems.map(|problem| format!("  {}", render::line(problem))));
    if checked.problems.len() > SHOWN {
        let more = checked.problems.len() - SHOWN;
        lines.push(format!("  … and {more} more (--json names all)"));
    }
    lines.join("\n")
}
