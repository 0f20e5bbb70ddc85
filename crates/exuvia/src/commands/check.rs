//! `exuvia check`: all five phases, then the question.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_check::progress::Progress;
use exuvia_check::render::Lang;
use exuvia_model::Report;

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
    if let Some(selection) = picker::ask(&made, session.host.now(), output)? {
        return select::keep(session, &selection, output);
    }
    output.note(&unanswered(&made, output.lang()));
    Ok(ExitCode::SUCCESS)
}

fn unanswered(report: &Report, lang: Lang) -> String {
    let id = &report.document().report_id;
    match lang {
        Lang::En => format!("nothing selected; answer later with `exuvia select … --report {id}`"),
        Lang::ZhCn => format!("未选择；稍后可用 `exuvia select … --report {id}` 作答"),
    }
}
