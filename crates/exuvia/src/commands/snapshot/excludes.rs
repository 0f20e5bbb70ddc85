//! `exuvia snapshot excludes`: what snapshots leave out.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_recovery::excludes::{self, From, Patterns};
use exuvia_store::escaped;
use serde_json::json;

use crate::output::Output;
use crate::render;
use crate::session::Machine;

pub(super) const EXAMPLES: &str = "\
Examples:
  exuvia snapshot excludes            the list that is in force
  exuvia snapshot excludes --init     writes it to a file, to be changed

The file is $EXUVIA_HOME/snapshot-excludes, in the manner of .gitignore. When it is there it takes
the place of the built-in list.";

#[derive(Debug, Args)]
pub(crate) struct ExcludesArgs {
    /// Write the built-in list to the file, if there is none yet
    #[arg(long)]
    init: bool,
}

impl ExcludesArgs {
    pub(super) fn writes(&self) -> bool {
        self.init
    }
}

pub(super) fn run(machine: &Machine, args: &ExcludesArgs, output: &Output) -> Result<ExitCode> {
    if args.init {
        let path = excludes::write_default(&*machine.host, &machine.home)?;
        output.note(&format!(
            "written to {}; change it as you like",
            path.display()
        ));
    }
    let Patterns { patterns, from } = excludes::effective(&*machine.host, &machine.home)?;
    let file = match &from {
        From::Builtin => None,
        From::File(path) => Some(path),
    };
    if output.json() {
        let from = if file.is_some() { "file" } else { "built-in" };
        let path = file.map(|path| escaped(path));
        output.document(&json!({ "from": from, "path": path, "patterns": patterns }));
        return Ok(ExitCode::SUCCESS);
    }
    let sheet = output.sheet(&*machine.host);
    output.note(&match file {
        Some(path) => format!("Left out by {}:", sheet.path(path)),
        None => format!(
            "Left out by the built-in list ({} writes it to a file, to be changed):",
            sheet.typed("exuvia snapshot excludes --init")
        ),
    });
    let lines = patterns.iter().map(|pattern| render::line(pattern));
    output.text(&lines.collect::<Vec<_>>().join("\n"));
    Ok(ExitCode::SUCCESS)
}
