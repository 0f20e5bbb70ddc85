//! The configuration as a user wrote it, with the values that OpenClaw gave it.
//!
//! OpenClaw writes its configuration as plain JSON: comments, quotes and white space are gone
//! (`src/config/io.write.ts` of 2026.9.5). Here what was not changed keeps its text, comments and
//! all; only what was added, changed or removed is edited.

mod align;
mod layout;
mod syntax;

#[cfg(test)]
mod tests;

use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value};

use self::align::{Step, align};
use self::layout::{Layout, Part, Style, indentation};
use self::syntax::{Member, Node, cut, outline};
use super::value;

/// How what lies deeper is indented where the text itself does not show it.
const UNIT: &str = "  ";
/// Which a text in Unicode may begin with.
const MARK: char = '\u{feff}';

/// Why two texts could not be made one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The user's text is not understood.
    #[error("the configuration as it was is not understood: {0}")]
    Old(String),
    /// The new text is not understood.
    #[error("the configuration as it is now is not understood: {0}")]
    New(String),
    /// Which of two entries the comments are about cannot be told.
    #[error("the configuration has the key {0:?} more than once")]
    Repeated(String),
    /// The result would not say the same.
    #[error("what was put together does not say the same as the configuration does now")]
    Differs,
}

/// The old text, changed as little as makes it say what the new one says: to the byte the old one
/// where both say the same. Comments, the order of keys, quotes and white space are the old one's
/// wherever the value is; a comment behind an entry that is gone goes with it, those before it stay.
///
/// `$include` and `${NAME}` are values like any other: as they were written.
pub fn merge(old: &str, new: &str) -> Result<String, MergeError> {
    let (mark, old) = match old.strip_prefix(MARK) {
        Some(rest) => (cut(old, 0..MARK.len_utf8()), rest),
        None => ("", old),
    };
    let before = read(old).map_err(|error| error.or(MergeError::Old))?;
    let now = read(new.strip_prefix(MARK).unwrap_or(new));
    let now = now.map_err(|error| error.or(MergeError::New))?;
    let root = outline(old).map_err(MergeError::Old)?;
    let merge = Merge {
        text: old,
        style: style(old, &root),
    };
    let (head, tail) = (0..root.span.start, root.span.end..old.len());
    let value = merge.value(&root, &before, &now, Some(""));
    let merged = [cut(old, head), &value, cut(old, tail)].concat();
    match read(&merged) {
        Ok(found) if same(&found, &now) => Ok(format!("{mark}{merged}")),
        _ => Err(MergeError::Differs),
    }
}

/// Whether two values are the same to OpenClaw: numbers are JavaScript's, of which there is one
/// kind.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let bits = |number: &serde_json::Number| number.as_f64().map(f64::to_bits);
            bits(one) == bits(other)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in = |(key, value): (&String, &Value)| {
                other.get(key).is_some_and(|other| same(value, other))
            };
            one.len() == other.len() && one.iter().all(is_in)
        }
        _ => one == other,
    }
}

/// Why a text was not read.
enum Unread {
    Words(String),
    Repeated(String),
}

impl Unread {
    fn or(self, other: impl FnOnce(String) -> MergeError) -> MergeError {
        match self {
            Self::Words(words) => other(words),
            Self::Repeated(key) => MergeError::Repeated(key),
        }
    }
}

fn read(text: &str) -> Result<Value, Unread> {
    let parsed = value::parse(text).map_err(Unread::Words)?;
    match parsed.repeated.into_iter().next() {
        Some(key) => Err(Unread::Repeated(key)),
        None => Ok(parsed.value),
    }
}

/// As the first entry shows it.
fn style<'t>(text: &'t str, root: &Node) -> Style<'t> {
    let first = root.members.as_ref().and_then(|members| members.first());
    let unit = first.map_or("", |first| {
        let line = indentation(cut(text, 0..first.start));
        line.strip_prefix(indentation(cut(text, 0..root.span.start)))
            .unwrap_or_default()
    });
    Style {
        unit: if unit.is_empty() { UNIT } else { unit },
        newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
    }
}

struct Merge<'t> {
    text: &'t str,
    style: Style<'t>,
}

impl Merge<'_> {
    /// The text of what has another value now. `indent` is that of its line, `None` where more than
    /// it stands on that line.
    fn value(&self, node: &Node, old: &Value, new: &Value, indent: Option<&str>) -> String {
        let text = cut(self.text, node.span.clone());
        if same(old, new) {
            return text.to_owned();
        }
        match (&node.members, old, new) {
            (Some(members), Value::Object(old), Value::Object(new)) => {
                self.object(node, members, (old, new))
            }
            (Some(members), Value::Array(old), Value::Array(new)) => {
                self.list(node, members, (old, new))
            }
            (_, _, Value::String(new)) if text.starts_with('\'') && is_plain(new) => {
                format!("'{new}'")
            }
            _ => self.written(new, indent),
        }
    }

    fn object(
        &self,
        node: &Node,
        members: &[Member],
        (old, new): (&Map<String, Value>, &Map<String, Value>),
    ) -> String {
        let layout = Layout::of(self.text, &node.span, members);
        let indent = layout.indent(self.style);
        let kept = members.iter().enumerate().map(|(number, member)| {
            let key = member.key.as_deref().unwrap_or_default();
            match (old.get(key), new.get(key)) {
                (Some(old), Some(new)) => {
                    let value = self.value(&member.value, old, new, indent.as_deref());
                    Part::Kept(number, value)
                }
                _ => Part::Gone(number),
            }
        });
        let added = new.iter().filter(|(key, _)| !old.contains_key(*key));
        let added = added.map(|(key, value)| {
            let key = Value::from(key.as_str());
            Part::New(format!("{key}: {}", self.written(value, indent.as_deref())))
        });
        let parts: Vec<Part> = kept.chain(added).collect();
        layout.with(&parts, self.style)
    }

    fn list(&self, node: &Node, members: &[Member], (old, new): (&[Value], &[Value])) -> String {
        let layout = Layout::of(self.text, &node.span, members);
        let indent = layout.indent(self.style);
        let parts = align(old, new).into_iter().filter_map(|step| match step {
            Step::Both(from, to) => {
                let member = members.get(from)?;
                let values = (old.get(from)?, new.get(to)?);
                let value = self.value(&member.value, values.0, values.1, indent.as_deref());
                Some(Part::Kept(from, value))
            }
            Step::Gone(from) => Some(Part::Gone(from)),
            Step::New(to) => Some(Part::New(self.written(new.get(to)?, indent.as_deref()))),
        });
        let parts: Vec<Part> = parts.collect();
        layout.with(&parts, self.style)
    }

    /// A value as JSON, on lines that are indented like that, or on one.
    fn written(&self, value: &Value, indent: Option<&str>) -> String {
        let Some(indent) = indent else {
            return value.to_string();
        };
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.style.unit.as_bytes());
        let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
        match serde::Serialize::serialize(value, &mut serializer) {
            // JSON writes line ends in texts as `\n`: those here are between its lines.
            Ok(()) => String::from_utf8_lossy(&bytes)
                .replace('\n', &format!("{}{indent}", self.style.newline)),
            Err(_) => value.to_string(),
        }
    }
}

/// Whether a text may stand between single quotes as it is.
fn is_plain(text: &str) -> bool {
    let is_line_end = |c| matches!(c, '\u{2028}' | '\u{2029}');
    !text
        .chars()
        .any(|c| c == '\'' || c == '\\' || c.is_control() || is_line_end(c))
}
