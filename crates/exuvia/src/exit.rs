//! Exit codes (DESIGN.md, section 6) and how an error is told.

use std::process::ExitCode;

use exuvia_check::{CheckError, DocumentError, render};
use exuvia_model::selection::Refused;

use crate::output::{self, Output};

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
    ExitCode::from(if is_refusal(error) { BLOCKED } else { ERROR })
}

/// Tells that the command line is not understood, or what was asked of the command itself.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        output::print_error(&error.render().to_string());
    }
    // As with all output: whoever closed the stream wants no more.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(ERROR))
}

/// Whether a choice may not be taken, or there is nothing to choose from.
fn is_refusal(error: &anyhow::Error) -> bool {
    let report = error.downcast_ref::<DocumentError>();
    error.downcast_ref::<Refused>().is_some()
        || report.is_some_and(|error| {
            matches!(
                error,
                DocumentError::NoSuchReport { .. } | DocumentError::UnusableReport { .. }
            )
        })
}
