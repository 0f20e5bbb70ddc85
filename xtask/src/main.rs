//! The recurring commands of this repository: `cargo xtask <command>`.
#![allow(
    clippy::disallowed_methods,
    reason = "a task runner starts programs; product code goes through exuvia-host"
)]

mod check;
mod demo;
mod deny;
mod lanes;
mod peers;
mod run;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The recurring commands of this repository"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Formatting, lints and docs, as CI checks them
    Check,
    /// Make a real OpenClaw install under target/demo and run `exuvia check` on it
    Demo(demo::Arguments),
    /// Licences and sources of the dependencies; gets cargo-deny if it is missing
    Deny(deny::Arguments),
    /// Install what the tests need and run them
    Test(test::Arguments),
}

fn main() -> ExitCode {
    run(Arguments::parse().task).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Check => check::run().map(|()| ExitCode::SUCCESS),
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Deny(arguments) => deny::run(&arguments).map(|()| ExitCode::SUCCESS),
        Task::Test(arguments) => test::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}
