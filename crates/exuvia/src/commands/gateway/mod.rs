//! `exuvia gateway …`: the gateway's life.

mod run;
mod start;
mod stop;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;

use crate::output::Output;
use crate::session::Machine;

pub(crate) use run::RunArgs;
pub(crate) use start::StartArgs;
pub(crate) use stop::StopArgs;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    Run(RunArgs),
    Start(StartArgs),
    Stop(StopArgs),
}

pub(crate) async fn run(
    machine: Machine,
    command: GatewayCommand,
    output: Arc<Output>,
) -> Result<ExitCode> {
    match command {
        GatewayCommand::Run(args) => run::run(machine, args, output).await,
        GatewayCommand::Start(args) => start::run(&machine, &args, &output).await,
        GatewayCommand::Stop(args) => stop::run(&machine, &args, &output).await,
    }
}
