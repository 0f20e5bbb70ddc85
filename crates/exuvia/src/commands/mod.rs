//! One command, one file.

#[cfg(feature = "bench")]
pub(crate) mod bench;
mod check;
mod completions;
mod detail;
mod installs;
mod phases;
mod report;
mod select;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use exuvia_host::Host;

use crate::cli::{Cli, Command};
use crate::output::Output;
use crate::session::Session;

/// Runs the command that was asked for.
pub(crate) async fn run(cli: Cli, host: Arc<dyn Host>, output: &Output) -> Result<ExitCode> {
    let global = &cli.global;
    let open = || Session::open(host.clone(), global);
    match &cli.command {
        Command::Check(args) => check::run(&open()?, args, output).await,
        Command::Inventory => phases::inventory(&open()?, output),
        Command::Scan(args) => phases::scan(&open()?, args, output).await,
        Command::Changelog(args) => phases::changelog(&open()?, args, output).await,
        Command::Risk(args) => phases::risk(&open()?, args, output).await,
        Command::Report(args) => report::run(&open()?, args, output),
        Command::Detail(args) => detail::run(&open()?, args, output),
        Command::Select(args) => select::run(&open()?, args, output),
        Command::Installs => Ok(installs::run(&*host, output)),
        Command::Completions { shell } => completions::run(*shell, output),
        #[cfg(feature = "bench")]
        Command::Bench(command) => bench::run(command, output),
    }
}
