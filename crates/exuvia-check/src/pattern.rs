//! Regular expressions that are part of the program.

use regex::{Regex, RegexSet};

/// Compiles a pattern that is a constant of the program.
#[expect(
    clippy::expect_used,
    reason = "patterns are constants, and the tests beside them match with each"
)]
pub(crate) fn pattern(source: &str) -> Regex {
    Regex::new(&of_ascii_words(source)).expect("a constant pattern compiles")
}

/// Compiles several such patterns into one pass over a text.
#[expect(
    clippy::expect_used,
    reason = "patterns are constants, and the tests beside them match with each"
)]
pub(crate) fn pattern_set<'a>(sources: impl IntoIterator<Item = &'a str>) -> RegexSet {
    RegexSet::new(sources.into_iter().map(of_ascii_words)).expect("constant patterns compile")
}

/// The same pattern with `\w`, `\d` and `\b` of ASCII: identifiers, commands and versions are, and
/// the tables for all scripts of the world cost half a second and 20 MB to compile. White space
/// stays that of all scripts, or a no-break space would hide what is looked for; so does `\W`, which
/// must not take Chinese for punctuation.
fn of_ascii_words(source: &str) -> String {
    let mut pattern = String::with_capacity(source.len() * 2);
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            pattern.push(c);
            continue;
        }
        match chars.next() {
            Some('w') => pattern.push_str("[0-9A-Za-z_]"),
            Some('d') => pattern.push_str("[0-9]"),
            Some('D') => pattern.push_str("[^0-9]"),
            Some('b') => pattern.push_str("(?-u:\\b)"),
            Some('B') => pattern.push_str("(?-u:\\B)"),
            Some(other) => pattern.extend(['\\', other]),
            None => pattern.push('\\'),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_of_ascii_and_white_space_is_of_all_scripts() {
        let found = pattern(r"\bignore\s+\w+[\w.-]\b");
        assert!(found.is_match("ignore\u{a0}all.x"));
        assert!(found.is_match("忽略 ignore\u{3000}all-x 忽略"));
        assert!(!found.is_match("ignore 所有"));
        assert!(
            pattern(r"\\w\.").is_match(r"\w."),
            "an escaped backslash is left alone"
        );
    }
}
