//! Time as the rules see it: given from outside, and safe against clocks that jump.
//!
//! Two clocks are told with every event. The *monotonic* one decides whether a deadline has
//! passed; it cannot jump, but it means nothing outside the [`Epoch`] it was read in. The *wall*
//! clock is for people, and for the one question the other cannot answer: how much of a deadline
//! passed while no process watched it. The answer is cut to between nothing and all of the
//! deadline, so that a wall clock that went back an hour, or a year, makes nobody wait longer than
//! the whole deadline once more, and never for ever.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A span of time, or a reading of a monotonic clock, in milliseconds. Arithmetic saturates.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(u64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    pub const fn new(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// How many milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This much more.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// This much less, at least nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Duration> for Millis {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Millis> for Duration {
    fn from(span: Millis) -> Self {
        Self::from_millis(span.0)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, seconds) = (self.0 / 60_000, self.0 / 1000 % 60);
        match (minutes, seconds) {
            (0, 0) if self.0 > 0 => write!(f, "{} ms", self.0),
            (0, _) => write!(f, "{seconds} s"),
            (_, 0) => write!(f, "{minutes} min"),
            _ => write!(f, "{minutes} min {seconds} s"),
        }
    }
}

/// Names one run of a monotonic clock: readings can be compared within an epoch only.
///
/// A clock that counts from the start of a process makes an epoch of that process; one that counts
/// from the machine's boot makes an epoch of that boot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(String);

impl Epoch {
    /// The epoch of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

/// What both clocks say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Now {
    /// Which run of the monotonic clock was read.
    pub epoch: Epoch,
    /// What it said.
    pub monotonic: Millis,
    /// What the wall clock said.
    pub wall: Timestamp,
}

/// A point in time that something must not go beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// The monotonic clock when it was set, in the epoch of the state that holds it.
    set: Millis,
    /// The wall clock when it was set.
    set_at: Timestamp,
    /// How long after that it is.
    #[serde(rename = "lengthMs")]
    length: Millis,
}

impl Deadline {
    /// So long from now.
    pub fn after(now: &Now, length: Millis) -> Self {
        Self {
            set: now.monotonic,
            set_at: now.wall,
            length,
        }
    }

    /// How long until then; nothing once it has passed. `now` is of the epoch it was set in.
    pub fn left(&self, now: &Now) -> Millis {
        self.length.minus(now.monotonic.minus(self.set))
    }

    /// Whether it has passed.
    pub fn has_passed(&self, now: &Now) -> bool {
        self.left(now) == Millis::ZERO
    }

    /// The same deadline in a new epoch. How much of it passed is read off the wall clock, and cut
    /// to between nothing and all of it.
    #[must_use]
    pub fn carried_over(&self, now: &Now) -> Self {
        let passed = now.wall.duration_since(self.set_at).as_millis();
        let passed = Millis(u64::try_from(passed.max(0)).unwrap_or(u64::MAX));
        Self::after(now, self.length.minus(passed))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now(epoch: &str, monotonic: u64, wall: i64) -> Now {
        Now {
            epoch: Epoch::new(epoch),
            monotonic: Millis::new(monotonic),
            wall: Timestamp::from_millisecond(wall).unwrap(),
        }
    }

    #[test]
    fn within_an_epoch_the_wall_clock_does_not_matter() {
        let deadline = Deadline::after(&now("a", 1000, 0), Millis::new(500));
        for wall in [-9_000_000_000, 0, 9_000_000_000] {
            assert_eq!(deadline.left(&now("a", 1200, wall)), Millis::new(300));
            assert!(deadline.has_passed(&now("a", 1500, wall)));
        }
    }

    #[test]
    fn across_epochs_the_wall_clock_says_what_passed_but_never_makes_it_longer() {
        let deadline = Deadline::after(&now("a", 9000, 10_000), Millis::new(500));
        for (wall, left) in [(10_200, 300), (10_600, 0), (10_000, 500), (-5, 500)] {
            let then = now("b", 3, wall);
            assert_eq!(deadline.carried_over(&then).left(&then), Millis::new(left));
        }
    }

    #[test]
    fn spans_are_said_in_words() {
        for (span, words) in [
            (0, "0 s"),
            (250, "250 ms"),
            (2000, "2 s"),
            (300_000, "5 min"),
            (90_000, "1 min 30 s"),
        ] {
            assert_eq!(Millis::new(span).to_string(), words);
        }
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_the_deadline_whatever_the_clocks_do(
            set in any::<u64>(), length in any::<u64>(), monotonic in any::<u64>(),
            walls in any::<(i32, i32)>(),
        ) {
            let deadline = Deadline::after(&now("a", set, walls.0.into()), Millis::new(length));
            let then = now("b", monotonic, walls.1.into());
            prop_assert!(deadline.left(&now("a", monotonic, 0)) <= Millis::new(length));
            prop_assert!(deadline.carried_over(&then).left(&then) <= Millis::new(length));
        }
    }
}
