//! One candidate, with all that is known of it.

use super::super::Lang;
use super::super::view::{Detail, Findings, Note};
use super::super::words::{self, Label};
use super::canvas::{Canvas, place};
use super::column;
use super::entry;
use super::ink::{Ink, Span};

/// Heading, reasons, breaking changes, findings, what vouches for it, sources, notes.
pub(super) fn draw(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    super::risk_heading(canvas, detail.item.risk, detail.heading, detail.advice);
    canvas.blank();
    let block = entry::opening(canvas, &detail.item, lang);
    entry::closing(canvas, &block, &detail.item);
    reasons(canvas, detail, lang);
    breaking(canvas, detail, lang);
    findings(canvas, detail, lang);
    trust(canvas, detail, lang);
    sources(canvas, detail, lang);
    notes(canvas, detail, lang);
}

fn section(canvas: &mut Canvas, label: Label, lang: Lang) {
    canvas.blank();
    canvas.line(0, &[Span::strong(label.say(lang))]);
}

fn reasons(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    section(canvas, Label::Reasons, lang);
    for reason in &detail.reasons {
        let sign = [Span::plain(reason.risk.sign())];
        let text = [Span::plain(&reason.text)];
        canvas.labelled(2, 2 + entry::SIGN_WIDTH, &sign, &text);
    }
}

fn breaking(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    if detail.breaking.is_empty() {
        return;
    }
    section(canvas, Label::BreakingChanges, lang);
    for line in &detail.breaking {
        let ink = Ink::Risk(detail.item.risk);
        canvas.labelled(2, 4, &[Span::plain("•")], &[Span::new(line, ink)]);
    }
}

fn findings(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    if detail.findings.is_empty() {
        return;
    }
    section(canvas, Label::Findings, lang);
    for Findings { heading, lines } in &detail.findings {
        canvas.line(2, &[Span::strong(*heading)]);
        for finding in lines {
            let mut spans = vec![Span::plain(&finding.place)];
            if !finding.subject.is_empty() {
                spans.push(Span::dim(" — "));
                spans.push(Span::plain(&finding.subject));
            }
            canvas.line(4, &spans);
            canvas.line(6, &[Span::dim(&finding.excerpt)]);
        }
    }
    left_out(canvas, detail.findings_left_out, lang);
}

fn trust(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    section(canvas, Label::Trust, lang);
    let column = 2 + column(detail.trust.iter().map(|fact| fact.label));
    for fact in &detail.trust {
        let value = Span {
            solid: fact.whole,
            ..Span::plain(&fact.value)
        };
        canvas.labelled(2, column, &[Span::dim(fact.label)], &[value]);
    }
}

fn sources(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    section(canvas, Label::Sources, lang);
    for attempt in &detail.tried {
        canvas.line(2, &entry::attempt(attempt));
    }
    if detail.read_more.is_empty() {
        return;
    }
    section(canvas, Label::ReadMore, lang);
    for each in &detail.read_more {
        canvas.line(2, &[place(each)]);
    }
}

fn notes(canvas: &mut Canvas, detail: &Detail, lang: Lang) {
    if detail.notes.is_empty() {
        return;
    }
    section(canvas, Label::Notes, lang);
    for Note { version, text } in &detail.notes {
        canvas.line(2, &[Span::strong(version)]);
        for line in text.lines() {
            note_line(canvas, line);
        }
    }
    left_out(canvas, detail.notes_left_out, lang);
}

/// A line of release notes; what follows a bullet hangs beneath it.
fn note_line(canvas: &mut Canvas, line: &str) {
    let text = line.trim_start_matches(' ');
    let indent = 4 + line.len() - text.len();
    match text.split_at_checked(2) {
        Some((bullet @ ("- " | "* "), item)) => {
            let bullet = [Span::plain(bullet.trim_end())];
            canvas.labelled(indent, indent + 2, &bullet, &[Span::plain(item)]);
        }
        _ if text.is_empty() => canvas.blank(),
        _ => canvas.line(indent, &[Span::plain(text)]),
    }
}

fn left_out(canvas: &mut Canvas, count: usize, lang: Lang) {
    if count > 0 {
        canvas.line(2, &[Span::dim(words::more(count, lang))]);
    }
}
