//! `exuvia update …`: updates that are asked for from inside of OpenClaw.

mod run;
mod status;
mod upgrade;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::output::Output;
use crate::session::Machine;

pub(crate) use run::RunArgs;
pub(crate) use status::StatusArgs;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum UpdateCommand {
    Run(Box<RunArgs>),
    Status(StatusArgs),
}

pub(crate) async fn run(
    machine: Machine,
    command: UpdateCommand,
    output: &Output,
) -> Result<ExitCode> {
    match command {
        UpdateCommand::Run(args) => run::run(machine, *args, output).await,
        UpdateCommand::Status(args) => status::run(&machine, &args, output),
    }
}
