//! Asks a person what to update.

use std::collections::BTreeSet;

use anyhow::Result;
use exuvia_check::render::{self, Lang};
use exuvia_model::selection::Refused;
use exuvia_model::{Reply, Report, Risk, Selection, text};
use inquire::{InquireError, Text};
use jiff::Timestamp;

use crate::output::Output;

/// Asks until there is an answer that can be taken. `None` when the person leaves without one.
pub(crate) fn ask(report: &Report, now: Timestamp, output: &Output) -> Result<Option<Selection>> {
    let lang = output.lang();
    loop {
        let Some(answer) = prompt(question(lang))? else {
            return Ok(None);
        };
        let reply = match Reply::parse(&answer) {
            Ok(reply) => reply,
            Err(error) => {
                output.note(&error.to_string());
                continue;
            }
        };
        if let Reply::Detail(number) = reply {
            match report.entry(number) {
                Some(entry) => {
                    output.text(&render::terminal_detail(
                        report,
                        entry,
                        lang,
                        output.style(true),
                    ));
                }
                None => output.note(&no_such_entry(number, report, lang)),
            }
            continue;
        }
        let Some(confirmed) = confirm(report, &reply, lang)? else {
            return Ok(None);
        };
        match Selection::take(report, &reply, &confirmed, now) {
            Ok(selection) => return Ok(Some(selection)),
            Err(Refused::Unconfirmed { names }) => output.note(&unconfirmed(&names, lang)),
            Err(refused) => output.note(&refused.to_string()),
        }
    }
}

/// Asks for the name of every chosen entry that must be confirmed by it. What is not confirmed is
/// refused later, by the rule and not here.
fn confirm(report: &Report, reply: &Reply, lang: Lang) -> Result<Option<BTreeSet<String>>> {
    let mut confirmed = BTreeSet::new();
    for entry in &report.document().entries {
        let chosen = match reply {
            Reply::Numbers(numbers) => numbers.contains(&entry.number),
            Reply::All => true,
            Reply::Skip | Reply::Detail(_) => false,
        };
        let assessment = &entry.assessment;
        if !chosen || assessment.risk == Risk::Blocked || !assessment.needs_confirmation() {
            continue;
        }
        let name = text::one_line(&entry.update.name, 120);
        let Some(typed) = prompt(&confirmation(&name, assessment.risk, lang))? else {
            return Ok(None);
        };
        if typed.trim() == name {
            confirmed.insert(entry.update.name.clone());
        }
    }
    Ok(Some(confirmed))
}

fn prompt(question: &str) -> Result<Option<String>> {
    match Text::new(question).prompt() {
        Ok(answer) => Ok(Some(answer)),
        Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn question(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "Update which? (1 2 | all | skip | detail N)",
        Lang::ZhCn => "更新哪些？（1 2 | all 全部 | skip 跳过 | detail N 详情）",
    }
}

fn confirmation(name: &str, risk: Risk, lang: Lang) -> String {
    let sign = risk.sign();
    match lang {
        Lang::En => format!("{sign} Type {name} to confirm it:"),
        Lang::ZhCn => format!("{sign} 输入 {name} 以确认："),
    }
}

fn unconfirmed(names: &[String], lang: Lang) -> String {
    let names = text::one_line(&names.join(", "), 400);
    match lang {
        Lang::En => format!("not confirmed by name: {names}; nothing was selected"),
        Lang::ZhCn => format!("未按名称确认：{names}；未选择任何更新"),
    }
}

fn no_such_entry(number: u32, report: &Report, lang: Lang) -> String {
    let count = report.document().entries.len();
    match lang {
        Lang::En => format!("there is no entry {number}; there are {count}"),
        Lang::ZhCn => format!("没有第 {number} 项，共有 {count} 项"),
    }
}
