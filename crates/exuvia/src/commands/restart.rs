//! `exuvia restart`: another gateway in place of the one that runs.

mod carry_out;
mod heal;
mod install;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use exuvia_gateway::restart::Ask;
use exuvia_model::restart::{Kind, Millis};

use crate::output::Output;
use crate::session::Machine;

pub(crate) use carry_out::{Patience, carry_out, tell_handed_over};
pub(crate) use heal::heal;
pub(crate) use install::{actor, expected, restarts, this_program};

pub(crate) const EXAMPLES: &str = "\
Examples:
  exuvia restart                                 when no work is pending, after 5 min at the latest
  exuvia restart --defer 60                      the same, after 1 min at the latest
  exuvia restart --force                         now, whatever the gateway does
  exuvia restart --delay 60 --reason \"new token\"
  exuvia restart --no-wait                       ask for it and go on; `exuvia update status` tells

Asked from inside of the gateway, as by an agent, it is carried on by a process outside.
Exit codes: 0 another gateway runs, and it is the version that is installed; 1 it does not;
3 nobody can restart it, nothing was changed; 75 asked for, and carried on by another process";

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct RestartArgs {
    /// Do not wait for pending work, nor for the pause between two restarts
    #[arg(long)]
    force: bool,
    /// Wait this long before
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    delay: u64,
    /// Wait no longer than this for pending work; 5 min by default
    #[arg(long, value_name = "SECONDS", conflicts_with = "force")]
    defer: Option<u64>,
    /// Why; it is told by `exuvia update status` and `exuvia history`
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "asked for on the command line"
    )]
    reason: String,
    /// Wait for the outcome, which is the default
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Return as soon as it is asked for
    #[arg(long)]
    no_wait: bool,
    /// Carry on what was asked for
    #[arg(long, hide = true)]
    pub(crate) carry: bool,
}

pub(crate) async fn run(machine: Machine, args: RestartArgs, output: &Output) -> Result<ExitCode> {
    let restarts = restarts(&machine)?;
    if args.carry {
        restarts.drive().await?;
        return Ok(ExitCode::SUCCESS);
    }
    let ask = Ask {
        kind: Kind::Restart,
        reason: args.reason,
        actor: actor(&*machine.host),
        force: args.force,
        delay: Millis::from_secs(args.delay),
        patience: args.defer.map(Millis::from_secs),
        session: None,
        note: None,
        expected: expected(&machine)?,
    };
    let patience = if args.no_wait && !args.wait {
        Patience::None
    } else {
        Patience::UntilItIsOver
    };
    carry_out(&restarts, ask, patience, output).await
}
