//! Rules: what to look for, where, and what it is called.

use std::collections::HashSet;
use std::ops::Range;

use exuvia_model::vetting::FindingKind;
use regex::{Captures, Regex, RegexSet};

use super::role::{Language, Role};
use super::source::Source;
use crate::pattern::{pattern, pattern_set};

/// How much of the line around a match an exception may look at, in bytes each way.
const AROUND: usize = 200;

/// Something that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) kind: FindingKind,
    pub(super) subject: String,
    /// Where in the text, in bytes.
    pub(super) range: Range<usize>,
}

/// Which texts, or parts of them, a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Programs.
    Code,
    /// Programs in one language, and those in an unknown one.
    In(Language),
    /// Programs, and code in documents.
    Commands,
    /// Programs, data, and what agents read.
    NotDocuments,
    /// What agents read.
    AgentText,
    /// Whatever has words for an agent: documents, and comments in programs.
    Words,
}

/// One rule.
pub(super) struct Rule {
    pub(super) kind: FindingKind,
    /// What it is called; empty for what the first group of the pattern caught.
    pub(super) subject: &'static str,
    pub(super) place: Place,
    pub(super) find: &'static str,
    /// Makes the match a look-alike, wherever it matches around it; empty for none.
    pub(super) unless: &'static str,
}

/// The rules of one family, compiled.
pub(super) struct Rules {
    set: RegexSet,
    rules: Vec<Compiled>,
}

struct Compiled {
    rule: &'static Rule,
    find: Regex,
    unless: Option<Regex>,
}

impl Rules {
    /// Compiles rules.
    pub(super) fn new(rules: &'static [Rule]) -> Self {
        let sources: Vec<String> = rules.iter().map(|rule| ascii_words(rule.find)).collect();
        Self {
            set: pattern_set(sources.iter().map(String::as_str)),
            rules: rules
                .iter()
                .zip(&sources)
                .map(|(rule, source)| Compiled {
                    rule,
                    find: pattern(source),
                    unless: (!rule.unless.is_empty()).then(|| pattern(&ascii_words(rule.unless))),
                })
                .collect(),
        }
    }

    /// What the rules find in a text.
    pub(super) fn hits(&self, source: &Source<'_>) -> Vec<Hit> {
        let matched = self.set.matches(&source.text);
        let compiled = self.rules.iter().enumerate();
        let hits = compiled
            .filter(|(index, one)| matched.matched(*index) && one.rule.place.may_be_in(source.role))
            .flat_map(|(_, one)| {
                one.find
                    .captures_iter(&source.text)
                    .filter_map(|captures| one.hit(source, &captures))
            });
        distinct(source, hits)
    }
}

impl Compiled {
    fn hit(&self, source: &Source<'_>, captures: &Captures<'_>) -> Option<Hit> {
        let whole = captures.get(0)?;
        let named = captures.iter().skip(1).flatten().next();
        let (subject, found) = match self.rule.subject {
            "" => (named?.as_str(), named?),
            subject => (subject, whole),
        };
        // What a pattern asks to stand before and behind is not what it found.
        let text = found.as_str();
        let start = found.start() + (text.len() - text.trim_start().len());
        let range = start..start.max(found.start() + text.trim_end().len());
        let is_look_alike = || {
            let unless = self.unless.as_ref();
            unless.is_some_and(|unless| unless.is_match(around(source, &range)))
        };
        (self.rule.place.is_at(source, &range) && !is_look_alike()).then(|| Hit {
            kind: self.rule.kind,
            subject: subject.to_owned(),
            range: range.clone(),
        })
    }
}

/// The hits without those that say the same of the same line: in a bundle there are thousands.
pub(super) fn distinct(source: &Source<'_>, hits: impl Iterator<Item = Hit>) -> Vec<Hit> {
    let mut seen = HashSet::new();
    hits.filter(|hit| {
        let line = source.line_at(hit.range.start);
        seen.insert((line, hit.kind, hit.subject.clone()))
    })
    .collect()
}

impl Place {
    fn may_be_in(self, role: Role) -> bool {
        match (self, role) {
            (Self::Code | Self::In(_), Role::Data | Role::Document | Role::AgentText)
            | (Self::Commands | Self::Words, Role::Data)
            | (Self::NotDocuments, Role::Document)
            | (Self::AgentText, Role::Code(_) | Role::Data | Role::Document) => false,
            (Self::In(wanted), Role::Code(language)) => {
                language == wanted || language == Language::Other
            }
            _ => true,
        }
    }

    fn is_at(self, source: &Source<'_>, range: &Range<usize>) -> bool {
        self != Self::Commands || source.is_code(range)
    }
}

/// The sentence or line that a match stands in, as far as an exception needs it.
fn around<'a>(source: &'a Source<'_>, range: &Range<usize>) -> &'a str {
    let text = &source.text;
    let from = text.floor_char_boundary(range.start.saturating_sub(AROUND));
    let to = text.floor_char_boundary(range.end.saturating_add(AROUND));
    let before = text.get(from..range.start).unwrap_or_default();
    let after = text.get(range.end..to).unwrap_or_default();
    let start = before
        .rfind('\n')
        .map_or(from, |newline| from + newline + 1);
    let end = range.end + after.find('\n').unwrap_or(after.len());
    text.get(start..end).unwrap_or_default()
}

/// A pattern whose `\b`, `\w`, `\d` and `\s` mean ASCII: those of Unicode make automata so large
/// that the engine leaves its fast path.
fn ascii_words(source: &str) -> String {
    let mut ascii = String::with_capacity(source.len() * 2);
    let mut in_class = false;
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => ascii.push_str(&escape(chars.next(), in_class)),
            '[' => {
                in_class = true;
                ascii.push(c);
            }
            ']' => {
                in_class = false;
                ascii.push(c);
            }
            _ => ascii.push(c),
        }
    }
    ascii
}

fn escape(c: Option<char>, in_class: bool) -> String {
    let class = match c {
        Some('b') if !in_class => return r"\b".to_owned(),
        Some('w') => "0-9A-Za-z_",
        Some('d') => "0-9",
        Some('s') => r" \t\r\n\x0C",
        c => return c.map_or_else(|| "\\".to_owned(), |c| format!("\\{c}")),
    };
    if in_class {
        class.to_owned()
    } else {
        format!("[{class}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_narrowed_wherever_they_stand() {
        assert_eq!(
            ascii_words(r"\b[\w.]\d\.[^\s]\["),
            r"\b[0-9A-Za-z_.][0-9]\.[^ \t\r\n\x0C]\["
        );
    }
}
