//! One command, one file.

pub(crate) mod backup;
#[cfg(feature = "bench")]
pub(crate) mod bench;
pub(crate) mod block;
mod check;
mod completions;
mod detail;
mod doctor;
pub(crate) mod gateway;
pub(crate) mod history;
pub(crate) mod inhibit;
mod installs;
mod lists;
mod phases;
pub(crate) mod pin;
mod policy;
mod report;
pub(crate) mod restart;
mod select;
pub(crate) mod snapshot;
pub(crate) mod stand_in_model;
pub(crate) mod status;
pub(crate) mod update;
pub(crate) mod upgrade;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use exuvia_host::Host;

use crate::cli::{Cli, Command};
use crate::heal::{self, Tolerance};
use crate::output::Output;
use crate::session::{Machine, Session};

/// Runs the command that was asked for.
pub(crate) async fn run(cli: Cli, host: Arc<dyn Host>, output: Arc<Output>) -> Result<ExitCode> {
    let machine = || Machine::open(host.clone(), &cli.global);
    if cli.command.heals() {
        heal(machine(), cli.command.tolerance(), &output).await?;
    }
    let open = || Session::open(machine()?);
    match cli.command {
        Command::Check(args) => check::run(&open()?, &args, &output).await,
        Command::Inventory => phases::inventory(&open()?, &output),
        Command::Scan(args) => phases::scan(&open()?, &args, &output).await,
        Command::Changelog(args) => phases::changelog(&open()?, &args, &output).await,
        Command::Risk(args) => phases::risk(&open()?, &args, &output).await,
        Command::Report(args) => report::run(&open()?, &args, &output),
        Command::Detail(args) => detail::run(&open()?, &args, &output),
        Command::Select(args) => select::run(&open()?, &args, &output),
        Command::Upgrade(args) => upgrade::upgrade(machine()?, args, &output).await,
        Command::Rehearse(args) => upgrade::rehearse::rehearse(machine()?, args, &output).await,
        Command::Rollback(args) => upgrade::rollback(machine()?, args, &output).await,
        Command::Resume(args) => upgrade::resume(machine()?, args, &output).await,
        Command::Pin(args) => {
            let machine = machine()?;
            blocking(move || pin::pin(machine, &args, &output)).await
        }
        Command::Unpin(args) => {
            let machine = machine()?;
            blocking(move || pin::unpin(machine, &args, &output)).await
        }
        Command::Block(args) => {
            let machine = machine()?;
            blocking(move || block::block(machine, &args, &output)).await
        }
        Command::Unblock(args) => {
            let machine = machine()?;
            blocking(move || block::unblock(machine, &args, &output)).await
        }
        Command::Inhibit(args) => {
            let machine = machine()?;
            blocking(move || inhibit::inhibit(machine, &args, &output)).await
        }
        Command::Snapshot(command) => {
            let machine = machine()?;
            blocking(move || snapshot::run(&machine, &command, &output)).await
        }
        Command::Backup(command) => {
            let machine = machine()?;
            blocking(move || backup::run(&machine, &command, &output)).await
        }
        Command::History(args) => {
            let machine = machine()?;
            blocking(move || history::run(&machine, &args, &output)).await
        }
        Command::Status(args) => status::run(&machine()?, &args, &output).await,
        Command::Doctor => doctor::run(&machine()?, &output).await,
        Command::Restart(args) => restart::run(machine()?, args, &output).await,
        Command::Update(command) => update::run(machine()?, command, &output).await,
        Command::Gateway(command) => gateway::run(machine()?, command, output).await,
        Command::Installs => Ok(installs::run(&*host, &output)),
        Command::StandInModel(args) => blocking(move || stand_in_model::run(&args, &output)).await,
        Command::Completions { shell } => completions::run(shell, &output),
        #[cfg(feature = "bench")]
        Command::Bench(command) => bench::run(&command, &output),
    }
}

/// Does work that reads and writes without ever waiting on the runtime, on a thread of its
/// own: so an interrupt is heard meanwhile.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Finishes what an interrupted command left behind.
async fn heal(machine: Result<Machine>, tolerance: Tolerance, output: &Arc<Output>) -> Result<()> {
    let machine = match machine {
        Ok(machine) => machine,
        Err(error) if tolerance != Tolerance::Anything => return Err(error),
        // A command that needs Exuvia's own directory says so itself.
        Err(_) => return Ok(()),
    };
    let (shared, whole) = (Arc::clone(output), machine.clone());
    blocking(move || heal::heal(&whole, tolerance, &shared)).await?;
    upgrade::heal(&machine, tolerance, output).await?;
    restart::heal(&machine, output).await;
    Ok(())
}
