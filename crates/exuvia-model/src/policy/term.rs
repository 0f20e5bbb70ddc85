//! For how long nothing is to be upgraded.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A stretch of time. It ends by itself, whatever the clock does meanwhile: a clock that goes back
/// cannot make it longer than it may be by more than a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Term {
    /// When it began.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// Why something is no stretch of time in which nothing is upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATerm {
    /// It would be over already.
    #[error("that is over already")]
    Over,
    /// It is longer than it may be.
    #[error(
        "that is longer than {} days; what is to stay for good is pinned (`exuvia pin`)",
        Term::LONGEST.as_hours() / 24
    )]
    TooLong,
}

impl Term {
    /// How long one may be.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
    /// How long one is where nothing is said.
    pub const USUAL: SignedDuration = SignedDuration::from_hours(24);
    /// How far a clock may have gone back since one began, for it to count.
    const AWRY: SignedDuration = SignedDuration::from_hours(24);

    /// From one time to another.
    pub fn new(from: Timestamp, until: Timestamp) -> Result<Self, NotATerm> {
        let length = until.duration_since(from);
        if length <= SignedDuration::ZERO {
            return Err(NotATerm::Over);
        }
        if length > Self::LONGEST {
            return Err(NotATerm::TooLong);
        }
        Ok(Self { from, until })
    }

    /// When it ends, also where somebody wrote down that it be longer than it may be.
    pub fn end(self) -> Timestamp {
        let longest = self.from.checked_add(Self::LONGEST);
        longest.map_or(self.until, |longest| self.until.min(longest))
    }

    /// Whether it has begun and is not over.
    pub fn is_in_force(self, now: Timestamp) -> bool {
        let begins = self.from.checked_sub(Self::AWRY).unwrap_or(Timestamp::MIN);
        begins <= now && now < self.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH
            .checked_add(SignedDuration::from_hours(hours))
            .unwrap()
    }

    #[test]
    fn it_is_in_force_from_its_beginning_to_its_end() {
        let term = Term::new(at(100), at(102)).unwrap();
        for (now, is_in_force) in [(100, true), (101, true), (102, false), (200, false)] {
            assert_eq!(term.is_in_force(at(now)), is_in_force, "{now}");
        }
        assert_eq!(Term::new(at(1), at(1)), Err(NotATerm::Over));
        assert_eq!(Term::new(at(0), at(31 * 24 + 1)), Err(NotATerm::TooLong));
        assert!(NotATerm::TooLong.to_string().contains("31 days"));
    }

    #[test]
    fn no_clock_and_no_hand_makes_it_last_for_ever() {
        let term = Term::new(at(1000), at(1002)).unwrap();
        assert!(
            term.is_in_force(at(990)),
            "the clock was put right by hours"
        );
        assert!(
            !term.is_in_force(at(900)),
            "it was made by a clock that was days off"
        );
        let by_hand = Term {
            from: at(0),
            until: Timestamp::MAX,
        };
        assert!(by_hand.is_in_force(at(1)) && !by_hand.is_in_force(at(32 * 24)));
    }
}
