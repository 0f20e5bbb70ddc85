//! `exuvia update status`: what came of a restart.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;
use exuvia_gateway::restart::{RestartError, Restarts};
use exuvia_model::restart::RequestId;
use exuvia_model::sentinel::{Outcome, Sentinel};
use exuvia_model::text;

use crate::commands::restart::restarts;
use crate::exit::{self, Usage};
use crate::output::Output;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia update status                           of the last one
  exuvia update status run_0123456789abcdef --json

Exit codes: 0 the expected version was found running, or it is still under way; 1 it failed";

/// Tell what came of an update or restart
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    /// The run; the last one by default
    #[arg(value_name = "RUN")]
    run: Option<String>,
}

pub(super) fn run(machine: &Machine, args: &StatusArgs, output: &Output) -> Result<ExitCode> {
    let restarts = restarts(machine)?;
    let Some(sentinel) = find(&restarts, args.run.as_deref())? else {
        if output.json() {
            output.document(&serde_json::Value::Null);
        } else {
            output.text("no restart was ever asked for");
        }
        return Ok(ExitCode::SUCCESS);
    };
    if output.json() {
        output.document(&sentinel);
    } else {
        output.text(&told(&sentinel));
    }
    let has_failed = matches!(sentinel.outcome, Outcome::Failed { .. });
    Ok(ExitCode::from(if has_failed { exit::ERROR } else { 0 }))
}

fn find(restarts: &Restarts, run: Option<&str>) -> Result<Option<Sentinel>> {
    let Some(run) = run else {
        return Ok(restarts.sentinels()?.into_iter().next());
    };
    let run: RequestId = run
        .parse()
        .map_err(|error: exuvia_model::restart::NotARequestId| anyhow!(Usage(error.to_string())))?;
    let found = restarts.sentinel(&run)?;
    Ok(Some(found.ok_or(RestartError::NoRun(run))?))
}

fn told(sentinel: &Sentinel) -> String {
    let clean = |words: &str| text::one_line(words, 300);
    let outcome = match &sentinel.outcome {
        Outcome::Pending => "under way".to_owned(),
        Outcome::Deferred { until, why } => format!("deferred until {until}: {}", clean(why)),
        Outcome::Restarted => "restarted".to_owned(),
        Outcome::Failed { why } => format!("FAILED: {}", clean(why)),
    };
    let unknown = || "unknown".to_owned();
    let before = sentinel
        .version_before
        .as_ref()
        .map_or_else(unknown, ToString::to_string);
    let found = sentinel.found.as_ref();
    let found = found.map_or_else(|| "nobody has looked".to_owned(), ToString::to_string);
    let note = sentinel.note.as_ref();
    let note = note.map_or_else(|| "none".to_owned(), |note| note.delivery.to_string());
    [
        ("run", sentinel.run.to_string()),
        (
            "asked",
            format!("{} by {}", sentinel.asked_at, clean(&sentinel.actor)),
        ),
        ("reason", clean(&sentinel.reason)),
        ("outcome", outcome),
        ("before", before),
        ("expected", sentinel.version_expected.to_string()),
        ("found", found),
        ("note", note),
    ]
    .map(|(name, value)| format!("{name:<10}{value}"))
    .join("\n")
}
