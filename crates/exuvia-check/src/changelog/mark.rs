//! Marks: where in a changelog a version's notes begin.

use super::lines::{Line, Part, indent, lines};
use super::title::{Form, Title};

/// Most marks that are remembered: more versions than any project has published.
const MARKS_MAX: usize = 10_000;

/// How a version is set off from its notes. A file has one way; the first of these that occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// `## 1.2.0`, an underlined line, `<h2>1.2.0</h2>`.
    Heading,
    /// `**1.2.0**` on a line of its own.
    Bold,
    /// `1.2.0 / 2020-01-01` on a line of its own.
    Bare,
    /// `- 1.2.0: what changed`.
    Bullet,
    /// `| 1.2.0 | what changed |`.
    Row,
}

/// The beginning of a version's notes.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) style: Style,
    pub(super) title: Title,
    /// Where the heading begins, in bytes: the notes before it end here.
    pub(super) start: usize,
    /// Where the notes begin.
    pub(super) body: usize,
}

/// Every mark of every style, in the order of the file.
pub(super) fn marks(markdown: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut before: Option<Line<'_>> = None;
    for line in lines(markdown) {
        if marks.len() >= MARKS_MAX {
            break;
        }
        if line.part == Part::Text {
            match underlined(before, line) {
                // The line above may have passed for a bare version already.
                Some(mark) => {
                    marks.pop_if(|last| last.start == mark.start);
                    marks.push(mark);
                }
                None => marks.extend(mark_of(before, line)),
            }
        }
        before = Some(line);
    }
    marks
}

fn underlined(above: Option<Line<'_>>, line: Line<'_>) -> Option<Mark> {
    let above = above.filter(|above| above.part == Part::Text)?;
    let rule = line.text.trim();
    let is_rule = rule.len() >= 2 && (all(rule, b'=') || all(rule, b'-'));
    if !is_rule || indent(above.text) > 3 || above.text.trim_start().starts_with('#') {
        return None;
    }
    Some(Mark {
        style: Style::Heading,
        title: Title::read(above.text)?,
        start: above.start,
        body: line.end,
    })
}

fn all(text: &str, byte: u8) -> bool {
    text.bytes().all(|b| b == byte)
}

fn mark_of(above: Option<Line<'_>>, line: Line<'_>) -> Option<Mark> {
    if indent(line.text) > 3 {
        return None;
    }
    let text = line.text.trim();
    let (style, title, body) = if text.starts_with('#') || text.starts_with("<h") {
        (Style::Heading, heading(text)?, line.end)
    } else if text.starts_with("**") || text.starts_with("__") {
        (Style::Bold, strict(text)?, line.end)
    } else if let Some(item) = text.strip_prefix(['-', '*', '+']) {
        let (title, taken) = bullet(item)?;
        let lead = line.text.len() - line.text.trim_start().len() + 1;
        (Style::Bullet, title, line.start + lead + taken)
    } else if let Some(row) = text.strip_prefix('|') {
        let cell = row.split('|').next()?;
        let lead = line.text.len() - line.text.trim_start().len() + 1;
        // Past the bar that ends the cell.
        let body = line.start + lead + cell.len() + 1;
        (Style::Row, strict(cell)?, body.min(line.end))
    } else if above.is_none_or(|above| above.text.trim().is_empty()) {
        (Style::Bare, strict(text)?, line.end)
    } else {
        return None;
    };
    Some(Mark {
        style,
        title,
        start: line.start,
        body,
    })
}

/// `## 1.2.0`, also without the space; below the second level no title of its own, which may
/// only mention a version.
fn heading(text: &str) -> Option<Title> {
    let bare = text.trim_start_matches('#');
    let level = if bare.len() == text.len() {
        // `<h2>`
        text.as_bytes().get(2).copied().filter(u8::is_ascii_digit)? - b'0'
    } else {
        u8::try_from(text.len() - bare.len())
            .ok()
            .filter(|n| *n <= 6)?
    };
    match Title::read(bare)? {
        Title::Release {
            form: Form::Titled, ..
        } if level > 2 => None,
        title => Some(title),
    }
}

fn strict(text: &str) -> Option<Title> {
    // A paragraph is longer than this; a version and its date are not.
    if text.chars().count() > 60 {
        return None;
    }
    match Title::read(text)? {
        title @ Title::Release {
            form: Form::Exact, ..
        } => Some(title),
        Title::Release { .. } | Title::Unreleased => None,
    }
}

/// `1.2.0: what changed` and how many bytes of it the version takes.
fn bullet(item: &str) -> Option<(Title, usize)> {
    let end = item
        .find([':', '：', '–', '—'])
        .or_else(|| item.find(" - "))
        .unwrap_or(item.len());
    let title = strict(item.get(..end)?)?;
    let rest = item.get(end..)?;
    let notes = rest.trim_start_matches([':', '：', '–', '—', '-', ' ', '*']);
    Some((title, item.len() - notes.len()))
}
