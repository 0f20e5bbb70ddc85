//! Running cargo.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// `cargo`, the one that runs this task.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(crate::workspace::root());
    // What cargo tells this task of itself would look to build scripts like another environment,
    // and have half the dependencies built anew on each change between the two.
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo
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
