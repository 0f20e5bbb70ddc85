//! The short answers: no report, or nothing to report.

use exuvia_model::Report;
use exuvia_model::report::Blocked;
use jiff::tz::Offset;

use super::Lang;
use super::view::Page;
use super::words;

/// That there is no report, and everything that is missing for one: `BLOCKED: …`, one line.
///
/// The first word is the same in every language, because scripts look for it.
pub fn blocked(blocked: &Blocked, lang: Lang) -> String {
    let items: Vec<String> = blocked
        .missing
        .iter()
        .map(|missing| words::missing(missing, lang))
        .collect();
    let separator = match lang {
        Lang::En => "; ",
        Lang::ZhCn => "；",
    };
    format!("BLOCKED: {}\n", items.join(separator))
}

/// That no update was found, and whatever keeps that from being the whole truth.
pub fn all_up_to_date(report: &Report, lang: Lang) -> String {
    let page = Page::of(report, lang, Offset::UTC);
    let unreachable = page.unreachable.iter().flat_map(|bundle| {
        let line = move |name| format!("  {name} — {}", bundle.reason);
        bundle.names.iter().map(line)
    });
    let warnings = page.warnings.iter().map(|warning| format!("  ! {warning}"));
    let lines: Vec<String> = std::iter::once(verdict(&page))
        .chain(unreachable)
        .chain(warnings)
        .collect();
    lines.join("\n") + "\n"
}

/// A report without candidates, in a sentence.
pub(super) fn verdict(page: &Page) -> String {
    let unreachable: usize = page.unreachable.iter().map(|each| each.names.len()).sum();
    if unreachable == 0 {
        words::all_up_to_date(page.up_to_date.len(), page.lang)
    } else {
        words::nothing_to_update(unreachable, page.lang)
    }
}
