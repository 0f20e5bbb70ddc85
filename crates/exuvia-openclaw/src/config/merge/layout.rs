//! A list or an object as it was laid out, and the same with other entries.

use std::ops::Range;

use super::syntax::{Member, cut, end_of_line, is_line_end};

/// A list or an object, cut into what belongs together.
#[derive(Debug)]
pub(super) struct Layout<'t> {
    /// The bracket, and what stands behind it on its line.
    open: &'t str,
    slots: Vec<Slot<'t>>,
    /// What stands before the closing bracket.
    foot: &'t str,
    close: &'t str,
    /// How the line is indented on which it begins.
    base: &'t str,
    /// Whether there is a comma behind the last entry.
    trails: bool,
}

#[derive(Debug)]
struct Slot<'t> {
    /// What stands before the entry: white space, and comments.
    lead: &'t str,
    /// Its key with what separates it from its value.
    key: &'t str,
    /// What stands between the value and the comma.
    gap: &'t str,
    /// What stands behind it on its line.
    tail: &'t str,
}

/// One entry of what is to be there.
#[derive(Debug)]
pub(super) enum Part {
    /// The entry that was the so-manieth, with this text of its value.
    Kept(usize, String),
    /// It is not there any more. The comments before it stay.
    Gone(usize),
    /// A new one, whole.
    New(String),
}

/// How a text is laid out as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'t> {
    /// By how much more what lies deeper is indented.
    pub(super) unit: &'t str,
    pub(super) newline: &'t str,
}

impl<'t> Layout<'t> {
    pub(super) fn of(text: &'t str, span: &Range<usize>, members: &[Member]) -> Self {
        let end = span.end.saturating_sub(1);
        let starts = members.iter().map(|member| member.start);
        let mut nexts = starts.chain([end]);
        let mut at = span.start + 1;
        at += end_of_line(cut(text, at..nexts.next().unwrap_or(end)));
        let open = cut(text, span.start..at);
        let mut slots = Vec::with_capacity(members.len());
        for (member, next) in members.iter().zip(nexts) {
            let value = &member.value.span;
            let after = member.comma.map_or(value.end, |comma| comma + 1);
            let behind = after + end_of_line(cut(text, after..next));
            slots.push(Slot {
                lead: cut(text, at..member.start),
                key: cut(text, member.start..value.start),
                gap: cut(text, value.end..member.comma.unwrap_or(value.end)),
                tail: cut(text, after..behind),
            });
            at = behind;
        }
        Self {
            open,
            slots,
            foot: cut(text, at..end),
            close: cut(text, end..span.end),
            base: indentation(cut(text, 0..span.start)),
            trails: members.last().is_some_and(|last| last.comma.is_some()),
        }
    }

    /// How the lines of its entries are indented; `None` where they stand on one line.
    pub(super) fn indent(&self, style: Style<'_>) -> Option<String> {
        let mut leads = self.slots.iter().map(|slot| slot.lead);
        match leads.find(|lead| lead.contains(is_line_end)) {
            Some(lead) => Some(indentation(lead).to_owned()),
            None if self.slots.is_empty() => Some(format!("{}{}", self.base, style.unit)),
            None => None,
        }
    }

    /// Its text with these entries.
    pub(super) fn with(&self, parts: &[Part], style: Style<'_>) -> String {
        let is_there = |part: &Part| !matches!(part, Part::Gone(_));
        let last = parts.iter().rposition(is_there);
        let mut out = Written::new(self.open, style.newline);
        for (number, part) in parts.iter().enumerate() {
            let comma = Some(number) != last || self.trails;
            match part {
                Part::Kept(old, value) => {
                    let Some(slot) = self.slots.get(*old) else {
                        continue;
                    };
                    // What came first may have had nothing before it.
                    let is_moved = *old == 0 && number > 0 && slot.lead.is_empty();
                    out.trivia(if is_moved { " " } else { slot.lead });
                    out.push(&[slot.key, value, slot.gap, if comma { "," } else { "" }]);
                    out.behind(slot.tail);
                }
                Part::Gone(old) => {
                    let lead = self.slots.get(*old).map_or("", |slot| slot.lead);
                    if !lead.trim().is_empty() {
                        out.comment(lead.trim_end());
                    }
                }
                Part::New(text) => {
                    out.trivia(&self.lead_of_new(number, style));
                    out.push(&[text, if comma { "," } else { "" }]);
                }
            }
        }
        let was_empty = self.slots.is_empty() && last.is_some();
        if was_empty && !self.foot.contains(is_line_end) {
            out.trivia(self.foot.trim_end());
            out.trivia(&format!("{}{}", style.newline, self.base));
        } else {
            out.trivia(self.foot);
        }
        out.push(&[self.close]);
        out.text
    }

    fn lead_of_new(&self, number: usize, style: Style<'_>) -> String {
        match self.indent(style) {
            Some(indent) => format!("{}{indent}", style.newline),
            None if number > 0 => " ".to_owned(),
            None => {
                let first = self.slots.first();
                first.map_or_else(String::new, |slot| blank(slot.lead).to_owned())
            }
        }
    }
}

/// How the last line is indented.
pub(super) fn indentation(text: &str) -> &str {
    let line = text.rsplit(is_line_end).next().unwrap_or_default();
    blank(line)
}

/// The white space at the beginning.
fn blank(text: &str) -> &str {
    let rest = text.trim_start();
    cut(text, 0..text.len() - rest.len())
}

/// What is put together. Nothing that is put behind a comment up to the end of its line becomes part
/// of it.
struct Written<'n> {
    text: String,
    newline: &'n str,
    may_end_in_comment: bool,
}

impl<'n> Written<'n> {
    fn new(open: &str, newline: &'n str) -> Self {
        Self {
            text: open.to_owned(),
            newline,
            may_end_in_comment: open.contains("//"),
        }
    }

    fn push(&mut self, texts: &[&str]) {
        self.text.extend(texts.iter().copied());
    }

    /// What stands behind something on its line.
    fn behind(&mut self, tail: &str) {
        self.push(&[tail]);
        self.may_end_in_comment = tail.contains("//");
    }

    /// What stood before something that is gone.
    fn comment(&mut self, lead: &str) {
        self.trivia(lead);
        self.may_end_in_comment = true;
    }

    /// What stands before something.
    fn trivia(&mut self, lead: &str) {
        if self.may_end_in_comment && !lead.starts_with(is_line_end) {
            self.text.push_str(self.newline);
        }
        self.may_end_in_comment = false;
        self.text.push_str(lead);
    }
}
