//! `exuvia snapshot show`: everything that is known of a snapshot.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_recovery::{AgentId, Context, KeptFile};
use exuvia_store::{Snapshot, Why, escaped};
use serde_json::{Value, json};

use super::changes;
use super::shelf::Shelf;
use crate::output::Output;
use crate::render::{self, Facts, Ink, Sheet};
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot show before-msteams
  exuvia snapshot show 3f2a91bc --files | grep MEMORY.md";

/// How many lines are printed at once.
const PORTION: usize = 1000;

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A name, an id or the unique beginning of one
    #[arg(value_name = "SNAPSHOT")]
    snapshot: String,
    /// List what is in it instead
    #[arg(long)]
    files: bool,
}

pub(super) fn run(machine: &Machine, args: &ShowArgs, output: &Output) -> Result<ExitCode> {
    let shelf = Shelf::open_existing_or_tell(machine, output)?;
    let snapshot = shelf.find(&args.snapshot)?;
    match (args.files, output.json()) {
        (false, false) => output.text(&facts(&snapshot, &shelf.sheet)),
        (false, true) => output.document(&document(&snapshot, None)),
        (true, false) => print_files(&shelf, &snapshot)?,
        (true, true) => {
            let files = files(&shelf, &snapshot)?;
            output.document(&document(&snapshot, Some(&files)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn facts(snapshot: &Snapshot, sheet: &Sheet) -> String {
    let stats = &snapshot.stats;
    let mut facts = Facts::default();
    facts.add("Snapshot", sheet.ink(Ink::Strong, snapshot.id.as_str()));
    facts.add_some("Name", snapshot.name.as_deref().map(render::line));
    facts.add_some(
        "Description",
        snapshot.description.as_deref().map(render::line),
    );
    facts.add("Tags", render::line(&snapshot.tags.join(", ")));
    facts.add("Taken", sheet.when(snapshot.created_at));
    facts.add(
        "Of",
        format!(
            "{} ({})",
            sheet.path(&snapshot.source),
            render::line(&snapshot.scope)
        ),
    );
    facts.add(
        "Holds",
        format!(
            "{}, {} in {}",
            render::bytes(stats.bytes),
            render::count(stats.files, "file"),
            render::count(stats.directories, "directory")
        ),
    );
    facts.add(
        "Added",
        format!(
            "{} to the store; {} read",
            render::bytes(stats.added_bytes),
            render::count(stats.read_files, "file")
        ),
    );
    if snapshot.pinned {
        facts.add("Pinned", "yes: it is neither pruned nor deleted");
    }
    if let Some(context) = Context::of(snapshot) {
        add_context(&mut facts, &context, sheet);
    }
    let left_out = snapshot.left_out.iter();
    facts.list(
        "Left out",
        left_out.map(|one| format!("{} ({})", render::path(&one.path), why(one.why))),
    );
    facts.list(
        "By pattern",
        snapshot
            .excludes
            .iter()
            .map(|pattern| render::line(pattern)),
    );
    let torn = snapshot.unstable.iter();
    facts.list(
        "Unstable",
        torn.map(|path| format!("{} changed while it was read", render::path(path))),
    );
    let lost = snapshot.lost.iter();
    facts.list(
        "Lost",
        lost.map(|path| sheet.ink(Ink::Bad, render::path(path))),
    );
    facts.draw(sheet)
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Socket => "a socket means nothing without its process",
        Why::Pipe => "a named pipe holds nothing",
        Why::Device => "a device is the machine's",
        Why::LogIndex => "SQLite makes it anew",
    }
}

/// What is remembered with it, besides the tree. What files hold may be secret, and is not told.
fn add_context(facts: &mut Facts, context: &Context, sheet: &Sheet) {
    if let Some(package) = &context.package {
        let version = package.version.as_deref().unwrap_or("of unknown version");
        facts.add(
            "Package",
            format!(
                "{} {} in {}",
                render::line(&package.name),
                render::line(version),
                sheet.path(&package.root)
            ),
        );
    }
    facts.list("Agents", [render::line(&context.agents.join(", "))]);
    let kept = context.services.iter().chain(&context.config);
    facts.list(
        "And",
        kept.map(|file| format!("{} (mode {:o})", sheet.path(&file.path), file.mode)),
    );
    let outside = context.outside.iter();
    facts.list(
        "Not held",
        outside.map(|path| format!("{} lies elsewhere", sheet.path(path))),
    );
}

/// The same as a document.
fn context(snapshot: &Snapshot) -> Option<Value> {
    let context = Context::of(snapshot)?;
    let file = |file: &KeptFile| json!({ "path": escaped(&file.path), "mode": format!("{:04o}", file.mode) });
    Some(json!({
        "install": context.install,
        "stateDir": escaped(&context.state_dir),
        "agent": context.agent.as_ref().map(AgentId::as_str),
        "package": context.package.as_ref().map(|package| json!({
            "name": package.name,
            "version": package.version,
            "root": escaped(&package.root),
        })),
        "services": context.services.iter().map(file).collect::<Vec<_>>(),
        "config": context.config.as_ref().map(file),
        "agents": context.agents,
        "outside": context.outside.iter().map(|path| escaped(path)).collect::<Vec<_>>(),
    }))
}

fn document(snapshot: &Snapshot, files: Option<&[Value]>) -> Value {
    let mut document = json!({ "snapshot": snapshot, "context": context(snapshot) });
    if let (Some(fields), Some(files)) = (document.as_object_mut(), files) {
        fields.insert("files".to_owned(), files.into());
    }
    document
}

/// Everything in it, as documents.
fn files(shelf: &Shelf<'_>, snapshot: &Snapshot) -> Result<Vec<Value>> {
    let contents = shelf.recovery.store().contents(snapshot)?;
    contents
        .items()
        .map(|item| {
            let item = item?;
            let mut document = changes::entry(&item.entry);
            if let Some(fields) = document.as_object_mut() {
                fields.insert("path".to_owned(), escaped(&item.path).into());
            }
            Ok(document)
        })
        .collect()
}

/// Everything in it, printed in portions: there may be a million.
fn print_files(shelf: &Shelf<'_>, snapshot: &Snapshot) -> Result<()> {
    let contents = shelf.recovery.store().contents(snapshot)?;
    let mut portion = Vec::new();
    for item in contents.items() {
        let item = item?;
        portion.push(changes::listed(&item.path, &item.entry, &shelf.sheet));
        if portion.len() == PORTION {
            shelf.output.text(&portion.join("\n"));
            portion.clear();
        }
    }
    if !portion.is_empty() {
        shelf.output.text(&portion.join("\n"));
    }
    Ok(())
}
