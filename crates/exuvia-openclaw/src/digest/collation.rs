//! The order of JavaScript's `localeCompare`, for plain ASCII.

use std::cmp::Ordering;

/// What comes before digits and letters, in the root collation's order.
const PUNCTUATION: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares as `a.localeCompare(b)` does in the root locale of ICU: letters without regard to case
/// first, and only if all are equal lower case before upper.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    left.chars()
        .map(primary)
        .cmp(right.chars().map(primary))
        .then_with(|| {
            let upper = |c: char| c.is_ascii_uppercase();
            left.chars().map(upper).cmp(right.chars().map(upper))
        })
}

/// Whether [`compare`] is known to be right for this text.
pub(super) fn is_exact_for(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

fn primary(c: char) -> (usize, char) {
    (
        PUNCTUATION.find(c).unwrap_or(usize::MAX),
        c.to_ascii_lowercase(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_sorted_as_javascript_sorts_them() {
        let mut paths = [
            "SKILL.md",
            "references/B.md",
            "_meta.json",
            "references/a.md",
            "a",
            "A",
        ];
        paths.sort_by(|left, right| compare(left, right));
        assert_eq!(
            paths,
            [
                "_meta.json",
                "a",
                "A",
                "references/a.md",
                "references/B.md",
                "SKILL.md"
            ]
        );
    }
}
