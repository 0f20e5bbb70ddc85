//! Names of snapshots.

use exuvia_model::text::is_hidden;
use exuvia_store::SnapshotId;
use jiff::Timestamp;

/// The longest name, in characters.
const MAX_CHARS: usize = 100;
/// How many digits of an id are shown where space is short, and how many it has.
const SHOWN: usize = 8;
const WHOLE: usize = 16;

/// The text is no name for a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// There is nothing in it.
    #[error("the name of a snapshot cannot be empty")]
    Empty,
    /// There is too much in it.
    #[error("the name of a snapshot has at most {MAX_CHARS} characters")]
    TooLong,
    /// A terminal would not show it as it is.
    #[error(
        "the name of a snapshot cannot have line breaks, control characters or invisible ones, and \
         no blanks at its ends"
    )]
    Unprintable,
    /// It would be taken for an id.
    #[error(
        "a name that begins with `snap_`, or is {SHOWN} to {WHOLE} hexadecimal digits, could not be \
         told from an id; choose another"
    )]
    LooksLikeAnId,
}

/// Refuses what could not be shown, or not be told from an id.
pub(crate) fn check(name: &str) -> Result<(), BadName> {
    if name.is_empty() {
        return Err(BadName::Empty);
    }
    if name.chars().count() > MAX_CHARS {
        return Err(BadName::TooLong);
    }
    if name.trim() != name || name.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err(BadName::Unprintable);
    }
    let is_hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_digits = is_hex && (SHOWN..=WHOLE).contains(&name.len());
    if name.starts_with(SnapshotId::PREFIX) || is_digits {
        return Err(BadName::LooksLikeAnId);
    }
    Ok(())
}

/// The name of a snapshot that is taken before something is done: `pre-{operation}-{timestamp}`.
pub fn automatic(operation: &str, now: Timestamp) -> String {
    format!("pre-{operation}-{}", now.strftime("%Y%m%dT%H%M%SZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_shown_and_told_from_ids_are_good() {
        for good in [
            "before msteams",
            "pre-restore-20261120T000000Z",
            "宁可不升",
            "v1",
            "c1",
            "a-1",
            "2026112",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", BadName::Empty),
            (" x", BadName::Unprintable),
            ("a\nb", BadName::Unprintable),
            ("\u{1b}[31m", BadName::Unprintable),
            ("a\u{202e}b", BadName::Unprintable),
            ("snap_x", BadName::LooksLikeAnId),
            ("0123abcd", BadName::LooksLikeAnId),
            ("0123ABCD0123abcd", BadName::LooksLikeAnId),
        ] {
            assert_eq!(check(bad), Err(why), "{bad:?}");
        }
        assert_eq!(check(&"x".repeat(101)), Err(BadName::TooLong));
        assert_eq!(check(&"宁".repeat(100)), Ok(()));
    }

    #[test]
    fn automatic_names_are_good_names() {
        let name = automatic("restore", Timestamp::UNIX_EPOCH);
        assert_eq!(name, "pre-restore-19700101T000000Z");
        assert_eq!(check(&name), Ok(()));
    }
}
