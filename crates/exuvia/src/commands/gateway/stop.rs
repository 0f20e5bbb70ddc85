//! `exuvia gateway stop`: through whoever keeps it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::commands::restart::restarts;
use crate::output::Output;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia gateway stop              it stays stopped until `exuvia gateway start`

Exit codes: 0 it has stopped, 1 it has not, 3 nobody keeps it who could be asked";

/// Stop the gateway by whoever keeps it, so that it stays stopped
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StopArgs {
    /// How long it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    within: u64,
}

pub(super) async fn run(machine: &Machine, args: &StopArgs, output: &Output) -> Result<ExitCode> {
    restarts(machine)?
        .stop(Duration::from_secs(args.within))
        .await?;
    if output.json() {
        output.document(&serde_json::json!({ "stopped": true }));
    } else {
        output.text("gateway stopped");
    }
    Ok(ExitCode::SUCCESS)
}
