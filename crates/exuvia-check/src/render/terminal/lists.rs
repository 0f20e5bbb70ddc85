//! What is no candidate: up to date, not asked, not looked for, not read.

use super::super::text::Text;
use super::super::view::{Bundle, Named, Page};
use super::super::words::{self, Label};
use super::canvas::Canvas;
use super::ink::{Ink, Span};

/// How many names of one list are told; the others are in the JSON and HTML reports.
const NAMES_SHOWN: usize = 60;

pub(super) fn draw(canvas: &mut Canvas, page: &Page) {
    up_to_date(canvas, page);
    bundles(canvas, page, Label::Unreachable, &page.unreachable);
    bundles(canvas, page, Label::Skipped, &page.skipped);
    if !page.warnings.is_empty() {
        canvas.blank();
        canvas.line(0, &[Span::strong(Label::Warnings.say(page.lang))]);
        for warning in &page.warnings {
            canvas.line(2, &[Span::plain(warning)]);
        }
    }
}

fn up_to_date(canvas: &mut Canvas, page: &Page) {
    if page.up_to_date.is_empty() {
        return;
    }
    canvas.blank();
    canvas.line(0, &[Span::strong(Label::UpToDate.say(page.lang))]);
    let mut spans = Vec::new();
    for Named { name, version } in page.up_to_date.iter().take(NAMES_SHOWN) {
        separate(&mut spans);
        spans.push(Span::solid(format!("{name} "), Ink::Plain));
        spans.push(Span::solid(version, Ink::Dim));
    }
    add_rest(&mut spans, page.up_to_date.len(), page);
    canvas.line(2, &spans);
}

fn bundles(canvas: &mut Canvas, page: &Page, label: Label, bundles: &[Bundle]) {
    if bundles.is_empty() {
        return;
    }
    canvas.blank();
    canvas.line(0, &[Span::strong(label.say(page.lang))]);
    for Bundle { names, reason } in bundles {
        let mut spans = Vec::new();
        for name in names.iter().take(NAMES_SHOWN) {
            separate(&mut spans);
            spans.push(Span::plain(name));
        }
        add_rest(&mut spans, names.len(), page);
        spans.push(Span::dim(" — "));
        spans.push(Span::dim(Text::as_str(reason)));
        canvas.line(2, &spans);
    }
}

fn separate(spans: &mut Vec<Span>) {
    if !spans.is_empty() {
        spans.push(Span::dim(" · "));
    }
}

fn add_rest(spans: &mut Vec<Span>, all: usize, page: &Page) {
    let rest = all.saturating_sub(NAMES_SHOWN);
    if rest > 0 {
        separate(spans);
        spans.push(Span::new(words::more(rest, page.lang), Ink::Dim));
    }
}
