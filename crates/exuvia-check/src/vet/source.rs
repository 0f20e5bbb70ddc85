//! A text to be looked at, with what is needed to say where in it something was found.

use std::ops::Range;

use super::File;
use super::decode::decode;
use super::role::{Role, SkillRoots};
use crate::changelog::lines::{Part, indent, lines};

/// Lines longer than this were not written by hand.
pub(super) const LONG_LINE: usize = 1_000;

/// How much of a long line stands before what was found, in an excerpt.
const LEAD: usize = 40;

/// How much of a line an excerpt needs at most, in bytes: 160 characters of four bytes.
const WINDOW: usize = 700;

/// A text, its lines, and which of it is code.
pub(super) struct Source<'a> {
    pub(super) path: &'a str,
    pub(super) role: Role,
    /// It belongs to a skill.
    pub(super) of_skill: bool,
    /// The text with its hidden characters, as it stands.
    pub(super) raw: String,
    /// The text without them: what the rules match, so that they cannot be used to hide from them.
    pub(super) text: String,
    /// Where each line of `text` begins.
    starts: Vec<usize>,
    /// For each line of a document, whether it is code.
    code: Vec<bool>,
}

impl<'a> Source<'a> {
    /// The text of a file; `None` for one that has none.
    pub(super) fn read(file: &File<'a>, role: Role, skills: &SkillRoots<'_>) -> Option<Self> {
        let raw = decode(file.content?)?.into_owned();
        let mut source = Self::new(file.path, role, raw);
        source.of_skill = skills.hold(file.path);
        Some(source)
    }

    /// A text for which the place is known.
    pub(super) fn new(path: &'a str, role: Role, raw: String) -> Self {
        let text: String = raw
            .chars()
            .filter(|c| matches!(c, '\n' | '\t') || !exuvia_model::text::is_hidden(*c))
            .collect();
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let code = match role {
            Role::Document | Role::AgentText => code_lines(&text),
            Role::Code(_) | Role::Data => Vec::new(),
        };
        Self {
            path,
            role,
            of_skill: false,
            raw,
            text,
            starts,
            code,
        }
    }

    /// The number of the line that holds a byte, from 0.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= byte)
            .saturating_sub(1)
    }

    /// A line without its ending.
    pub(super) fn line(&self, number: usize) -> &str {
        let start = self.starts.get(number).copied().unwrap_or(self.text.len());
        let end = self
            .starts
            .get(number + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches('\n')
    }

    /// Every line.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }

    /// Whether that part is code: all of a program, and of a document the blocks and spans of code.
    pub(super) fn is_code(&self, range: &Range<usize>) -> bool {
        match self.role {
            Role::Code(_) => true,
            Role::Data => false,
            Role::Document | Role::AgentText => {
                let number = self.line_at(range.start);
                self.code.get(number).copied().unwrap_or(false) || self.in_span(number, range)
            }
        }
    }

    /// What stands around a match: the line, of a long one the part around the match.
    pub(super) fn excerpt(&self, range: &Range<usize>) -> &str {
        let line = self.line(self.line_at(range.start));
        if line.len() <= WINDOW {
            return line;
        }
        let from = self
            .text
            .floor_char_boundary(range.start.saturating_sub(LEAD));
        let to = self.text.floor_char_boundary(from.saturating_add(WINDOW));
        let window = self.text.get(from..to).unwrap_or_default();
        window
            .trim_start_matches('\n')
            .lines()
            .next()
            .unwrap_or_default()
    }

    /// Between two backticks of one line: an odd number before it, another behind.
    fn in_span(&self, number: usize, range: &Range<usize>) -> bool {
        let start = self.starts.get(number).copied().unwrap_or_default();
        let before = self.text.get(start..range.start).unwrap_or_default();
        let end = start + self.line(number).len();
        let after = self.text.get(range.end.min(end)..end).unwrap_or_default();
        before.len() < LONG_LINE
            && before.matches('`').count() % 2 == 1
            && (after.contains('`')
                || self
                    .text
                    .get(range.clone())
                    .is_some_and(|m| m.ends_with('`')))
    }
}

fn code_lines(text: &str) -> Vec<bool> {
    let mut after_blank = true;
    lines(text)
        .map(|line| {
            let blank = line.text.trim().is_empty();
            // Indented code needs a blank line above, or it continues a paragraph or a list.
            let indented = after_blank && indent(line.text) >= 4 && !blank;
            after_blank = blank || indented;
            line.part == Part::Code || indented
        })
        .collect()
}
