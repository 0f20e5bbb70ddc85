//! `exuvia snapshot list`: what there is to come back to.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_openclaw::{Install, LocateError};
use exuvia_recovery::Context;
use exuvia_store::{Snapshot, StoreError};
use serde_json::json;

use super::create::ScopeName;
use super::shelf::{self, Shelf};
use crate::output::Output;
use crate::render::{self, Column, Ink, Sheet, Table};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot list
  exuvia snapshot list --tag risky
  exuvia snapshot list --all-installs --json

SIZE is what a snapshot holds, ADDED is by what the store grew when it was taken.";

/// Terminals of so many columns have room for all that may be told.
const ROOMY: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Those of every install, of one that is gone too
    #[arg(long)]
    all_installs: bool,
    /// Only those with this tag; given several times, with all of them
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Only those of this scope
    #[arg(long, value_enum, value_name = "SCOPE")]
    scope: Option<ScopeName>,
}

impl ListArgs {
    fn wants(&self, snapshot: &Snapshot) -> bool {
        self.scope
            .is_none_or(|scope| snapshot.scope == scope.name())
            && self.tags.iter().all(|tag| snapshot.tags.contains(tag))
    }
}

pub(super) fn run(machine: &Machine, args: &ListArgs, output: &Output) -> Result<ExitCode> {
    let install = whose(machine, args, output)?;
    let (all, damaged) = match Shelf::open_existing(machine, output)? {
        Some(shelf) => shelf.recovery.list(install.as_ref())?,
        None => Default::default(),
    };
    let wanted: Vec<&Snapshot> = all.iter().filter(|one| args.wants(one)).collect();
    if output.json() {
        let damaged: Vec<String> = damaged.iter().map(ToString::to_string).collect();
        output.document(&json!({ "snapshots": wanted, "damaged": damaged }));
        return Ok(ExitCode::SUCCESS);
    }
    let sheet = output.sheet(&*machine.host);
    if wanted.is_empty() {
        output.note(&none(&all, install.as_ref(), &sheet));
    } else {
        output.note(&heading(install.as_ref(), &sheet));
        output.text(&table(&wanted, &all, install.is_none(), &sheet));
    }
    if !damaged.is_empty() {
        output.text(&lost(&damaged, &sheet));
    }
    Ok(ExitCode::SUCCESS)
}

/// The install whose snapshots are listed; `None` for all. Where no install is left to be found,
/// its snapshots are what one looks for.
fn whose(machine: &Machine, args: &ListArgs, output: &Output) -> Result<Option<Install>> {
    if args.all_installs {
        return Ok(None);
    }
    match machine.install() {
        Ok(install) => Ok(Some(install)),
        Err(LocateError::NotFound { .. }) if !machine.names_an_install() => {
            output.note("no OpenClaw was found; told are the snapshots of all installs");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn heading(install: Option<&Install>, sheet: &Sheet) -> String {
    install.map_or_else(
        || "Snapshots of all installs:".to_owned(),
        |install| format!("Snapshots of {}:", sheet.path(&install.state_dir)),
    )
}

fn none(all: &[Snapshot], install: Option<&Install>, sheet: &Sheet) -> String {
    let of = install.map_or_else(String::new, |install| {
        format!(" of {}", sheet.path(&install.state_dir))
    });
    if all.is_empty() {
        let create = sheet.typed("exuvia snapshot create");
        format!("there are no snapshots{of} yet; {create} takes one")
    } else {
        let other = render::count(all.len() as u64, "snapshot");
        format!("none of the {other}{of} is such a one")
    }
}

fn table(wanted: &[&Snapshot], all: &[Snapshot], with_install: bool, sheet: &Sheet) -> String {
    let mut table = Table::new([
        Column::left("ID").ink(Ink::Strong),
        Column::left("TAKEN"),
        Column::right("AGE"),
        Column::left("SCOPE"),
        Column::right("SIZE"),
        Column::right("ADDED"),
        Column::left("NAME").gives_way(),
        Column::left("TAGS").gives_way().ink(Ink::Dim),
        Column::left("PIN").ink(Ink::Attention),
        Column::left("INSTALL").gives_way(),
    ]);
    // Where it says nothing there is better use for the room.
    let tells_scope = sheet.width.is_none_or(|width| width >= ROOMY)
        || wanted.iter().any(|one| one.scope != "install");
    for one in wanted {
        let name = one.name.as_deref().map(render::line);
        let install = with_install.then(|| sheet.path(&one.source));
        table.row([
            shelf::short(&one.id, all),
            sheet.short(one.created_at),
            sheet.age(one.created_at),
            if tells_scope {
                scope(one)
            } else {
                String::new()
            },
            render::bytes(one.stats.bytes),
            render::bytes(one.stats.added_bytes),
            name.unwrap_or_default(),
            render::line(&one.tags.join(", ")),
            marks(one),
            install.unwrap_or_default(),
        ]);
    }
    table.draw(sheet)
}

/// What it is of; of an agent, which one.
fn scope(snapshot: &Snapshot) -> String {
    let agent = Context::of(snapshot).and_then(|context| context.agent);
    match agent {
        Some(agent) => format!("{} {agent}", snapshot.scope),
        None => render::line(&snapshot.scope),
    }
}

/// What must be known of a snapshot before one relies on it.
fn marks(snapshot: &Snapshot) -> String {
    let marks = [
        (snapshot.pinned, "pinned"),
        (!snapshot.lost.is_empty(), "harmed"),
        (!snapshot.unstable.is_empty(), "unstable"),
    ];
    let marks = marks
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word));
    marks.collect::<Vec<_>>().join(", ")
}

fn lost(damaged: &[StoreError], sheet: &Sheet) -> String {
    let count = render::count(damaged.len() as u64, "snapshot");
    let verify = sheet.typed("exuvia snapshot verify");
    sheet.ink(
        Ink::Bad,
        format!("{count} cannot be read any more; {verify} tells more"),
    )
}
