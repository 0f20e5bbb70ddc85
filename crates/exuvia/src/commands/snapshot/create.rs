//! `exuvia snapshot create`: a snapshot of the install, or of one agent.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use exuvia_recovery::{AgentId, Scope, TakeOptions, Taken};
use exuvia_store::Snapshot;
use serde_json::json;

use super::shelf::Shelf;
use crate::exit::Usage;
use crate::output::Output;
use crate::render;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot create
  exuvia snapshot create --name before-msteams --tag risky
  exuvia snapshot create --agent main --description 'before it cleans up its memory'

The gateway may run meanwhile. Files that have not changed since the last snapshot are not read
again. `exuvia snapshot excludes` tells what is left out.";

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What to take; one agent if --agent names it
    #[arg(long, value_enum, value_name = "SCOPE")]
    scope: Option<ScopeName>,
    /// The agent to take
    #[arg(long, value_name = "ID", required_if_eq("scope", "agent"))]
    agent: Option<String>,
    /// A name to find it by
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A word to find it by; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A line about it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Take files that never hold still as they are, and say so
    #[arg(long)]
    accept_unstable: bool,
}

/// What can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ScopeName {
    /// The whole install
    Install,
    /// One agent, with its workspace
    Agent,
}

impl ScopeName {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Agent => "agent",
        }
    }
}

pub(super) fn run(machine: &Machine, args: &CreateArgs, output: &Output) -> Result<ExitCode> {
    let options = options(args)?;
    let install = machine.install()?;
    output.if_interrupted("no snapshot was taken, and nothing else was changed");
    let shelf = Shelf::open(machine, output)?;
    let (taken, time) = shelf.watch(|recovery| recovery.take(&install, options));
    let taken = taken?;
    if output.json() {
        output.document(&json!({
            "snapshot": taken.snapshot,
            "outside": taken.outside,
            "run": taken.run,
        }));
    } else {
        shelf.tell(told(&shelf, &taken, time)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn options(args: &CreateArgs) -> Result<TakeOptions> {
    let scope = match (args.scope, &args.agent) {
        (Some(ScopeName::Install), Some(_)) => {
            let why =
                "--agent takes one agent, and --scope install takes everything: give one of them";
            return Err(Usage(why.to_owned()).into());
        }
        (_, Some(agent)) => Scope::Agent(AgentId::new(agent)?),
        (_, None) => Scope::Install,
    };
    Ok(TakeOptions {
        scope,
        name: args.name.clone(),
        description: args.description.clone(),
        tags: args.tags.clone(),
        accept_unstable: args.accept_unstable,
    })
}

fn told(shelf: &Shelf<'_>, taken: &Taken, time: Duration) -> Result<String> {
    let snapshot = &taken.snapshot;
    let stats = &snapshot.stats;
    let mut lines = vec![format!(
        "Took {}: {}, {}, in {}; {}.",
        shelf.title(snapshot)?,
        render::count(stats.files, "file"),
        render::bytes(stats.bytes),
        render::took(time),
        news(snapshot),
    )];
    if !taken.outside.is_empty() {
        let paths = taken.outside.iter().map(|path| shelf.sheet.path(path));
        lines.push(format!(
            "Not held, for it lies elsewhere: {}",
            enumerated(paths.collect(), "place")
        ));
    }
    if !snapshot.unstable.is_empty() {
        let paths = snapshot.unstable.iter().map(|path| render::path(path));
        lines.push(format!(
            "Taken while they were written, and perhaps torn: {}",
            enumerated(paths.collect(), "file")
        ));
    }
    Ok(lines.join("\n"))
}

/// What the snapshot added to the store.
fn news(snapshot: &Snapshot) -> String {
    let stats = &snapshot.stats;
    if stats.read_files == 0 && stats.added_bytes == 0 {
        return "nothing had changed since the last one".to_owned();
    }
    format!(
        "{} new ({} read)",
        render::bytes(stats.added_bytes),
        render::count(stats.read_files, "file")
    )
}

/// The first few of many.
fn enumerated(mut names: Vec<String>, one: &str) -> String {
    const SHOWN: usize = 3;
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let told = names.join(", ");
    if more == 0 {
        return told;
    }
    let more = render::count(more as u64, &format!("more {one}"));
    format!("{told} and {more}")
}
