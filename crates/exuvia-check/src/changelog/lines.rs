//! The lines of a Markdown text, and whether each is text, code or a comment.

/// What a line is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What a reader reads.
    Text,
    /// A fenced block of code, or the fence itself.
    Code,
    /// An HTML comment.
    Comment,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The line without its ending.
    pub(crate) text: &'a str,
    /// Where it begins, in bytes.
    pub(crate) start: usize,
    /// Where the next one begins.
    pub(crate) end: usize,
    /// What it is part of.
    pub(crate) part: Part,
}

/// The lines of `markdown` with the part that each belongs to.
pub(crate) fn lines(markdown: &str) -> impl Iterator<Item = Line<'_>> {
    let mut state = State::Text;
    let mut start = 0;
    markdown.split_inclusive('\n').map(move |raw| {
        let text = raw.strip_suffix('\n').unwrap_or(raw);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let line = Line {
            text,
            start,
            end: start + raw.len(),
            part: state.take(text),
        };
        start = line.end;
        line
    })
}

/// How far a line is indented; a tab counts as four.
pub(crate) fn indent(line: &str) -> usize {
    line.chars()
        .map_while(|c| match c {
            ' ' => Some(1),
            '\t' => Some(4),
            _ => None,
        })
        .sum()
}

enum State {
    Text,
    Fence {
        mark: char,
        length: usize,
        indent: usize,
    },
    Comment,
}

impl State {
    fn take(&mut self, line: &str) -> Part {
        match *self {
            Self::Comment => {
                if line.contains("-->") {
                    *self = Self::Text;
                }
                Part::Comment
            }
            Self::Fence { indent: depth, .. } if left_its_list(line, depth) => {
                *self = Self::Text;
                self.take(line)
            }
            Self::Fence { mark, length, .. } => {
                if closes(line, mark, length) {
                    *self = Self::Text;
                }
                Part::Code
            }
            Self::Text => self.open(line),
        }
    }

    fn open(&mut self, line: &str) -> Part {
        let trimmed = line.trim_start();
        if let Some((mark, length)) = fence(trimmed) {
            *self = Self::Fence {
                mark,
                length,
                indent: indent(line),
            };
            return Part::Code;
        }
        if let Some(comment) = trimmed.strip_prefix("<!--") {
            if !comment.contains("-->") {
                *self = Self::Comment;
            }
            return Part::Comment;
        }
        Part::Text
    }
}

/// A fence inside a list item ends with the item, closed or not.
fn left_its_list(line: &str, depth: usize) -> bool {
    depth >= 2 && !line.trim().is_empty() && indent(line) == 0 && fence(line).is_none()
}

fn fence(trimmed: &str) -> Option<(char, usize)> {
    let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = trimmed.chars().take_while(|c| *c == mark).count();
    let info = trimmed.get(length..)?;
    (length >= 3 && !(mark == '`' && info.contains('`'))).then_some((mark, length))
}

fn closes(line: &str, mark: char, length: usize) -> bool {
    let trimmed = line.trim();
    trimmed.chars().count() >= length && trimmed.chars().all(|c| c == mark)
}
