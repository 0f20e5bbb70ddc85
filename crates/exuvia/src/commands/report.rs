//! `exuvia report`: the report of what the phases before found.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use exuvia_check::{Check, render};
use exuvia_model::Report;

use crate::cli::{ReportArgs, ReportFormat};
use crate::output::Output;
use crate::session::Session;

pub(crate) fn run(session: &Session, args: &ReportArgs, output: &Output) -> Result<ExitCode> {
    let report = Check::report(&*session.host, &session.documents)?;
    let format = if output.json() {
        ReportFormat::Json
    } else {
        args.format
    };
    match &args.output {
        None if format == ReportFormat::Terminal => print(&report, false, output),
        None => output.text(&rendered(&report, format, output)?),
        Some(file) => {
            let content = rendered(&report, format, output)?;
            write(session, file, &content)?;
            output.note(&format!("written to {}", file.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a report as the command line asked for it; `asking` when a question follows.
pub(crate) fn print(report: &Report, asking: bool, output: &Output) {
    if output.json() {
        output.text(&render::json(report));
    } else {
        output.text(&render::terminal(
            report,
            output.lang(),
            output.style(asking),
        ));
    }
}

fn rendered(report: &Report, format: ReportFormat, output: &Output) -> Result<String> {
    Ok(match format {
        ReportFormat::Terminal => render::terminal(report, output.lang(), output.plain_style()),
        ReportFormat::Markdown => render::markdown(report, output.lang()),
        ReportFormat::Html => {
            render::html(report, output.lang()).context("cannot render the report as HTML")?
        }
        ReportFormat::Json => render::json(report),
    })
}

fn write(session: &Session, file: &Path, content: &str) -> Result<()> {
    session.host.write_atomic(file, content.as_bytes(), 0o600)?;
    Ok(())
}
