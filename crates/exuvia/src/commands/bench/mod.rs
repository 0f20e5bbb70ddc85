//! `exuvia bench`: Exuvia beside what it replaces, on the same data, in one run.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark prepares real files and measures this process's children"
)]

mod aim;
mod check;
mod numbers;
mod store;
mod upgrade;

use std::process::ExitCode;

use anyhow::Result;

pub(crate) use check::CheckBenchArgs;
pub(crate) use store::{Job, StoreBenchArgs, WatchArgs, WriterArgs};
pub(crate) use upgrade::UpgradeBenchArgs;

use crate::cli::BenchCommand;
use crate::output::Output;

pub(crate) fn run(command: &BenchCommand, output: &Output) -> Result<ExitCode> {
    match command {
        BenchCommand::Check(args) => check::run(args, output),
        BenchCommand::Store(args) => store::run(args, output),
        BenchCommand::Upgrade(args) => upgrade::run(args, output),
        BenchCommand::Watch(args) => store::watch(args, output),
        BenchCommand::Job(job) => store::job(job),
        BenchCommand::Writer(args) => store::writer(args),
    }
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
