//! Whatever a transaction starts that writes to the live state: none of it outlives its driver unseen.
//!
//! The kernel ends what a driver started together with the driver, but `openclaw` starts itself
//! again as a child of its own (2026.9.5, `openclaw.mjs`), and that one would go on with writing
//! while the next command restores what it writes to.

use std::time::Duration;

use exuvia_host::process::Processes;
use exuvia_host::{Command, HostError};
use exuvia_model::journal::RunId;

/// The variable in the environment of what a transaction started so.
const MARK: &str = "EXUVIA_TRANSACTION";
/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(30);

/// The same command, to be found by its transaction.
pub(crate) fn marked(command: Command, run: &RunId) -> Command {
    command.env(MARK, run.as_str())
}

/// Ends what this transaction started and its dead driver has left.
pub(crate) fn end(run: &RunId) -> Result<(), HostError> {
    Processes::new()
        .end_with_variable(MARK, run.as_str(), GONE)
        .map(drop)
}
