//! The dependencies' licences, sources and, where they can be had, advisories.

use std::process::Stdio;

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, show};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Look for known weaknesses too; fetches the advisory database
    #[arg(long)]
    advisories: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut version = cargo(&["deny", "--version"]);
    let present = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !present.is_ok_and(|status| status.success()) {
        eprintln!("cargo-deny is not installed; building it takes some minutes, once");
        show(&mut cargo(&["install", "cargo-deny", "--locked"]))?;
    }
    show(&mut cargo(&[
        "deny", "check", "licenses", "bans", "sources",
    ]))?;
    if arguments.advisories {
        show(&mut cargo(&["deny", "check", "advisories"]))?;
    }
    Ok(())
}
