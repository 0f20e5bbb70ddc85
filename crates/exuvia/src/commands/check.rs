//! `exuvia check`: all five phases, then the question.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_check::progress::Progress;

use crate::cli::CheckArgs;
use crate::commands::{report, select};
use crate::output::Output;
use crate::picker;
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: &CheckArgs, output: &Output) -> Result<ExitCode> {
    let (check, bars) = session.check(&args.sources, output)?;
    let made = check.run().await;
    bars.end();
    let made = made?;
    let asking = output.is_interactive() && !args.no_input && !made.document().entries.is_empty();
    report::print(&made, asking, output);
    if !asking {
        return Ok(ExitCode::SUCCESS);
    }
    match picker::ask(&made, session.host.now(), output)? {
        Some(selection) => select::keep(session, &selection, output),
        None => Ok(ExitCode::SUCCESS),
    }
}
