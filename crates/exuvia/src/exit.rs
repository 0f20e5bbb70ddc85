//! Exit codes (DESIGN.md, section 6) and how an error is told.

use std::fmt;
use std::process::ExitCode;

use exuvia_check::{CheckError, DocumentError, render};
use exuvia_gateway::restart::RestartError;
use exuvia_model::selection::Refused;
use exuvia_recovery::RecoveryError;
use exuvia_upgrade::UpgradeError;

use crate::output::{self, Output};

/// Something failed.
pub(crate) const ERROR: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// There is nothing to decide from, or what was asked may not be done; nothing was changed.
pub(crate) const BLOCKED: u8 = 3;
/// Somebody else carries on what was asked: `EX_TEMPFAIL` of sysexits(3).
pub(crate) const HANDED_OVER: u8 = 75;
/// It failed, and what it had changed was put back.
pub(crate) const ROLLED_BACK: u8 = 4;
/// Something is half done, and was not finished.
pub(crate) const INCONSISTENT: u8 = 5;
/// 128 + SIGINT, as shells say it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The command line is understood, and cannot be followed as it is.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

/// What was asked may not be done as things stand, and nothing was changed.
#[derive(Debug)]
pub(crate) struct Blocked(pub(crate) String);

/// Something is half done, and stays so for now.
#[derive(Debug)]
pub(crate) struct Inconsistent(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}
impl std::error::Error for Blocked {}
impl std::error::Error for Inconsistent {}

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
    ExitCode::from(code(error))
}

/// The exit code of an error.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<Usage>().is_some() {
        USAGE
    } else if error.downcast_ref::<Inconsistent>().is_some() {
        INCONSISTENT
    } else if is_refusal(error) {
        BLOCKED
    } else {
        error.downcast_ref().map_or(ERROR, recovery)
    }
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

fn recovery(error: &RecoveryError) -> u8 {
    match error {
        RecoveryError::Name(_) | RecoveryError::NotAnAgent(_) => USAGE,
        error if error.is_inconsistent() => INCONSISTENT,
        error if error.is_refusal() => BLOCKED,
        _ => ERROR,
    }
}

/// Whether a choice may not be taken, or there is nothing to choose from.
fn is_refusal(error: &anyhow::Error) -> bool {
    let report = error.downcast_ref::<DocumentError>();
    let restart = error.downcast_ref::<RestartError>();
    error.downcast_ref::<Refused>().is_some()
        || error.downcast_ref::<Blocked>().is_some()
        || restart.is_some_and(RestartError::is_refusal)
        || error.downcast_ref().is_some_and(UpgradeError::is_refusal)
        || report.is_some_and(|error| {
            matches!(
                error,
                DocumentError::NoSuchReport { .. } | DocumentError::UnusableReport { .. }
            )
        })
}
