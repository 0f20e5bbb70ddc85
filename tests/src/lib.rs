//! End-to-end tests live in `tests/tests/`; this is what they share.
//!
//! The first test that needs it prepares a sandbox with the real OpenClaw (minutes, once; a
//! second's look afterwards), all others wait for it and share it. A test never works on the
//! sandbox's template but on a fork of it: [`World::fork`].
//!
//! `cargo xtask test` prepares the sandbox beforehand and sets `EXUVIA_E2E_SANDBOX` and
//! `EXUVIA_E2E_BINARY`; without them `target/demo` and `target/debug/exuvia` are taken.
#![allow(
    clippy::disallowed_methods,
    reason = "end-to-end tests run real programs; product code goes through exuvia-host"
)]
#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "without what it needs a test fails, and panicking is how tests fail"
)]

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use exuvia_testkit::sandbox::{self, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

/// The one sandbox of all tests.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        let dir = std::env::var_os("EXUVIA_E2E_SANDBOX");
        let dir = dir.map_or_else(|| target().join("demo"), PathBuf::from);
        Sandbox::prepare(&dir).unwrap_or_else(|error| panic!("no sandbox: {error:#}"))
    })
}

/// A home of the test's own, with the stand-ins that it is checked against.
#[derive(Debug)]
pub struct World {
    world: sandbox::World,
    _dir: TempDir,
}

impl World {
    /// Copies the sandbox's template and starts stand-ins for the copy.
    pub fn fork() -> Self {
        let forked =
            TempDir::new().and_then(|dir| dir.path().canonicalize().map(|path| (dir, path)));
        let (dir, path) = forked.unwrap_or_else(|error| panic!("no temporary directory: {error}"));
        let home = sandbox().template().fork(&path.join("home"));
        let world = home.and_then(|home| sandbox::World::start(sandbox(), home));
        let world = world.unwrap_or_else(|error| panic!("no copy of the home: {error:#}"));
        Self { world, _dir: dir }
    }

    /// Runs `exuvia` with these arguments in this world.
    pub fn exuvia(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.world.exuvia(&binary()).args(arguments))
    }

    /// Runs the real `openclaw` with these arguments in this world.
    pub fn openclaw(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.world.openclaw().args(arguments))
    }
}

impl Deref for World {
    type Target = sandbox::World;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output();
        let Output {
            status,
            stdout,
            stderr,
        } = output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        Self {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Fails the test unless the program exited with `code`.
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        let read = serde_json::from_str(&self.stdout);
        read.unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self:#?}"))
    }
}

/// The `exuvia` under test.
pub fn binary() -> PathBuf {
    let named = std::env::var_os("EXUVIA_E2E_BINARY").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| target().join("debug/exuvia"));
    assert!(
        binary.is_file(),
        "{} is not there: `cargo build -p exuvia` first",
        binary.display()
    );
    binary
}

/// Cargo's target directory: the test binary is at `<target>/debug/deps/<name>`.
fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_else(|error| panic!("no path of my own: {error}"));
    own.ancestors()
        .nth(3)
        .map_or_else(|| panic!("{} has no target", own.display()), Path::to_owned)
}
