//! Breaking a line of pieces into lines that fit.

use unicode_width::UnicodeWidthChar;

use super::ink::Span;

/// One character with the piece that it belongs to. Solid pieces that touch are one.
#[derive(Debug, Clone, Copy)]
struct Cell {
    c: char,
    width: usize,
    span: usize,
    solid: bool,
}

/// A line that fits: for each run of one piece, the piece's index and the text.
pub(super) type Line = Vec<(usize, String)>;

/// Breaks pieces into lines of at most `room` columns: at spaces, and on either side of a wide
/// character but for punctuation that clings to it. A word wider than the room is cut; a solid
/// piece never is, and stands out instead.
pub(super) fn wrap(spans: &[Span], room: usize) -> Vec<Line> {
    let cells = cells(spans);
    let mut lines = Vec::new();
    let mut rest = cells.as_slice();
    while let Some(end) = line_end(rest, room.max(1)) {
        let (line, after) = rest.split_at(end);
        lines.push(runs(trim_end(line)));
        rest = trim_start(after);
    }
    lines
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn cells(spans: &[Span]) -> Vec<Cell> {
    spans
        .iter()
        .enumerate()
        .flat_map(|(span, piece)| {
            piece.text.chars().map(move |c| Cell {
                c,
                width: c.width().unwrap_or(0),
                span,
                solid: piece.solid,
            })
        })
        .collect()
}

/// How many cells the first line takes; `None` when there are none left.
fn line_end(cells: &[Cell], room: usize) -> Option<usize> {
    let mut used = 0;
    let mut last_break = None;
    let mut before: Option<Cell> = None;
    for (index, cell) in cells.iter().enumerate() {
        if before.is_some_and(|before| may_break(before, *cell)) {
            last_break = Some(index);
        }
        let over = used + cell.width > room && cell.c != ' ';
        match last_break {
            Some(end) if over => return Some(end),
            None if over && !cell.solid && index > 0 && cell.width > 0 => return Some(index),
            _ => used += cell.width,
        }
        before = Some(*cell);
    }
    (!cells.is_empty()).then_some(cells.len())
}

fn may_break(before: Cell, after: Cell) -> bool {
    let inside_solid = before.solid && after.solid;
    if inside_solid || after.c == ' ' || is_separator(after.c) {
        return false;
    }
    let wide = (before.width == 2 && after.width > 0) || after.width == 2;
    before.c == ' ' || (wide && !clings_to_left(after.c) && !clings_to_right(before.c))
}

/// What ends a line rather than begins one, space before it or not.
fn is_separator(c: char) -> bool {
    matches!(c, '·' | '—' | '→')
}

fn clings_to_left(c: char) -> bool {
    "，。、；：？！）】》」』”’…%,.;:?!)]}".contains(c)
}

fn clings_to_right(c: char) -> bool {
    "（【《「『“‘([{".contains(c)
}

fn trim_start(cells: &[Cell]) -> &[Cell] {
    let blanks = cells.iter().take_while(|cell| cell.c == ' ').count();
    cells.get(blanks..).unwrap_or_default()
}

fn trim_end(cells: &[Cell]) -> &[Cell] {
    let blanks = cells.iter().rev().take_while(|cell| cell.c == ' ').count();
    cells.get(..cells.len() - blanks).unwrap_or_default()
}

fn runs(cells: &[Cell]) -> Line {
    cells
        .chunk_by(|a, b| a.span == b.span)
        .filter_map(|run| {
            let span = run.first()?.span;
            Some((span, run.iter().map(|cell| cell.c).collect()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ink::Ink;
    use super::*;

    fn texts(spans: &[Span], room: usize) -> Vec<String> {
        wrap(spans, room)
            .into_iter()
            .map(|line| line.into_iter().map(|(_, text)| text).collect())
            .collect()
    }

    #[test]
    fn words_go_to_the_next_line_whole() {
        let spans = [
            Span::plain("one two "),
            Span::strong("three"),
            Span::plain(", four"),
        ];
        assert_eq!(texts(&spans, 9), ["one two", "three,", "four"]);
    }

    #[test]
    fn an_address_is_never_broken_and_what_follows_it_begins_a_line() {
        let spans = [
            Span::plain("at "),
            Span::solid("https://example.org/long", Ink::Plain),
            Span::plain(" there"),
        ];
        assert_eq!(
            texts(&spans, 10),
            ["at", "https://example.org/long", "there"]
        );
    }

    #[test]
    fn a_word_that_is_too_long_is_cut() {
        assert_eq!(
            texts(&[Span::plain("abcdefgh ij")], 5),
            ["abcde", "fgh", "ij"]
        );
    }

    #[test]
    fn chinese_breaks_anywhere_but_before_its_punctuation() {
        let lines = texts(&[Span::plain("宁可不升，不可升坏。")], 8);
        assert_eq!(lines, ["宁可不", "升，不可", "升坏。"]);
    }

    proptest! {
        #[test]
        fn lines_fit_and_lose_nothing_but_spaces(text in "[a-z é你，。👍\u{301} ]{0,80}", room in 2usize..20) {
            let lines = texts(&[Span::plain(&text)], room);
            for line in &lines {
                prop_assert!(width(line) <= room, "{line:?}");
            }
            let squeeze = |text: &str| text.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
