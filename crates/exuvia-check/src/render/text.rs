//! The border: the only text that a renderer is handed.

use std::fmt;

use exuvia_model::text::{block, one_line};

/// Longest single line that is shown, in characters.
const LINE_MAX: usize = 2_048;

/// One line that is fit to be shown, wherever it came from: no control, bidirectional or invisible
/// character, no line break, bounded.
///
/// There is no other way to make one than to clean what it is made of. It is *not* escaped: that
/// is each format's own business, and is done to every `Text` alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Text(String);

impl Text {
    /// Cleans a line, and cuts it to `max` characters with an ellipsis.
    pub(super) fn cut(text: &str, max: usize) -> Self {
        Self(one_line(text, max))
    }

    /// Whether nothing is left to show.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The line.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: AsRef<str>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::cut(text.as_ref(), LINE_MAX)
    }
}

impl From<&Text> for String {
    fn from(text: &Text) -> Self {
        text.0.clone()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Several such lines, indentation kept: release notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage(String);

impl Passage {
    /// Cleans a text, and cuts it to `max_lines`.
    pub(super) fn cut(text: &str, max_lines: usize) -> Self {
        Self(block(text.trim_end(), max_lines, LINE_MAX))
    }

    /// Its lines.
    pub(super) fn lines(&self) -> std::str::Lines<'_> {
        self.0.lines()
    }
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
