//! `exuvia select`: the answer to a report, kept for the upgrade.

use std::process::ExitCode;

use anyhow::{Result, bail};
use exuvia_check::render::Lang;
use exuvia_model::{Reply, Selection};

use crate::cli::{DetailArgs, SelectArgs};
use crate::commands::detail;
use crate::output::Output;
use crate::session::Session;

pub(crate) fn run(session: &Session, args: &SelectArgs, output: &Output) -> Result<ExitCode> {
    let reply = Reply::parse(&args.reply.join(" "))?;
    if let Reply::Detail(number) = reply {
        let args = DetailArgs {
            number,
            report: args.report.clone(),
        };
        return detail::run(session, &args, output);
    }
    if output.json() && args.report.is_none() {
        bail!("with --json the report that is answered must be named: add --report ID");
    }
    let report = session.documents.report(args.report.as_deref())?;
    let confirmed = args.confirm.iter().cloned().collect();
    let selection = Selection::take(&report, &reply, &confirmed, session.host.now())?;
    keep(session, &selection, output)
}

/// Keeps a selection and says so.
pub(crate) fn keep(session: &Session, selection: &Selection, output: &Output) -> Result<ExitCode> {
    let path = session.documents.keep_selection(selection)?;
    if output.json() {
        output.document(selection);
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = selection
        .entries
        .iter()
        .map(|entry| entry.asset_id.as_str())
        .collect();
    let path = path.display();
    output.text(&match (output.lang(), names.is_empty()) {
        (Lang::En, true) => "Nothing selected; nothing was changed.".to_owned(),
        (Lang::ZhCn, true) => "未选择任何更新，未作任何更改。".to_owned(),
        (Lang::En, false) => {
            format!(
                "Selected: {}\nKept in {path}; nothing was changed yet.",
                names.join(", ")
            )
        }
        (Lang::ZhCn, false) => {
            format!(
                "已选择：{}\n已记录于 {path}，尚未作任何更改。",
                names.join("、")
            )
        }
    });
    Ok(ExitCode::SUCCESS)
}
