//! The extract: one line, the breaking changes, and what the notes speak of.

use exuvia_model::evidence::Nature;

use super::entries::{Entry, entries};
use super::group::Group;
use super::tidy::{cut, is_news, split_type, tidy};
use super::{Extract, LINE_MAX, SECTIONS_MAX, Section, breaking};

/// Most lines on breaking changes.
const BREAKING_MAX: usize = 20;

/// Most bytes of all sections together that are parsed.
const BUDGET: usize = 2 * 1024 * 1024;

/// What the notes of one or several versions say, newest first; `None` when they say nothing.
///
/// The summary comes from the newest version that says anything: its first line under *Highlights*,
/// else under *Breaking*, *Features*, *Changes*, *Fixes*, else its first line.
pub fn extract(sections: &[Section]) -> Option<Extract> {
    let mut gathered = Gathered::default();
    let mut read = 0;
    for section in sections {
        if gathered.sections >= SECTIONS_MAX || read >= BUDGET {
            gathered.leave_some_unread();
            break;
        }
        read += section.text.len().min(super::READ_MAX);
        let entries = entries(&section.text);
        if entries.truncated {
            gathered.leave_some_unread();
        }
        gathered.add(&entries.list);
    }
    gathered.finish()
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Gathered {
    summary: Option<String>,
    breaking: Vec<String>,
    /// The worst that any line was about.
    worst: Option<Nature>,
    sections: usize,
}

impl Gathered {
    /// Adds the entries of the next older version.
    pub(super) fn add(&mut self, entries: &[Entry]) {
        self.sections += 1;
        for entry in entries {
            self.weigh(entry);
        }
        if self.summary.is_none() {
            self.summary = summary(entries);
        }
    }

    /// Adds a declaration of a breaking change, as it stands in the notes.
    pub(super) fn add_breaking(&mut self, line: &str) {
        self.speaks_of(Nature::Breaking);
        let line = cut(tidy(line));
        if self.breaking.len() < BREAKING_MAX && !line.is_empty() && !self.breaking.contains(&line)
        {
            self.breaking.push(line);
        }
    }

    /// Says that there was more than was read: what was not read may say anything.
    pub(super) fn leave_some_unread(&mut self) {
        self.speaks_of(Nature::Unclear);
    }

    /// The extract, if anything was said at all.
    pub(super) fn finish(self) -> Option<Extract> {
        let summary = self.summary.or_else(|| self.breaking.first().cloned())?;
        debug_assert!(summary.chars().count() <= LINE_MAX);
        Some(Extract {
            summary,
            breaking: self.breaking,
            nature: self.worst.unwrap_or(Nature::Unclear),
        })
    }

    fn weigh(&mut self, entry: &Entry) {
        if let Some(line) = breaking::declaration(&entry.text) {
            self.add_breaking(line);
            return;
        }
        if entry.group == Group::Breaking {
            if !breaking::is_nothing(&entry.text) && !entry.nested {
                self.add_breaking(&entry.text);
            }
            return;
        }
        let text = tidy(&entry.text);
        if entry.group == Group::Noise || entry.nested || !is_news(text) {
            return;
        }
        self.speaks_of(match subject_of(entry.group, text) {
            Group::Features => Nature::Features,
            Group::Fixes | Group::Upkeep => Nature::Fixes,
            _ => Nature::Unclear,
        });
    }

    fn speaks_of(&mut self, nature: Nature) {
        self.worst = self.worst.max(Some(nature));
    }
}

/// What a line is about: by its own type, else by its heading, else by its first verb.
fn subject_of(group: Group, text: &str) -> Group {
    match (split_type(text), group) {
        ((Some(typed), _), _) => typed,
        (_, Group::Features | Group::Fixes | Group::Upkeep) => group,
        ((None, rest), _) => verb::group_of(rest).unwrap_or(group),
    }
}

fn summary(entries: &[Entry]) -> Option<String> {
    entries
        .iter()
        .filter(|entry| entry.group != Group::Noise && !breaking::is_nothing(&entry.text))
        .filter_map(|entry| {
            let text = tidy(&entry.text);
            let (typed, text) = split_type(text);
            let rank = match (entry.group, typed) {
                (Group::Unnamed | Group::Changes, Some(typed)) => typed,
                (group, _) => group,
            };
            is_news(text).then_some(((entry.nested, rank), text))
        })
        // The first of equals.
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, text)| cut(text))
}

/// The verb that a line begins with.
mod verb {
    use std::sync::LazyLock;

    use regex::Regex;

    use super::Group;
    use crate::pattern::pattern;

    /// The group that the first verb names, be it after a label such as `Gateway: `.
    pub(super) fn group_of(text: &str) -> Option<Group> {
        let after_label = LABEL.find(text).and_then(|label| text.get(label.end()..));
        [Some(text), after_label]
            .into_iter()
            .flatten()
            .find_map(named)
    }

    fn named(text: &str) -> Option<Group> {
        if FEATURE.is_match(text) {
            Some(Group::Features)
        } else if FIX.is_match(text) {
            Some(Group::Fixes)
        } else {
            UPKEEP.is_match(text).then_some(Group::Upkeep)
        }
    }

    static LABEL: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[^:：]{1,60}[:：]\s*"));

    static FEATURE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^\W*(?:(?:add(?:s|ed)?|new|introduc(?:e|es|ed|ing)|support(?:s|ed)?|implement(?:s|ed)?|allow(?:s|ed)?|enable[sd]?|feat(?:ure)?)\b|新增|增加|添加|支持|引入)",
        )
    });

    static FIX: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^\W*(?:(?:(?:bug|hot)?fix(?:es|ed)?|resolve[sd]?|correct(?:s|ed)?|repair(?:s|ed)?|security|typos?)\b|修复|修正|解决)",
        )
    });

    static UPKEEP: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^\W*(?:bump\b|(?:update|upgrade)[sd]? (?:\w+ )?(?:deps|dependenc)|docs?\b|documentation\b|chores?\b|version bump|升级依赖|更新依赖|文档)",
        )
    });
}
