//! `exuvia gateway start`: through whoever keeps it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::commands::restart::restarts;
use crate::output::Output;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia gateway start             systemd, launchd or `exuvia gateway run` starts it
  exuvia gateway start --within 300

Exit codes: 0 it runs and says that it has started, 1 it does not, 3 nobody can start it";

/// Start the gateway by whoever keeps it, and wait until it has started
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StartArgs {
    /// How long it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    within: u64,
}

pub(super) async fn run(machine: &Machine, args: &StartArgs, output: &Output) -> Result<ExitCode> {
    let within = Duration::from_secs(args.within);
    let look = restarts(machine)?.start(within).await?;
    let pid = look.presence.process().map(|seen| seen.id.pid);
    if output.json() {
        output.document(&serde_json::json!({ "pid": pid, "version": look.version }));
    } else {
        let version = look
            .version
            .map_or_else(|| "of unknown version".to_owned(), |v| v.to_string());
        output.text(&format!(
            "gateway {version} runs: process {}",
            pid.unwrap_or_default()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
