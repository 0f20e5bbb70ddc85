//! A heading that names a version.

use std::sync::LazyLock;

use exuvia_model::Version;
use regex::Regex;

use crate::pattern::pattern;

/// Longest heading that is looked at, in characters.
const TITLE_MAX: usize = 300;

/// What a heading names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Title {
    /// A version, and perhaps its date.
    Release {
        /// The version as written, without a leading `v`.
        version: String,
        /// The date as written.
        date: Option<String>,
        /// What else stands there.
        form: Form,
    },
    /// What is not released yet.
    Unreleased,
}

/// What stands in a heading beside the version and its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing but what usually does.
    Exact,
    /// One more word before it: the package's name.
    Named,
    /// A title of its own behind it.
    Titled,
}

impl Title {
    /// Reads the text of a heading, Markdown and all.
    pub(super) fn read(heading: &str) -> Option<Self> {
        let text = plain(heading);
        let date = DATE.find(&text).map(|found| found.as_str().to_owned());
        let undated = date.as_deref().map_or_else(
            || text.clone(),
            |date| text.replacen(date, &" ".repeat(date.len()), 1),
        );
        // A version such as `2023.01.06` looks like a date and is alone in its heading.
        release(&undated, date.clone())
            .or_else(|| release(&text, None))
            .or_else(|| UNRELEASED.is_match(&text).then_some(Self::Unreleased))
    }
}

/// A version as people write it in headings: `1.2` is `1.2.0`, `2023.01.06` is `2023.1.6`.
pub(super) fn lenient_version(text: &str) -> Option<Version> {
    if let Ok(version) = text.parse() {
        return Some(version);
    }
    let numbers = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(numbers)?;
    let mut parts: Vec<&str> = core
        .split('.')
        .map(|part| match part.trim_start_matches('0') {
            "" => "0",
            part => part,
        })
        .collect();
    parts.resize(parts.len().max(3), "0");
    format!("{}{rest}", parts.join(".")).parse().ok()
}

fn release(text: &str, date: Option<String>) -> Option<Title> {
    let captures = VERSION.captures(text)?;
    let version = captures.get(1)?;
    let before = text.get(..version.start())?;
    let after = text.get(version.end()..)?;
    if after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        || after.starts_with(".x")
        || !before_allowed(before)
    {
        return None;
    }
    lenient_version(version.as_str())?;
    Some(Title::Release {
        version: version.as_str().to_owned(),
        date,
        form: match (BEFORE_STRICT.is_match(before), AFTER_STRICT.is_match(after)) {
            (true, true) => Form::Exact,
            (false, true) => Form::Named,
            (_, false) => Form::Titled,
        },
    })
}

/// At most one word that is not a usual one, and none that makes the version a mere mention.
fn before_allowed(before: &str) -> bool {
    BEFORE_STRICT.is_match(before)
        || (before.split_whitespace().count() <= 1 && !MENTION.is_match(before))
}

fn plain(heading: &str) -> String {
    let text: String = heading.chars().take(TITLE_MAX).collect();
    let text = TAG.replace_all(&text, " ");
    let text = LINK.replace_all(&text, "$1");
    text.chars()
        .map(|c| {
            if matches!(c, '[' | ']' | '`' | '*') {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !exuvia_model::text::is_hidden(*c))
        .collect()
}

static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(r"<[^<>]*>"));

static LINK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])"));

static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[\s(@/vV=,:#_-])(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]*[0-9A-Za-z])?)",
    )
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b\d{1,2}[-/]\d{1,2}[-/]\d{4}\b|\b(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:\d{1,2}(?:st|nd|rd|th)?,?\s+)?\d{4}\b|\d{4}年\d{1,2}月\d{1,2}日",
    )
});

static UNRELEASED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:unreleased|upcoming|next(?: release| version)?|head|master|main|未发布|待发布)\W*(?:changes)?\W*$",
    )
});

static BEFORE_STRICT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:[^\p{L}\p{N}]|version|released?|ver|v|openclaw|版本|发布|@?[\w./-]+@v?)*$")
});

static AFTER_STRICT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:[^\p{L}\p{N}]|\([^()]*\)|released?|latest|current|lts|stable|yanked|on)*$|^\s*[-–—:|,/(]",
    )
});

static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:from|to|migrat\w+|upgrad\w+|until|since|before|after|node(?:\.?js)?|npm|python|rust|go|supports?|requires?|bump|and|vs|part|step|section)\b",
    )
});
