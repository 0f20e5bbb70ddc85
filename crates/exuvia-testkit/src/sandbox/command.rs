//! Running the real programs.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// How much of a failed program's output an error repeats, in bytes from its end.
const TAIL: usize = 2_000;

/// Runs a program to its end and gives its standard output; a failure says what was run and what
/// the program said last.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{} {}", command.get_program().display(), arguments(command));
    let output = command
        .output()
        .with_context(|| format!("cannot run `{shown}`: is it installed?"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let tail = &said[said.len().saturating_sub(TAIL)..];
        bail!(
            "`{shown}` failed ({}):\n{}",
            output.status,
            String::from_utf8_lossy(tail)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn arguments(command: &Command) -> String {
    command
        .get_args()
        .map(|arg| arg.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
