//! `exuvia snapshot prune`: what retention deletes, and the room that is given back.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_store::retention::{Decision, Reason};
use exuvia_store::{Pruned, Snapshot};
use serde_json::{Value, json};

use super::shelf::{self, Shelf};
use crate::commands::policy::PolicyArgs;
use crate::output::Output;
use crate::render::{self, Column, Ink, Table};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot prune                        only give back what no snapshot needs
  exuvia snapshot prune --keep-last 10 --keep-daily 7 --keep-weekly 4 --dry-run
  exuvia snapshot prune --keep-within 12h --max-age 30d

Each keep rule keeps what it says; what none keeps goes. The limits go before the rules. The newest
and the pinned ones always stay. Ages are 90min, 12h, 30d, 2w.";

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Only tell what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    policy: PolicyArgs,
}

impl PruneArgs {
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

pub(super) fn run(machine: &Machine, args: &PruneArgs, output: &Output) -> Result<ExitCode> {
    output.if_interrupted(
        "snapshots may have been deleted, and none is harmed; the next prune goes on from there",
    );
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let (snapshots, _) = shelf.recovery.list(None)?;
    let decisions = match args.policy.policy() {
        Some(policy) => Some(shelf.recovery.retain(&policy, args.dry_run)?),
        None => None,
    };
    let (pruned, _) = shelf.watch(|recovery| recovery.prune(args.dry_run));
    let pruned = pruned?;
    if output.json() {
        output.document(&document(args.dry_run, decisions.as_deref(), pruned));
        return Ok(ExitCode::SUCCESS);
    }
    match &decisions {
        Some(decisions) => output.text(&verdicts(decisions, &snapshots, args.dry_run, &shelf)),
        None => output.note("no policy was given, so no snapshot goes: see --help"),
    }
    let some_go = decisions.iter().flatten().any(|one| !one.keeps());
    shelf.tell(room(args.dry_run, some_go, pruned));
    Ok(ExitCode::SUCCESS)
}

fn document(dry_run: bool, decisions: Option<&[Decision]>, pruned: Pruned) -> Value {
    let decisions: Vec<Value> = decisions
        .unwrap_or_default()
        .iter()
        .map(|decision| {
            let reasons: Vec<&str> = decision.reasons.iter().map(|one| word(*one)).collect();
            json!({ "snapshot": decision.id, "kept": decision.keeps(), "reasons": reasons })
        })
        .collect();
    json!({
        "dryRun": dry_run,
        "decisions": decisions,
        "packs": pruned.packs,
        "trees": pruned.trees,
        "bytes": pruned.bytes,
    })
}

/// Which go, and why each other stays.
fn verdicts(
    decisions: &[Decision],
    snapshots: &[Snapshot],
    dry_run: bool,
    shelf: &Shelf<'_>,
) -> String {
    let goes = if dry_run { "would go" } else { "gone" };
    let mut table = Table::new([
        Column::left("ID").ink(Ink::Strong),
        Column::left("TAKEN"),
        Column::right("AGE"),
        Column::left("VERDICT"),
        Column::left("NAME").gives_way(),
        Column::left("INSTALL").gives_way(),
    ]);
    let several = snapshots.windows(2).any(|two| match two {
        [one, other] => one.source != other.source,
        _ => false,
    });
    // Newest last, as everywhere.
    for decision in decisions.iter().rev() {
        let Some(one) = snapshots.iter().find(|one| one.id == decision.id) else {
            continue;
        };
        let reasons: Vec<&str> = decision.reasons.iter().map(|one| told(*one)).collect();
        let verdict = if decision.keeps() {
            format!("stays: {}", reasons.join(", "))
        } else {
            goes.to_owned()
        };
        table.row([
            shelf::short(&one.id, snapshots),
            shelf.sheet.short(one.created_at),
            shelf.sheet.age(one.created_at),
            verdict,
            one.name.as_deref().map(render::line).unwrap_or_default(),
            if several {
                shelf.sheet.path(&one.source)
            } else {
                String::new()
            },
        ]);
    }
    let gone = decisions.iter().filter(|one| !one.keeps()).count() as u64;
    let stay = decisions.len() as u64 - gone;
    let summary = format!("{} {goes}, {stay} stay.", render::count(gone, "snapshot"));
    format!("{}\n{summary}", table.draw(&shelf.sheet))
}

/// The room that is given back. What only snapshots need that would go is not known before they
/// have gone.
fn room(dry_run: bool, some_go: bool, pruned: Pruned) -> String {
    let bytes = render::bytes(pruned.bytes);
    match (dry_run, some_go, pruned.bytes) {
        (true, true, 0) => "What only they need would be given back.".to_owned(),
        (true, true, _) => format!("{bytes} and what only they need would be given back."),
        (_, _, 0) => "There was nothing to give back.".to_owned(),
        (true, false, _) => format!("{bytes} would be given back."),
        (false, _, _) => format!("{bytes} were given back."),
    }
}

/// As documents name it.
fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Pinned => "pinned",
        Reason::Newest => "newest",
        Reason::Last => "last",
        Reason::Hourly => "hourly",
        Reason::Daily => "daily",
        Reason::Weekly => "weekly",
        Reason::Within => "within",
        Reason::NoRule => "no-rule",
    }
}

/// As a person reads it.
fn told(reason: Reason) -> &'static str {
    match reason {
        Reason::Within => "young",
        Reason::NoRule => "within the limits",
        other => word(other),
    }
}
