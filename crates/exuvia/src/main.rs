//! `exuvia`: arguments, prompts, progress, colours and exit codes. Decides nothing.

mod cli;
mod commands;
mod exit;
mod heal;
mod interrupt;
mod output;
mod picker;
mod progress;
mod render;
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
    #[cfg(target_os = "linux")]
    exuvia_host::space::enter_if_asked();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let host: Arc<dyn Host> = Arc::new(SystemHost::new());
    let output = Arc::new(Output::new(&*host, &cli.global));
    match run(cli, host, &output) {
        Ok(code) => code,
        Err(error) => exit::report(&error, &output),
    }
}

/// Runs the command until it ends or the user interrupts it. An interrupted command is stopped
/// where it stands, as a kill would: what that leaves behind, it has said before
/// ([`interrupt::Standing`]).
fn run(cli: Cli, host: Arc<dyn Host>, output: &Arc<Output>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    let ended = runtime.block_on(async {
        if cli.command.hears_interrupts() {
            return commands::run(cli, host, Arc::clone(output)).await;
        }
        tokio::select! {
            // First, so that no command runs before interrupts are listened for.
            biased;
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                output.interrupted();
                Ok(ExitCode::from(exit::INTERRUPTED))
            }
            ended = commands::run(cli, host, Arc::clone(output)) => ended,
        }
    });
    // What still runs in the background (a program, a thread that blocks) ends with this process.
    runtime.shutdown_background();
    ended
}
