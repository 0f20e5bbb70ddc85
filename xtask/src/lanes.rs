//! Runs test programs, two at a time: those of real gateways mostly wait.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::run::{alone, cargo};

/// A program of tests that cargo has built.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Its package's directory, in which it runs.
    package: PathBuf,
    /// What cargo calls the target.
    target: String,
    executable: PathBuf,
}

/// What cargo says of a thing that it built, as far as it matters here.
#[derive(Deserialize)]
struct Built {
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds the tests of all packages.
pub(crate) fn build() -> Result<Vec<Program>> {
    eprintln!("→ cargo test --workspace --no-run");
    let mut cargo = cargo(&["test", "--workspace", "--no-run"]);
    let told = cargo
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !told.status.success() {
        bail!("the tests do not compile ({})", told.status);
    }
    let lines = told.stdout.split(|byte| *byte == b'\n');
    Ok(lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .filter_map(program)
        .collect())
}

fn program(built: Built) -> Option<Program> {
    built.profile.filter(|profile| profile.test)?;
    Some(Program {
        package: built.manifest_path?.parent()?.to_owned(),
        target: built.target?.name,
        executable: built.executable?,
    })
}

impl Program {
    /// What it is called, within the checkout.
    pub(crate) fn name(&self) -> String {
        let package = self.package.file_name().unwrap_or_default();
        format!("{}/{}", package.display(), self.target)
    }

    /// Whether it belongs to the package in this directory.
    pub(crate) fn is_of(&self, package: &str) -> bool {
        self.package.ends_with(package)
    }
}

/// Runs each program to its end, two at a time, whatever fails: one lane from the front, the other
/// from the back. Says what each said when it has ended.
pub(crate) fn run(programs: Vec<Program>, settings: &[(&str, PathBuf)]) -> Result<()> {
    let waiting = Mutex::new(VecDeque::from(programs));
    let failed = Mutex::new(Vec::new());
    let lane = |take: fn(&mut VecDeque<Program>) -> Option<Program>| {
        loop {
            // Not held while the program runs: the other lane waits for it.
            let next = take(&mut locked(&waiting));
            let Some(program) = next else { return };
            let began = Instant::now();
            let ended = command(&program, settings).output();
            if !tell(&program, &ended, began.elapsed()) {
                locked(&failed).push(program.name());
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| lane(VecDeque::pop_back));
        lane(VecDeque::pop_front);
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.is_empty() {
        return Ok(());
    }
    bail!("these failed: {}", failed.join(", "))
}

fn command(program: &Program, settings: &[(&str, PathBuf)]) -> Command {
    let mut command = alone(Command::new(&program.executable));
    command
        .current_dir(&program.package)
        .env("CARGO_MANIFEST_DIR", &program.package)
        .envs(settings.iter().cloned())
        .stdin(Stdio::null());
    command
}

/// All that it said, at once. Whether it went well.
fn tell(program: &Program, ended: &io::Result<Output>, took: Duration) -> bool {
    // Where nobody can be told, the exit code still tells.
    let _told = || -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "\n→ {} ({:.1} s)", program.name(), took.as_secs_f64())?;
        match ended {
            Ok(output) => {
                out.write_all(&output.stdout)?;
                out.write_all(&output.stderr)
            }
            Err(error) => writeln!(out, "cannot run {}: {error}", program.executable.display()),
        }
    }();
    ended.as_ref().is_ok_and(|output| output.status.success())
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
