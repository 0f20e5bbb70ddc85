//! The report on a terminal.

mod canvas;
mod detail;
mod entry;
mod ink;
mod lists;
mod wrap;

use exuvia_model::report::Entry;
use exuvia_model::{Report, Risk};
use jiff::tz::Offset;

use super::Lang;
use super::view::{Detail, Group, Page};
use super::words::{self, Label};
use canvas::Canvas;
use ink::{Ink, Span};

/// What the terminal can do, and who sits at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to write in colours.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Whether it understands OSC 8 hyperlinks.
    pub hyperlinks: bool,
    /// Whether somebody can answer there; else the command that answers is told.
    pub interactive: bool,
    /// The offset from UTC that times are told in.
    pub offset: Offset,
}

impl Default for Style {
    /// A pipe: 80 columns of plain text, nobody to answer, UTC.
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
            hyperlinks: false,
            interactive: false,
            offset: Offset::UTC,
        }
    }
}

/// The whole report.
pub fn terminal(report: &Report, lang: Lang, style: Style) -> String {
    let page = Page::of(report, lang, style.offset);
    let mut canvas = Canvas::new(style);
    head(&mut canvas, &page);
    for each in &page.groups {
        canvas.blank();
        group(&mut canvas, each, lang);
    }
    lists::draw(&mut canvas, &page);
    if page.has_entries() {
        replies(&mut canvas, &page, style.interactive);
    }
    canvas.finish()
}

/// One entry with all that is known of it: the answer to `detail N`.
pub fn terminal_detail(report: &Report, entry: &Entry, lang: Lang, style: Style) -> String {
    let detail = Detail::of(report.document(), entry, lang);
    let mut canvas = Canvas::new(style);
    canvas.blank();
    detail::draw(&mut canvas, &detail, lang);
    canvas.finish()
}

fn head(canvas: &mut Canvas, page: &Page) {
    let lang = page.lang;
    canvas.blank();
    canvas.line(0, &[Span::strong(words::title().say(lang))]);
    canvas.line(0, &[Span::dim(Label::Motto.say(lang))]);
    canvas.blank();
    let column = column(page.facts.iter().map(|fact| fact.label));
    for fact in &page.facts {
        canvas.labelled(
            0,
            column,
            &[Span::dim(fact.label)],
            &[Span::plain(&fact.value)],
        );
    }
    canvas.blank();
    if page.has_entries() {
        let mut counts = vec![Span::strong(&page.updates)];
        for tally in &page.tallies {
            let text = format!("{} {} {}", tally.risk.sign(), tally.count, tally.word);
            counts.push(Span::plain("   "));
            counts.push(Span::solid(text, Ink::Risk(tally.risk)));
        }
        canvas.line(0, &counts);
    } else {
        canvas.line(0, &[Span::strong(super::plain::verdict(page))]);
    }
    canvas.line(0, &[Span::dim(page.others.join(" · "))]);
}

fn group(canvas: &mut Canvas, group: &Group, lang: Lang) {
    risk_heading(canvas, group.risk, group.heading, group.advice);
    canvas.set_bar(Some(group.risk));
    for (index, item) in group.items.iter().enumerate() {
        if index > 0 {
            canvas.blank();
        }
        entry::draw(canvas, item, lang);
    }
    canvas.set_bar(None);
}

fn risk_heading(canvas: &mut Canvas, risk: Risk, heading: &str, advice: &str) {
    let heading = format!("{} {heading}", risk.sign());
    canvas.line(
        0,
        &[
            Span::new(heading, Ink::RiskHeading(risk)),
            Span::dim(" — "),
            Span::dim(advice),
        ],
    );
}

fn replies(canvas: &mut Canvas, page: &Page, interactive: bool) {
    canvas.blank();
    canvas.line(0, &[Span::strong(Label::Answer.say(page.lang))]);
    let column = 2 + column(page.replies.iter().map(|reply| reply.typed.as_str()));
    for reply in &page.replies {
        let gap = column - 2 - wrap::width(&reply.typed);
        let typed = format!("{}{}", reply.typed, " ".repeat(gap));
        canvas.line(
            2,
            &[Span::solid(typed, Ink::Typed), Span::plain(reply.meaning)],
        );
    }
    canvas.blank();
    if let (false, Some(command)) = (interactive, &page.command) {
        let label = Label::Command.say(page.lang);
        let column = self::column([label].into_iter());
        let command = [Span::solid(command, Ink::Typed)];
        canvas.labelled(0, column, &[Span::dim(label)], &command);
    }
    canvas.line(0, &[Span::dim(&page.expiry)]);
}

/// Where the second column begins, when these stand in the first.
fn column<'a>(labels: impl Iterator<Item = &'a str>) -> usize {
    labels.map(wrap::width).max().unwrap_or(0) + 2
}
