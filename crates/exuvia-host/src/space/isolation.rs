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
        /// What the kernel holds them to all the same.
        held: Held,
    },
}

/// What the kernel holds programs to by a fence ([`super::Fence`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// They write nowhere but where the fence says.
    pub files: bool,
    /// They connect by TCP nowhere but where the fence says.
    pub connections: bool,
    /// They signal nobody but each other.
    pub signals: bool,
}

impl Held {
    /// What is not cut off, in words.
    pub(super) fn missing(self) -> Vec<String> {
        let files = if self.files {
            "whatever this user can read can be read, but nothing be written outside of the copy"
        } else {
            "whatever this user can read and write can be read and written"
        };
        let network = if self.connections {
            "the network can be reached, but not by TCP"
        } else {
            "the network can be reached"
        };
        let processes = if self.signals {
            "other processes of this user can be seen, but not be ended"
        } else {
            "other processes of this user can be seen and ended"
        };
        [files, network, processes].map(str::to_owned).into()
    }
}

/// Which limits are held by lesser means where there is no cgroup, and why there is none.
pub(super) fn weaker(numbered: bool, why: &str) -> String {
    let what = if numbered {
        "memory is"
    } else {
        "memory and processes are"
    };
    format!("{what} counted 20 times a second, not bounded by the kernel: {why}")
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
            Self::Partial { missing, .. } => ("partial", missing),
        };
        f.write_str(word)?;
        if words.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", words.join("; "))
    }
}
