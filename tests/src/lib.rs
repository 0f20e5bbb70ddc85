//! End-to-end tests live in `tests/tests/`; this is what they share.
//!
//! The first test that needs it prepares a sandbox with the real OpenClaw (minutes, once; a
//! second's look afterwards), all others wait for it and share it. A test never works on the
//! sandbox's template but on a fork of it: [`World::fork`].
//!
//! What needs no real OpenClaw works on a [`Built`] install, which costs milliseconds.
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

mod built;
mod conversation;
mod dice;
pub mod found;
mod freeze;
mod kept;
mod ledger;
mod moulting;
mod occupied;
mod offer;
mod ran;
mod stand;
mod stricken;
mod strike;
mod terminal;
pub mod transcript;
mod vitals;
mod witness;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use exuvia_testkit::machine::Image;
use exuvia_testkit::sandbox::{self, Gateway, Managers, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

pub use built::{BYSTANDERS, Built, entry, entry_of, listed};
pub use conversation::{Conversation, Turn};
pub use dice::Dice;
pub use freeze::Frozen;
pub use kept::{Kept, until};
pub use ledger::{Ledger, Written};
pub use moulting::{Asked, Moulting, Watch};
pub use occupied::Occupied;
pub use offer::{Belongings, Live, Offer, belongings, upgrade_words};
pub use ran::{Ran, Running};
pub use stand::{Keeper, Stand};
pub use stricken::Stricken;
pub use strike::{Struck, leaves_nothing, strike, wanted_kills};
pub use terminal::Terminal;
pub use vitals::{vitals, vitals_by};
pub use witness::Witness;

/// The one sandbox of all tests.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        let dir = std::env::var_os("EXUVIA_E2E_SANDBOX");
        let dir = dir.map_or_else(|| target().join("demo"), PathBuf::from);
        Sandbox::prepare(&dir).unwrap_or_else(|error| panic!("no sandbox: {error:#}"))
    })
}

/// The one pnpm and the one bun of all tests.
pub fn managers() -> &'static Managers {
    static MANAGERS: OnceLock<Managers> = OnceLock::new();
    MANAGERS.get_or_init(|| {
        let managers = Managers::prepare(&target().join("managers"));
        managers.unwrap_or_else(|error| panic!("no pnpm and no bun: {error:#}"))
    })
}

/// The one file system of all machines.
pub fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let image = Image::prepare(&target().join("machine"));
        image.unwrap_or_else(|error| panic!("no file system of a machine: {error:#}"))
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
        Self::fork_on(sandbox())
    }

    /// The same with the programs of this sandbox, which may have another release of OpenClaw.
    pub fn fork_on(sandbox: &Sandbox) -> Self {
        let forked =
            TempDir::new().and_then(|dir| dir.path().canonicalize().map(|path| (dir, path)));
        let (dir, path) = forked.unwrap_or_else(|error| panic!("no temporary directory: {error}"));
        let home = sandbox.template().fork(&path.join("home"));
        let world = home.and_then(|home| sandbox::World::start(sandbox, home));
        let world = world.unwrap_or_else(|error| panic!("no copy of the home: {error:#}"));
        Self { world, _dir: dir }
    }

    /// The same in a home with as little as an install can have.
    pub fn bare_on(sandbox: &Sandbox) -> Self {
        let made = TempDir::new().and_then(|dir| dir.path().canonicalize().map(|path| (dir, path)));
        let (dir, path) = made.unwrap_or_else(|error| panic!("no temporary directory: {error}"));
        let home = sandbox::Home::fresh(&path.join("home"));
        let world = home.and_then(|home| sandbox::World::start(sandbox, home));
        let world = world.unwrap_or_else(|error| panic!("no home: {error:#}"));
        Self { world, _dir: dir }
    }

    /// Runs `exuvia` with these arguments in this world.
    pub fn exuvia(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// A command of `exuvia` in this world.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.exuvia(&binary());
        command.args(arguments);
        command
    }

    /// Runs the real `openclaw` with these arguments in this world.
    pub fn openclaw(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.openclaw_command(arguments))
    }

    /// A command of the real `openclaw` in this world.
    pub fn openclaw_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.openclaw();
        command.args(arguments);
        command
    }

    /// Runs the real `openclaw` with these arguments, as a client of a running gateway.
    pub fn openclaw_beside(&self, gateway: &Gateway, arguments: &[&str]) -> Ran {
        let mut openclaw = self.openclaw_command(arguments);
        openclaw
            .env("OPENCLAW_GATEWAY_PORT", gateway.port().to_string())
            .env("OPENCLAW_GATEWAY_TOKEN", "sandbox");
        Ran::of(&mut openclaw)
    }

    /// Has the agent of a running gateway take a turn. A busy gateway may be longer about a
    /// connection than `openclaw` waits for one; then it is asked again.
    pub fn turn(&self, gateway: &Gateway) -> Ran {
        let say = ["agent", "--agent", "main", "--message", "hello", "--json"];
        let mut ran = self.openclaw_beside(gateway, &say);
        for _ in 0..5 {
            if !ran.stderr.contains("Gateway not reachable") {
                break;
            }
            ran = self.openclaw_beside(gateway, &say);
        }
        ran
    }
}

impl Deref for World {
    type Target = sandbox::World;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

/// A JSON document on disk.
pub fn read_json(file: &Path) -> Value {
    let text = std::fs::read_to_string(file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The one directory below `$EXUVIA_HOME` that is about an install.
pub fn own_dir(exuvia_home: &Path) -> PathBuf {
    let installs = exuvia_home.join("installs");
    let listed = std::fs::read_dir(&installs);
    let listed = listed.unwrap_or_else(|error| panic!("{}: {error}", installs.display()));
    let mut dirs: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    assert_eq!(dirs.len(), 1, "{dirs:?}");
    dirs.remove(0)
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

/// The same, built to stop between the phases of an upgrade: feature `failpoints`.
pub fn failpoints() -> PathBuf {
    let named = std::env::var_os("EXUVIA_E2E_FAILPOINTS").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| target().join("debug/exuvia-failpoints"));
    assert!(
        binary.is_file(),
        "{} is not there: `cargo xtask test` builds it",
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
