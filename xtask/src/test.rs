//! All tests, with what they need.

use anyhow::{Context as _, Result};
use clap::Args;
use exuvia_testkit::machine::Image;
use exuvia_testkit::sandbox::Sandbox;

use crate::run::{cargo, show};
use crate::{peers, workspace};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Leave out the end-to-end tests, which need the network and some minutes
    #[arg(long)]
    fast: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    peers::ensure()?;
    if arguments.fast {
        return show(&mut cargo(&[
            "test",
            "--workspace",
            "--exclude",
            "exuvia-e2e",
        ]));
    }
    let dir = workspace::target().join("demo");
    eprintln!(
        "Preparing a real OpenClaw in {} (the first time takes minutes)",
        dir.display()
    );
    Sandbox::prepare(&dir).context(
        "the end-to-end tests need the real OpenClaw; `cargo xtask test --fast` leaves them out",
    )?;
    peers::ensure_machines()?;
    Image::prepare(&workspace::target().join("machine")).context(
        "the end-to-end tests need a real systemd; `cargo xtask test --fast` leaves them out",
    )?;
    // Both lie in one place while they are built: the one that users have comes last.
    let failpoints = workspace::build_failpoints()?;
    let exuvia = workspace::build_exuvia()?;
    show(
        cargo(&["test", "--workspace"])
            .env("EXUVIA_E2E_SANDBOX", &dir)
            .env("EXUVIA_E2E_BINARY", exuvia)
            .env("EXUVIA_E2E_FAILPOINTS", failpoints),
    )
}
