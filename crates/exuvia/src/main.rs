//! `exuvia`: arguments, prompts, progress, colours and exit codes. Decides nothing.

mod cli;
mod commands;
mod exit;
mod output;
mod picker;
mod progress;
mod session;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use exuvia_host::{Host, SystemHost};

use crate::cli::Cli;
use crate::output::Output;

/// How many threads read, inflate and look into files; more would cost memory and gain nothing.
const BLOCKING_THREADS: usize = 8;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let host: Arc<dyn Host> = Arc::new(SystemHost::new());
    let output = Output::new(&*host, &cli.global);
    match run(cli, host, &output) {
        Ok(code) => code,
        Err(error) => exit::report(&error, &output),
    }
}

/// Runs the command until it ends or the user interrupts it. Documents are replaced in one step,
/// so an interrupt leaves the old one or the new one.
fn run(cli: Cli, host: Arc<dyn Host>, output: &Output) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = commands::run(cli, host, output) => ended,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                output.note("interrupted; nothing was changed but what was already written whole");
                Ok(ExitCode::from(exit::INTERRUPTED))
            }
        }
    });
    // Programs that still run in the background (git) end with this process.
    runtime.shutdown_background();
    ended
}
