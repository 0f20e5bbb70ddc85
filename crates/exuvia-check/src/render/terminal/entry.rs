//! One candidate in the list.

use super::super::Lang;
use super::super::text::Text;
use super::super::view::{Item, Unavailable};
use super::super::words::{self, Label};
use super::canvas::{Canvas, place};
use super::ink::{Ink, Span};
use super::{column, wrap};

/// Columns of a risk's sign and the space after it.
pub(super) const SIGN_WIDTH: usize = 3;

/// The labels that stand in one column beside each other.
const LABELS: [Label; 7] = [
    Label::Source,
    Label::Tried,
    Label::Risk,
    Label::Found,
    Label::Breaking,
    Label::Unblock,
    Label::Note,
];

/// A candidate: heading, summary, source, risk, and what else is to be known before choosing.
pub(super) fn draw(canvas: &mut Canvas, item: &Item, lang: Lang) {
    let block = opening(canvas, item, lang);
    tried(canvas, &block, &item.tried);
    breaking(canvas, &block, item);
    reasons(canvas, &block, item);
    if !item.found.is_empty() {
        let found = item.found.join(" · ");
        block.rows(canvas, Label::Found, [vec![Span::plain(found)]]);
    }
    closing(canvas, &block, item);
}

/// What a candidate begins with in the list and in detail: heading, summary, source.
pub(super) fn opening(canvas: &mut Canvas, item: &Item, lang: Lang) -> Block {
    let indent = heading(canvas, item);
    canvas.line(indent, &[Span::plain(&item.summary)]);
    let block = Block::new(indent, lang);
    let source = item.source.iter().map(|source| vec![place(source)]);
    block.rows(canvas, Label::Source, source);
    block
}

/// What else is to be known before choosing it.
pub(super) fn closing(canvas: &mut Canvas, block: &Block, item: &Item) {
    let notes = item.notes.iter().map(|note| vec![Span::plain(note)]);
    block.rows(canvas, Label::Note, notes);
    let ways = item.unblock.iter().map(|way| vec![Span::strong(*way)]);
    block.rows(canvas, Label::Unblock, ways);
}

/// `N. name current → latest`, and beneath it what it is. Gives how far in the rest stands.
fn heading(canvas: &mut Canvas, item: &Item) -> usize {
    let number = format!("{}. ", item.number);
    let indent = wrap::width(&number);
    canvas.line(
        0,
        &[
            Span::new(number, Ink::RiskHeading(item.risk)),
            Span::strong(&item.name),
            Span::dim(format!(" {} → ", item.current)),
            Span::new(&item.latest, Ink::RiskHeading(item.risk)),
        ],
    );
    let traits: Vec<&str> = item.traits.iter().map(Text::as_str).collect();
    canvas.line(indent, &[Span::dim(traits.join(" · "))]);
    indent
}

/// Rows of a label and what it says, in two columns.
pub(super) struct Block {
    indent: usize,
    column: usize,
    lang: Lang,
}

impl Block {
    fn new(indent: usize, lang: Lang) -> Self {
        let column = indent + column(LABELS.into_iter().map(|label| label.say(lang)));
        Self {
            indent,
            column,
            lang,
        }
    }

    /// A row for each, the label beside the first.
    fn rows(&self, canvas: &mut Canvas, label: Label, rows: impl IntoIterator<Item = Vec<Span>>) {
        for (index, row) in rows.into_iter().enumerate() {
            let label = if index == 0 { label.say(self.lang) } else { "" };
            canvas.labelled(self.indent, self.column, &[Span::dim(label)], &row);
        }
    }
}

fn tried(canvas: &mut Canvas, block: &Block, tried: &[Unavailable]) {
    let rows = tried.iter().map(attempt);
    block.rows(canvas, Label::Tried, rows);
}

/// Who was asked, and what the answer was.
pub(super) fn attempt(attempt: &Unavailable) -> Vec<Span> {
    vec![
        place(&attempt.place),
        Span::dim(" — "),
        Span::dim(&attempt.outcome),
    ]
}

/// Each row of the risk table behind its own sign.
fn reasons(canvas: &mut Canvas, block: &Block, item: &Item) {
    let label = Label::Risk.say(block.lang);
    let gap = " ".repeat(block.column - block.indent - wrap::width(label));
    for (index, reason) in item.reasons.iter().enumerate() {
        let sign = Span::plain(reason.risk.sign());
        let text = [Span::plain(&reason.text)];
        let column = block.column + SIGN_WIDTH;
        if index == 0 {
            let label = [Span::dim(label), Span::plain(&gap), sign];
            canvas.labelled(block.indent, column, &label, &text);
        } else {
            canvas.labelled(block.column, column, &[sign], &text);
        }
    }
}

fn breaking(canvas: &mut Canvas, block: &Block, item: &Item) {
    let lines = item
        .breaking
        .iter()
        .map(|line| vec![Span::new(line, Ink::Risk(item.risk))]);
    let left_out = (item.breaking_left_out > 0).then(|| {
        let more = words::more_in_detail(item.breaking_left_out, item.number, block.lang);
        vec![Span::dim(more)]
    });
    block.rows(canvas, Label::Breaking, lines.chain(left_out));
}
