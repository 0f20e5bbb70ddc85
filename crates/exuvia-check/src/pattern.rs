//! Regular expressions that are part of the program.

use regex::{Regex, RegexSet};

/// Compiles a pattern that is a constant of the program.
#[expect(
    clippy::expect_used,
    reason = "patterns are constants, and the tests beside them match with each"
)]
pub(crate) fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("a constant pattern compiles")
}

/// Compiles several such patterns into one pass over a text.
#[expect(
    clippy::expect_used,
    reason = "patterns are constants, and the tests beside them match with each"
)]
pub(crate) fn pattern_set<'a>(sources: impl IntoIterator<Item = &'a str>) -> RegexSet {
    RegexSet::new(sources).expect("constant patterns compile")
}
