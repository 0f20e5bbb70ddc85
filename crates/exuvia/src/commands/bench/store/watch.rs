//! Runs a program and tells what it cost.
//!
//! The kernel tells what all children of a process cost together, so each program is run by a
//! process that has no other child.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// What a program cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    /// From start to end.
    pub(super) millis: f64,
    /// Of all its threads.
    pub(super) processor_millis: f64,
    /// The largest resident set, of it or of one that it started.
    pub(super) rss_mib: f64,
}

/// Runs the command and prints its cost.
pub(crate) fn watch(args: &WatchArgs, output: &Output) -> Result<ExitCode> {
    let (program, arguments) = args.command.split_first().context("no program is named")?;
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let millis = started.elapsed().as_secs_f64() * 1000.0;
    if !status.success() {
        bail!("{} ended with {status}", program.display());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2⁵² KiB")]
    let rss_mib = usage.max_rss() as f64 / 1024.0;
    output.document(&Cost {
        millis,
        processor_millis: millis_of(usage.user_time()) + millis_of(usage.system_time()),
        rss_mib,
    });
    Ok(ExitCode::SUCCESS)
}

#[allow(clippy::cast_precision_loss, reason = "far below 2⁵² µs")]
fn millis_of(time: TimeVal) -> f64 {
    time.tv_sec() as f64 * 1000.0 + time.tv_usec() as f64 / 1000.0
}

/// Runs a command in a process that watches it.
pub(super) fn cost_of(mut command: Command) -> Result<Cost> {
    let mut watched = Command::new(std::env::current_exe()?);
    watched.args(["bench", "watch", "--"]);
    watched.arg(command.get_program()).args(command.get_args());
    watched.envs(
        command
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    if let Some(directory) = command.get_current_dir() {
        watched.current_dir(directory);
    }
    command = watched;
    let answer = command.stdin(Stdio::null()).output()?;
    if !answer.status.success() {
        bail!("{}", String::from_utf8_lossy(&answer.stderr).trim_end());
    }
    Ok(serde_json::from_slice(&answer.stdout)?)
}
