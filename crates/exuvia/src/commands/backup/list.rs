//! `exuvia backup list`: what is in the repository.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_backup::Backup;
use serde_json::json;

use super::desk::{Access, Desk};
use crate::output::Output;
use crate::render::{self, Column, Ink, Table};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia backup list
  exuvia backup list --repository sftp:me@nas:/backups --json

TAKEN is when the snapshot was taken. Backups that restic made are listed, too, without a SNAPSHOT.";

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    access: Access,
}

pub(super) fn run(machine: &Machine, args: &ListArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted("listing changes nothing");
    let desk = Desk::open(machine, &args.access, output)?;
    let backups = desk.watch(exuvia_backup::Repository::list)?;
    if output.json() {
        output.document(&json!({ "repository": desk.place(), "backups": backups }));
    } else if backups.is_empty() {
        let push = desk.sheet.typed("exuvia backup push");
        output.note(&format!("there are no backups yet; {push} makes one"));
    } else {
        output.note(&format!("Backups in {}:", desk.place()));
        output.text(&table(&backups, &desk));
    }
    Ok(ExitCode::SUCCESS)
}

/// The backups, as a person reads them.
pub(super) fn table(backups: &[Backup], desk: &Desk<'_>) -> String {
    let mut table = Table::new([
        Column::left("ID").ink(Ink::Strong),
        Column::left("TAKEN"),
        Column::right("AGE"),
        Column::left("SCOPE"),
        Column::right("SIZE"),
        Column::left("NAME").gives_way(),
        Column::left("TAGS").gives_way().ink(Ink::Dim),
        Column::left("SNAPSHOT"),
        Column::left("HOST").gives_way(),
        Column::left("OF").gives_way(),
    ]);
    for one in backups {
        let text = |text: Option<&str>| text.map(render::line).unwrap_or_default();
        let snapshot = one.snapshot.as_ref().map(exuvia_store::SnapshotId::as_str);
        table.row([
            one.id.short().to_owned(),
            desk.sheet.short(one.created_at),
            desk.sheet.age(one.created_at),
            text(one.scope.as_deref()),
            one.bytes.map(render::bytes).unwrap_or_default(),
            text(one.name.as_deref()),
            render::line(&one.tags.join(", ")),
            text(snapshot),
            render::line(&one.host),
            desk.sheet.path(Path::new(&one.source)),
        ]);
    }
    table.draw(&desk.sheet)
}
