//! `exuvia gateway run`: keeps the gateway alive.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use exuvia_gateway::keeper::{Keeper, KeeperOptions, Notice};
use exuvia_host::Command;
use exuvia_model::supervision::{Ending, Terms};

use crate::commands::restart::this_program;
use crate::output::Output;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia gateway run                                 in the foreground, until Ctrl-C
  exuvia gateway run --max-memory 2048               restart it when it holds more than 2 GiB
  exuvia gateway run -- --port 18790 --bind loopback words for `openclaw gateway run`

Signals: TERM, INT and HUP end it and the gateway; USR1 is handed on; USR2 makes it become the
program that now lies where it did, without touching the gateway.
Exit codes: 0 told to end, 78 the gateway's configuration cannot work, 1 error";

/// Keep the gateway alive: start it, and again whenever it ends
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// How long it may take to stop before it is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
    /// Restart it when it holds more memory than this
    #[arg(long, value_name = "MIB")]
    max_memory: Option<u64>,
    /// Words for `openclaw gateway run`
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<OsString>,
}

pub(crate) async fn run(machine: Machine, args: RunArgs, output: Arc<Output>) -> Result<ExitCode> {
    let install = machine.install()?;
    let options = KeeperOptions {
        arguments: args.arguments,
        terms: Terms {
            grace: Duration::from_secs(args.grace),
        },
        max_resident: args.max_memory.map(|mib| mib.saturating_mul(1024 * 1024)),
        ..KeeperOptions::default()
    };
    let tell = move |notice: Notice<'_>| output.note(&words(&notice));
    let keeper = Keeper::new(
        machine.host,
        &machine.home,
        install,
        options,
        myself()?,
        tell,
    );
    let code = keeper.run().await?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// What this process was run as.
fn myself() -> Result<Command> {
    Ok(Command::new(this_program()?).args(std::env::args_os().skip(1)))
}

fn words(notice: &Notice<'_>) -> String {
    match notice {
        Notice::Started { pid, log } => {
            format!("gateway started: process {pid}, log {}", log.display())
        }
        Notice::Found { pid } => format!("gateway found running: process {pid}; keeping it"),
        Notice::Ended {
            ending,
            again_in: Some(wait),
        } => format!(
            "gateway ended ({}); starting it again in {} s",
            how(*ending),
            wait.as_secs_f64().ceil()
        ),
        Notice::Ended { ending, .. } => format!(
            "gateway ended ({}): its configuration cannot work, so it is not started again; \
             `openclaw config validate` says what is wrong",
            how(*ending)
        ),
        Notice::Restarts => "gateway restarts as it asked to".to_owned(),
        Notice::Stopped => "gateway stopped".to_owned(),
        Notice::Killed => "gateway did not stop in time; killing it".to_owned(),
        Notice::TooLarge { resident } => format!(
            "gateway holds {} MiB of memory, more than it may; restarting it",
            resident / (1024 * 1024)
        ),
        Notice::Failed { error } => format!("exuvia: {error}"),
    }
}

fn how(ending: Ending) -> String {
    match ending {
        Ending::Exit(code) => format!("exit code {code}"),
        Ending::Signal(number) => format!("signal {number}"),
        Ending::Unknown => "how is not known: another process started it".to_owned(),
    }
}
