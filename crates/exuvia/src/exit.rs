//! Exit codes (DESIGN.md, section 6) and how an error is told.

use std::process::ExitCode;

use exuvia_check::{CheckError, render};
use exuvia_model::selection::Refused;

use crate::output::Output;

/// Something failed.
pub(crate) const ERROR: u8 = 1;
/// There is nothing to decide from, or the choice may not be taken.
pub(crate) const BLOCKED: u8 = 3;
/// 128 + SIGINT, as shells say it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Tells an error and gives its exit code.
pub(crate) fn report(error: &anyhow::Error, output: &Output) -> ExitCode {
    if let Some(CheckError::Blocked(blocked)) = error.downcast_ref() {
        if output.json() {
            let missing = &blocked.missing;
            output.document(&serde_json::json!({ "blocked": true, "missing": missing }));
        } else {
            output.text(&render::blocked(blocked, output.lang()));
        }
        return ExitCode::from(BLOCKED);
    }
    output.error(error);
    let code = if error.downcast_ref::<Refused>().is_some() {
        BLOCKED
    } else {
        ERROR
    };
    ExitCode::from(code)
}
