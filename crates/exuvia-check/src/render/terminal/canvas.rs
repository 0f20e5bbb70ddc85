//! What the report is painted on, line by line.

use exuvia_model::Risk;

use super::super::place::Place;
use super::Style;
use super::ink::{Ink, Span, write_run};
use super::wrap::{width, wrap};

/// Lines wider than this are hard to read, however wide the terminal.
const WIDEST: usize = 108;
/// Below this nothing can be laid out; a narrower terminal wraps by itself.
const NARROWEST: usize = 40;

/// The lines painted so far.
pub(super) struct Canvas {
    style: Style,
    out: String,
    bar: Option<Risk>,
}

impl Canvas {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            out: String::new(),
            bar: None,
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// From here on every line begins with a bar in the risk's colour, or with none.
    pub(super) fn set_bar(&mut self, bar: Option<Risk>) {
        self.bar = bar;
    }

    pub(super) fn blank(&mut self) {
        self.write_margin();
        self.end_line();
    }

    /// Pieces, `indent` columns in, wrapped.
    pub(super) fn line(&mut self, indent: usize, spans: &[Span]) {
        for line in wrap(spans, self.room(indent)) {
            self.write_line(indent, &line, spans);
        }
    }

    /// A label, and beside it pieces that begin `column` columns in. What must not be broken and
    /// does not fit beside the label goes below it.
    pub(super) fn labelled(
        &mut self,
        indent: usize,
        column: usize,
        label: &[Span],
        spans: &[Span],
    ) {
        let lines = wrap(spans, self.room(column));
        let overflows = lines.iter().any(|line| {
            line.iter().map(|(_, text)| width(text)).sum::<usize>() > self.room(column)
        });
        if overflows {
            self.line(indent, label);
            return self.line(indent + 2, spans);
        }
        let taken: usize = label.iter().map(|span| width(&span.text)).sum();
        let gap = column.saturating_sub(indent + taken).max(1);
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.write_line(column, line, spans);
                continue;
            }
            self.write_margin();
            self.write_spaces(indent);
            for span in label {
                self.write_span(&span.text, span);
            }
            self.write_spaces(gap);
            self.write_runs(line, spans);
            self.end_line();
        }
    }

    fn room(&self, indent: usize) -> usize {
        let margin = if self.bar.is_some() { 3 } else { 1 };
        self.style
            .width
            .clamp(NARROWEST, WIDEST)
            .saturating_sub(margin + indent)
    }

    fn write_line(&mut self, indent: usize, line: &[(usize, String)], spans: &[Span]) {
        self.write_margin();
        self.write_spaces(indent);
        self.write_runs(line, spans);
        self.end_line();
    }

    fn write_runs(&mut self, line: &[(usize, String)], spans: &[Span]) {
        for (index, text) in line {
            if let Some(span) = spans.get(*index) {
                self.write_span(text, span);
            }
        }
    }

    fn write_span(&mut self, text: &str, span: &Span) {
        write_run(
            &mut self.out,
            text,
            span,
            self.style.color,
            self.style.hyperlinks,
        );
    }

    fn write_margin(&mut self) {
        self.write_spaces(1);
        if let Some(risk) = self.bar {
            self.write_span("┃", &Span::new("┃", Ink::Risk(risk)));
            self.write_spaces(1);
        }
    }

    fn write_spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    fn end_line(&mut self) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        self.out.push('\n');
    }
}

/// An address as one piece, or a command.
pub(super) fn place(place: &Place) -> Span {
    Span {
        solid: place.is_web,
        is_link: place.is_web,
        ..Span::plain(&place.text)
    }
}
