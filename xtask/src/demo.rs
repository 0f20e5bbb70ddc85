//! A real install with every kind of asset, and a check of it.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use exuvia_testkit::sandbox::{Sandbox, World};

use crate::workspace;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Further arguments for `exuvia check`, after `--`
    #[arg(last = true)]
    check: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let dir = workspace::target().join("demo");
    eprintln!(
        "Preparing a real OpenClaw in {} (the first time takes minutes)",
        dir.display()
    );
    let sandbox = Sandbox::prepare(&dir)?;
    let home = sandbox.home()?;
    let exuvia = workspace::build_exuvia()?;
    let world = World::start(&sandbox, home)?;

    let mut check = world.exuvia(&exuvia);
    check.arg("check").args(&arguments.check);
    // What a person sees: their language, their terminal.
    for name in ["LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR"] {
        check.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    eprintln!("→ exuvia check\n");
    let status = check
        .status()
        .with_context(|| format!("cannot run {}", exuvia.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
