//! The report as Markdown: for a chat, a ticket, a mail.

mod escape;

use std::fmt::{self, Write};

use exuvia_model::Report;
use jiff::tz::Offset;

use super::Lang;
use super::place::Place;
use super::text::Text;
use super::view::{Bundle, Group, Item, Page};
use super::words::{self, Label};
use escape::code;
pub use escape::md_line;

/// How many names of one list are told; the others are in the JSON and HTML reports.
const NAMES_SHOWN: usize = 60;

/// The whole report, times in UTC.
pub fn markdown(report: &Report, lang: Lang) -> String {
    let page = Page::of(report, lang, Offset::UTC);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut out, &page);
    out
}

fn write_page(out: &mut String, page: &Page) -> fmt::Result {
    let lang = page.lang;
    writeln!(out, "# {}\n", words::title().say(lang))?;
    writeln!(out, "*{}*\n", Label::Motto.say(lang))?;
    for fact in &page.facts {
        writeln!(out, "- **{}:** {}", fact.label, escaped(&fact.value))?;
    }
    writeln!(out, "\n{}", standing(page))?;
    if !page.others.is_empty() {
        writeln!(out, "\n{}", page.others.join(" · "))?;
    }
    for group in &page.groups {
        write_group(out, group, lang)?;
    }
    write_lists(out, page)?;
    if page.has_entries() {
        write_replies(out, page)?;
    }
    Ok(())
}

/// How many candidates there are of each risk, or that there are none.
fn standing(page: &Page) -> String {
    if !page.has_entries() {
        return format!("**{}**", super::plain::verdict(page));
    }
    let tallies: Vec<String> = page
        .tallies
        .iter()
        .map(|tally| format!("{} {} {}", tally.risk.sign(), tally.count, tally.word))
        .collect();
    format!("**{}** — {}", page.updates, tallies.join(" · "))
}

fn write_group(out: &mut String, group: &Group, lang: Lang) -> fmt::Result {
    writeln!(out, "\n## {} {}\n", group.risk.sign(), group.heading)?;
    writeln!(out, "{}", group.advice)?;
    for item in &group.items {
        write_item(out, item, lang)?;
    }
    Ok(())
}

fn write_item(out: &mut String, item: &Item, lang: Lang) -> fmt::Result {
    let name = escaped(&item.name);
    let (current, latest) = (escaped(&item.current), escaped(&item.latest));
    writeln!(out, "\n### {}. {name} {current} → {latest}\n", item.number)?;
    let traits: Vec<String> = item.traits.iter().map(escaped).collect();
    writeln!(out, "{}\n", traits.join(" · "))?;
    write_row(out, Label::Summary, &escaped(&item.summary), lang)?;
    if let Some(source) = &item.source {
        write_row(out, Label::Source, &place(source), lang)?;
    }
    let tried = item
        .tried
        .iter()
        .map(|attempt| format!("{} — {}", place(&attempt.place), escaped(&attempt.outcome)));
    write_rows(out, Label::Tried, tried, lang)?;
    let left_out = (item.breaking_left_out > 0)
        .then(|| words::more_in_detail(item.breaking_left_out, item.number, lang));
    let breaking = item.breaking.iter().map(escaped).chain(left_out);
    write_rows(out, Label::Breaking, breaking, lang)?;
    let reasons = item
        .reasons
        .iter()
        .map(|reason| format!("{} {}", reason.risk.sign(), escaped(&reason.text)));
    write_rows(out, Label::Risk, reasons, lang)?;
    if !item.found.is_empty() {
        write_row(out, Label::Found, &item.found.join(" · "), lang)?;
    }
    for note in &item.notes {
        write_row(out, Label::Note, &escaped(note), lang)?;
    }
    for way in &item.unblock {
        write_row(out, Label::Unblock, way, lang)?;
    }
    Ok(())
}

fn write_row(out: &mut String, label: Label, value: &str, lang: Lang) -> fmt::Result {
    writeln!(out, "- **{}:** {value}", label.say(lang))
}

/// A label with one value beside it, or with several in a list below it.
fn write_rows(
    out: &mut String,
    label: Label,
    values: impl Iterator<Item = String>,
    lang: Lang,
) -> fmt::Result {
    let values: Vec<String> = values.collect();
    match values.as_slice() {
        [] => Ok(()),
        [one] => write_row(out, label, one, lang),
        several => {
            writeln!(out, "- **{}:**", label.say(lang))?;
            several
                .iter()
                .try_for_each(|value| writeln!(out, "  - {value}"))
        }
    }
}

fn write_lists(out: &mut String, page: &Page) -> fmt::Result {
    let lang = page.lang;
    if !page.up_to_date.is_empty() {
        writeln!(out, "\n## {}\n", Label::UpToDate.say(lang))?;
        let named = page
            .up_to_date
            .iter()
            .map(|asset| format!("{} {}", escaped(&asset.name), escaped(&asset.version)));
        writeln!(out, "{}", listed(named, page.up_to_date.len(), lang))?;
    }
    write_bundles(out, Label::Unreachable, &page.unreachable, lang)?;
    write_bundles(out, Label::Skipped, &page.skipped, lang)?;
    if !page.warnings.is_empty() {
        writeln!(out, "\n## {}\n", Label::Warnings.say(lang))?;
        for warning in &page.warnings {
            writeln!(out, "- {}", escaped(warning))?;
        }
    }
    Ok(())
}

fn write_bundles(out: &mut String, label: Label, bundles: &[Bundle], lang: Lang) -> fmt::Result {
    if bundles.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}\n", label.say(lang))?;
    for Bundle { names, reason } in bundles {
        let names = listed(names.iter().map(escaped), names.len(), lang);
        writeln!(out, "- {names} — {}", escaped(reason))?;
    }
    Ok(())
}

fn listed(names: impl Iterator<Item = String>, all: usize, lang: Lang) -> String {
    let rest = all.saturating_sub(NAMES_SHOWN);
    names
        .take(NAMES_SHOWN)
        .chain((rest > 0).then(|| words::more(rest, lang)))
        .collect::<Vec<_>>()
        .join(" · ")
}

fn write_replies(out: &mut String, page: &Page) -> fmt::Result {
    let lang = page.lang;
    writeln!(out, "\n## {}\n", Label::Answer.say(lang))?;
    for reply in &page.replies {
        writeln!(out, "- {} — {}", code(&reply.typed), reply.meaning)?;
    }
    if let Some(command) = &page.command {
        writeln!(
            out,
            "\n{}: {}",
            Label::Command.say(lang),
            code(command.as_str())
        )?;
    }
    writeln!(out, "\n{}", page.expiry)
}

/// Never empty: a list item with nothing in it would make a heading of the line above.
fn escaped(text: &Text) -> String {
    if text.is_empty() {
        "—".to_owned()
    } else {
        md_line(text.as_str())
    }
}

/// An address in full, to be followed only where it is plainly one; a command as code.
fn place(place: &Place) -> String {
    if place.is_web {
        format!("<{}>", place.text)
    } else {
        code(place.text.as_str())
    }
}
