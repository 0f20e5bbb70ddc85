//! How far a space is cut off.

use std::fmt;

/// How far a space is cut off from the world, and what it could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Isolation {
    /// The programs see a file system, a network and processes of their own.
    Full {
        /// Which limits are held by lesser means, in words; empty when none are.
        weaker: Vec<String>,
    },
    /// They run beside everything else, **at the real paths**: no bind is in effect.
    Partial {
        /// What is missing and why, in words.
        missing: Vec<String>,
    },
}

impl Isolation {
    /// Whether what was asked for at other paths is there, and nothing leads out.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, words) = match self {
            Self::Full { weaker } => ("full", weaker),
            Self::Partial { missing } => ("partial", missing),
        };
        f.write_str(word)?;
        if words.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", words.join("; "))
    }
}
