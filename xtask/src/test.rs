//! All tests, with what they need.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use exuvia_testkit::machine::Image;
use exuvia_testkit::sandbox::Sandbox;

use crate::lanes::{self, Program};
use crate::run::{cargo, show};
use crate::{peers, workspace};

/// Where the tests lie that need a real OpenClaw.
const END_TO_END: &str = "tests";
/// Where those lie that are hard on the machine.
const HOST: &str = "crates/exuvia-host";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Leave out the end-to-end tests, which need the network and some minutes
    #[arg(long)]
    fast: bool,
    /// Only these programs, such as `tests/upgrade`, or those of a package, such as `exuvia-store`
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    peers::ensure()?;
    if arguments.fast {
        workspace::build_exuvia()?;
        let mut programs = wanted(arguments)?;
        programs.retain(|program| !program.is_of(END_TO_END));
        return all(programs, &[], &arguments.names);
    }
    let dir = workspace::target().join("demo");
    // The one waits for the network most of the time, the other for the processors.
    let (prepared, built) = thread::scope(|scope| {
        let building = scope.spawn(|| build(arguments));
        let prepared = prepare(&dir);
        let built = building.join();
        (prepared, built.unwrap_or_else(|panic| resume_unwind(panic)))
    });
    prepared?;
    let (failpoints, exuvia, programs) = built?;
    let settings = [
        ("EXUVIA_E2E_SANDBOX", dir),
        ("EXUVIA_E2E_BINARY", exuvia),
        ("EXUVIA_E2E_FAILPOINTS", failpoints),
    ];
    all(programs, &settings, &arguments.names)
}

/// The real OpenClaw and the real systemd that end-to-end tests need.
fn prepare(dir: &Path) -> Result<()> {
    eprintln!(
        "Preparing a real OpenClaw in {} (the first time takes minutes)",
        dir.display()
    );
    Sandbox::prepare(dir).context(
        "the end-to-end tests need the real OpenClaw; `cargo xtask test --fast` leaves them out",
    )?;
    peers::ensure_machines()?;
    Image::prepare(&workspace::target().join("machine")).context(
        "the end-to-end tests need a real systemd; `cargo xtask test --fast` leaves them out",
    )?;
    Ok(())
}

/// `exuvia` with failpoints and without, and the tests that are wanted.
fn build(arguments: &Arguments) -> Result<(PathBuf, PathBuf, Vec<Program>)> {
    // Both lie in one place while they are built: the one that users have comes last.
    let failpoints = workspace::build_failpoints()?;
    let exuvia = workspace::build_exuvia()?;
    Ok((failpoints, exuvia, wanted(arguments)?))
}

fn wanted(arguments: &Arguments) -> Result<Vec<Program>> {
    let mut programs = lanes::build()?;
    let names = &arguments.names;
    let is_of = |program: &Program, wanted: &String| {
        let name = program.name();
        name == *wanted || name.split('/').next() == Some(wanted)
    };
    if let Some(unknown) = names
        .iter()
        .find(|name| !programs.iter().any(|program| is_of(program, name)))
    {
        bail!("there are no tests called {unknown}");
    }
    programs.retain(|program| names.is_empty() || names.iter().any(|name| is_of(program, name)));
    Ok(programs)
}

/// Runs the tests of these programs, and those in the documentation where none are named.
fn all(programs: Vec<Program>, settings: &[(&str, PathBuf)], names: &[String]) -> Result<()> {
    // It bombs processes, which starves whatever runs beside it.
    let (alone, mut others): (Vec<_>, Vec<_>) = programs
        .into_iter()
        .partition(|program| program.is_of(HOST));
    // One lane takes the real gateways one after the other, the other what is small.
    others.sort_by_key(|program| !program.is_of(END_TO_END));
    let mut results = vec![lanes::run(others, settings), lanes::run(alone, settings)];
    if names.is_empty() {
        results.push(show(&mut cargo(&["test", "--workspace", "--doc"])));
    }
    results.into_iter().collect()
}
