//! The report as one HTML file that needs nothing else: no script, no font, no request.

use askama::Template;
use exuvia_model::{Report, Risk};
use jiff::tz::Offset;

use super::Lang;
use super::view::{Detail, Page};
use super::words::{self, Label};

/// The report could not be written as HTML.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written as HTML: {0}; ask for another format")]
pub struct CannotRender(#[from] askama::Error);

/// The whole report, with everything that is known of each candidate folded away; times in UTC.
pub fn html(report: &Report, lang: Lang) -> Result<String, CannotRender> {
    let document = report.document();
    let page = Page::of(report, lang, Offset::UTC);
    let details = document
        .entries
        .iter()
        .map(|entry| Detail::of(document, entry, lang))
        .collect();
    let mut html = Html { page, details }.render()?;
    html.push('\n');
    Ok(html)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Html {
    page: Page,
    details: Vec<Detail>,
}

impl Html {
    fn lang(&self) -> &'static str {
        self.page.lang.tag()
    }

    fn title(&self) -> &'static str {
        words::title().say(self.page.lang)
    }

    fn say(&self, label: Label) -> &'static str {
        label.say(self.page.lang)
    }

    fn verdict(&self) -> String {
        super::plain::verdict(&self.page)
    }

    fn more(&self, count: usize) -> String {
        words::more(count, self.page.lang)
    }

    /// The candidates of that risk, in full.
    fn of_risk(&self, risk: Risk) -> impl Iterator<Item = &Detail> {
        self.details
            .iter()
            .filter(move |detail| detail.item.risk == risk)
    }
}

/// The name of a risk in the style sheet.
fn class(risk: Risk) -> &'static str {
    match risk {
        Risk::Low => "low",
        Risk::Medium => "medium",
        Risk::High => "high",
        Risk::Unknown => "unknown",
        Risk::Blocked => "blocked",
    }
}
