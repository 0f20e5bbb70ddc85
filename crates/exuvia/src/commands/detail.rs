//! `exuvia detail N`: everything that is known of one update.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use exuvia_check::render;

use crate::cli::DetailArgs;
use crate::output::Output;
use crate::session::Session;

pub(crate) fn run(session: &Session, args: &DetailArgs, output: &Output) -> Result<ExitCode> {
    let report = session.documents.report(args.report.as_deref())?;
    let entry = report.entry(args.number).ok_or_else(|| {
        let document = report.document();
        let (id, count) = (&document.report_id, document.entries.len());
        anyhow!("report {id} has no entry {}; it has {count}", args.number)
    })?;
    if output.json() {
        output.document(entry);
    } else {
        output.text(&render::terminal_detail(
            &report,
            entry,
            output.lang(),
            output.style(false),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
