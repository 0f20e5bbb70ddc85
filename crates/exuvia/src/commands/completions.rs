//! `exuvia completions`: a completion script.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::Output;

pub(crate) fn run(shell: Shell, output: &Output) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "exuvia", &mut script);
    output.text(std::str::from_utf8(&script)?);
    Ok(ExitCode::SUCCESS)
}
