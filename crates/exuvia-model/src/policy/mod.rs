//! What the user allows upgrades to do by the clock: how old a release must be, and when.

mod term;
mod window;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

pub use term::{NotATerm, Term};
pub use window::{NotAWindow, Window};

/// What the user allows, by `[upgrade]` in `config.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How long ago a release must have been published.
    pub minimum_age: SignedDuration,
    /// When an upgrade may begin: in one of them; at any time where there is none.
    pub windows: Vec<Window>,
    /// How many generations are kept to go back to, of each asset; at least one.
    pub generations: usize,
    /// Whether what has a low risk may be upgraded without being asked.
    pub automatic: bool,
    /// Programs that are asked whether anything may be upgraded.
    pub inhibitors: Vec<PathBuf>,
}

impl Policy {
    /// How many generations are kept where nothing is said.
    pub const GENERATIONS: usize = 3;
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            minimum_age: SignedDuration::ZERO,
            windows: Vec::new(),
            generations: Self::GENERATIONS,
            automatic: false,
            inhibitors: Vec::new(),
        }
    }
}

/// Whether an upgrade may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It may.
    Allow,
    /// It may not, and why.
    Deny(Reason),
    /// That cannot be told, so it may not.
    Unknown(Reason),
}

/// Why an upgrade may not begin now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The release is too young.
    Young {
        /// From when on it is old enough.
        until: Timestamp,
    },
    /// When the release was published is not known.
    Ageless,
    /// No window is open.
    Closed {
        /// When the next one opens; `None` if none does within a week.
        opens: Option<Timestamp>,
    },
}

impl Policy {
    /// Whether the upgrade to a release may begin now.
    pub fn rule(&self, now: Timestamp, published: Option<Timestamp>) -> Ruling {
        if self.minimum_age > SignedDuration::ZERO {
            let Some(published) = published else {
                return Ruling::Unknown(Reason::Ageless);
            };
            let until = published
                .checked_add(self.minimum_age)
                .unwrap_or(Timestamp::MAX);
            if now < until {
                return Ruling::Deny(Reason::Young { until });
            }
        }
        if self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(now)) {
            return Ruling::Allow;
        }
        let opens = self.windows.iter().filter_map(|window| window.opens(now));
        Ruling::Deny(Reason::Closed { opens: opens.min() })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Young { until } => write!(
                f,
                "the release is younger than `minimum-age` wants; it is old enough at {until}"
            ),
            Self::Ageless => {
                f.write_str("`minimum-age` is set and when the release was published is not known")
            }
            Self::Closed { opens: Some(at) } => write!(
                f,
                "it is outside of the hours in which upgrades may begin; the next ones begin at {at}"
            ),
            Self::Closed { opens: None } => f.write_str(
                "it is outside of the hours in which upgrades may begin, and there are none within \
                 a week",
            ),
        }
    }
}
