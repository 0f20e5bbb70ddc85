//! What stands around the news in a line of notes: numbers, hashes, thanks.

use std::sync::LazyLock;

use regex::Regex;

use super::LINE_MAX;
use super::group::Group;
use crate::pattern::pattern;

/// Rounds of trimming after which a line is left as it is.
const ROUNDS_MAX: usize = 12;

/// How much of a line may be given up so that it is cut between words, in characters.
const WORD_MAX: usize = 30;

/// The part of `text` that says something: trailing lists of numbers, commits, links and thanks and
/// leading ones are cut off. Always a part of `text`, never a change to it.
pub(super) fn tidy(text: &str) -> &str {
    let mut rest = strip_lead(text.trim());
    for _ in 0..ROUNDS_MAX {
        let shorter = TRAILERS
            .iter()
            .filter_map(|trailer| trailer.find(rest))
            .find(|found| is_reference(found.as_str()))
            .and_then(|found| rest.get(..found.start()))
            .map(str::trim_end);
        match shorter {
            Some(shorter) if !shorter.is_empty() => rest = shorter,
            _ => break,
        }
    }
    rest.trim_end_matches([' ', ',', ';', '-', '–', '—', '|'])
}

/// Every reference has a digit, a name or an address in it; `defaced` only looks like a commit.
fn is_reference(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit() || c == '@') || text.contains("://")
}

/// `text` without a conventional type such as `fix(api): `, and the group that the type names.
pub(super) fn split_type(text: &str) -> (Option<Group>, &str) {
    let Some(captures) = TYPE.captures(text) else {
        return (None, text);
    };
    let group = captures
        .get(1)
        .and_then(|kind| Group::of_type(kind.as_str()));
    let rest = captures
        .get(0)
        .filter(|_| group.is_some())
        .and_then(|lead| text.get(lead.end()..))
        .filter(|rest| !rest.is_empty());
    match rest {
        Some(rest) => (group, rest),
        None => (None, text),
    }
}

/// At most [`LINE_MAX`] characters of `text`, cut between words where it has words.
pub(super) fn cut(text: &str) -> String {
    let Some((limit, _)) = text.char_indices().nth(LINE_MAX) else {
        return text.to_owned();
    };
    // Room for the ellipsis.
    let head = text.get(..limit).unwrap_or(text);
    let head = head
        .char_indices()
        .next_back()
        .map_or("", |(last, _)| head.get(..last).unwrap_or_default());
    let tail = head
        .char_indices()
        .rev()
        .take(WORD_MAX)
        .find_map(|(at, c)| (c == ' ').then_some(at));
    let head = tail.and_then(|at| head.get(..at)).unwrap_or(head);
    format!("{}…", head.trim_end_matches([' ', ',', ';', ':']))
}

/// Whether a line has anything to say: words, and not only a link, a credit or a date.
pub(super) fn is_news(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !NO_NEWS.is_match(text)
}

fn strip_lead(text: &str) -> &str {
    let after_credit = CREDIT
        .find(text)
        .and_then(|credit| text.get(credit.end()..))
        .unwrap_or(text);
    let after_commit = COMMIT
        .find(after_credit)
        .filter(|commit| commit.as_str().contains(|c: char| c.is_ascii_digit()))
        .and_then(|commit| after_credit.get(commit.end()..))
        .unwrap_or(after_credit);
    let bare = after_commit.trim_start_matches(|c: char| !is_beginning(c));
    if bare.is_empty() { text } else { bare }
}

fn is_beginning(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c,
            '(' | '[' | '"' | '\'' | '“' | '‘' | '「' | '@' | '$' | '/' | '.' | '<' | '_' | '#'
        )
}

/// How changesets begins a line that has a pull request: `#12 a1b2c3d Thanks @who! - `.
static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:#\d+\s+)?(?:[0-9a-f]{7,40}\s+)?thanks\s+@[\w-]+(?:\s*(?:,|and)\s*@[\w-]+)*!?\s*-\s*",
    )
});

static COMMIT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:\[?#\d+\]?[\s:,]+)?[\[(]?[0-9a-f]{7,40}[\])]?:?\s+|^#\d+[\s:]+")
});

static TYPE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^([A-Za-z]{2,12})(?:\([^()]{1,60}\))?!?:\s+"));

static TRAILERS: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    [
        // (#1, #2), (a1b2c3d), (closes #3), (by @who)
        r"(?i)\s*[(\[](?:(?:close[sd]?|fix(?:es|ed)?|refs?|see|pr|related|thanks|by|via|in|and|[\w.-]+/[\w.-]+)?[\s:]*(?:#\d+|gh-\d+|![0-9]+|[0-9a-f]{7,40}|@[\w-]+|https?://[^\s()\[\]]+)[\s,;&]*)+[)\]]\.?$",
        // , closes #1 #2; Related #3
        r"(?i)[\s,;]*\b(?:close[sd]?|fix(?:es|ed)?|refs?|related(?: to)?|resolve[sd]?|see)\b:?\s+(?:[\w.-]+/[\w.-]+)?(?:#\d+|https?://\S+)(?:[\s,]*(?:and\s+)?(?:[\w.-]+/[\w.-]+)?#\d+)*\.?$",
        // by @who in https://…
        r"(?i)\s+by\s+@[\w\[\]-]+(?:\s*(?:,|and)\s*@[\w\[\]-]+)*(?:\s+in\s+(?:https?://\S+|#\d+))?\.?$",
        // Thanks @a, @b, and @c.
        r"(?i)[\s(]*[-–—]?\s*\b(?:thanks|thank you|thx|h/t|kudos)\b[\s,:]*(?:to\s+)?@[\w-]+(?:[\s,]*(?:and\s+)?@[\w-]+)*[.!)]*$",
        r"\s+(?:in\s+)?https?://\S+$",
        r"[\s,]*(?:PR\s+)?#\d+(?:[\s,]+#\d+)*\.?$",
        r"\s+[0-9a-f]{7,40}$",
    ]
    .map(pattern)
});

static NO_NEWS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:full changelog|compare|diff)\b.{0,20}https?://|^\W*(?:full changelog|see the full)\b|^\S*https?://\S+$|made their first contribution|^\W*(?:thanks|thank you|kudos|special thanks)\b|^\W*@[\w-]+(?:[\s,]+(?:and\s+)?@[\w-]+)*\W*$|^\W*released?(?: on| date)?\W*[\d\W]+$|^\W*updated dependencies\b.{0,60}$|^\W*PR #\d+|^\W*co-authored-by\b|^\W*v?\d+\.\d+(?:\.\d+)?\S*\W*$|^\W*(?:完整(?:更新)?日志|感谢)",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_hashes_and_thanks_are_cut_off() {
        for (line, left) in [
            (
                "Fix the lock (#12, #13) Related #14 Thanks @a, @b, and @c.",
                "Fix the lock",
            ),
            ("Fix the lock. (#12)", "Fix the lock."),
            ("fix the lock (#12) (a1b2c3d)", "fix the lock"),
            ("fix the lock (a1b2c3d), closes #12 #13", "fix the lock"),
            (
                "Fix the lock by @who in https://example.com/pull/1",
                "Fix the lock",
            ),
            ("a1b2c3d: Fix the lock", "Fix the lock"),
            ("#12 a1b2c3d Thanks @who! - Fix the lock", "Fix the lock"),
            ("#12: Fix the lock #13", "Fix the lock"),
            ("🔒 Fix the lock - @who", "Fix the lock - @who"),
            ("Fix issue #12 in the lock", "Fix issue #12 in the lock"),
            ("Support C# and F#", "Support C# and F#"),
            ("[Fix] the lock a1b2c3d", "[Fix] the lock"),
            ("The page was defaced", "The page was defaced"),
            ("effaced names are restored", "effaced names are restored"),
            (
                "Keep (a, b) as it is (see docs)",
                "Keep (a, b) as it is (see docs)",
            ),
        ] {
            assert_eq!(tidy(line), left);
        }
    }

    #[test]
    fn a_line_of_nothing_but_numbers_is_left_alone() {
        assert_eq!(tidy("#12"), "#12");
        assert!(!is_news("#12"));
    }

    #[test]
    fn a_long_line_is_cut_between_words() {
        let line = cut(&"word ".repeat(60));
        assert!(line.chars().count() <= LINE_MAX);
        assert!(line.ends_with("word…"), "{line}");
        let line = cut(&"更新".repeat(100));
        assert_eq!(line.chars().count(), LINE_MAX);
    }

    #[test]
    fn credits_links_and_dates_are_no_news() {
        for text in [
            "Full Changelog: https://example.com/compare/v1...v2",
            "**Full Changelog**: v1...v2",
            "https://example.com/x",
            "@a made their first contribution in #12",
            "Thanks to everybody",
            "@a, @b and @c",
            "Released on 2026-01-01",
            "PR #143837 Thanks @a.",
            "v1.2.3",
            "-",
        ] {
            assert!(!is_news(text), "{text}");
        }
        assert!(is_news("修复"));
        assert!(is_news("Compare files side by side"));
    }

    #[test]
    fn a_type_is_split_off_where_it_is_one() {
        assert_eq!(split_type("fix(api): a"), (Some(Group::Fixes), "a"));
        assert_eq!(split_type("feat!: a"), (Some(Group::Features), "a"));
        assert_eq!(split_type("Gateway: a"), (None, "Gateway: a"));
    }
}
