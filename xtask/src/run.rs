//! Running cargo.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// `cargo`, the one that runs this task.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = alone(Command::new(cargo));
    cargo.args(arguments).current_dir(crate::workspace::root());
    cargo
}

/// A command that does not hear what cargo tells this task of itself. To build scripts that would
/// look like another environment, and half the dependencies would be built anew on each change
/// between the two.
pub(crate) fn alone(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end with this process's output; says what is run.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let arguments: Vec<_> = command
        .get_args()
        .map(|argument| argument.to_string_lossy())
        .collect();
    let arguments = arguments.join(" ");
    eprintln!("→ cargo {arguments}");
    let status = command
        .status()
        .with_context(|| format!("cannot run `cargo {arguments}`"))?;
    if !status.success() {
        bail!("`cargo {arguments}` failed ({status})");
    }
    Ok(())
}
