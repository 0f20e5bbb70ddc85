//! Which process it is, so that an old one is never taken for a new one.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A process, by what no other ever shares: its number, the boot it lives in and when it started.
///
/// "Restarted" is only ever said when the process that answers is another than the one before:
/// OpenClaw has reported success with the old process still alive (openclaw/openclaw 78110).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessIdentity {
    /// Its number.
    pub pid: u32,
    /// The boot of the machine; empty where there is no way to know.
    #[serde(default)]
    pub boot: String,
    /// When it started, in the system's own ticks; 0 where there is no way to know.
    #[serde(default)]
    pub started: u64,
}

impl ProcessIdentity {
    /// Whether this is another process than that one; `None` when it cannot be told.
    pub fn is_other_than(&self, that: &Self) -> Option<bool> {
        let boots_known = !self.boot.is_empty() && !that.boot.is_empty();
        if self.pid != that.pid || (boots_known && self.boot != that.boot) {
            return Some(true);
        }
        if self.started == 0 || that.started == 0 {
            return None;
        }
        Some(self.started != that.started)
    }

    /// Whether this process started after that one; `None` when it cannot be told, as across boots.
    pub fn is_later_than(&self, that: &Self) -> Option<bool> {
        if self.boot != that.boot || self.started == 0 || that.started == 0 {
            return None;
        }
        match self.started.cmp(&that.started) {
            Ordering::Greater => Some(true),
            Ordering::Less => Some(false),
            Ordering::Equal if self.pid == that.pid => Some(false),
            Ordering::Equal => None,
        }
    }

    /// Whether this is surely none of those.
    pub fn is_none_of<'a>(&self, those: impl IntoIterator<Item = &'a Self>) -> bool {
        those
            .into_iter()
            .all(|that| self.is_other_than(that) == Some(true))
    }
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, boot: &str, started: u64) -> ProcessIdentity {
        ProcessIdentity {
            pid,
            boot: boot.to_owned(),
            started,
        }
    }

    #[test]
    fn a_number_that_is_used_again_is_another_process_and_a_missing_fact_is_not_a_difference() {
        let before = process(7, "b1", 100);
        for (after, other) in [
            (process(8, "b1", 100), Some(true)),
            (process(7, "b1", 200), Some(true)),
            (process(7, "b2", 100), Some(true)),
            (process(7, "b1", 100), Some(false)),
            (process(7, "", 100), Some(false)),
            (process(7, "b1", 0), None),
            (process(7, "", 0), None),
        ] {
            assert_eq!(after.is_other_than(&before), other, "{after:?}");
            assert_eq!(before.is_other_than(&after), other, "{after:?}");
        }
    }

    #[test]
    fn which_of_two_is_later_is_known_only_within_a_boot() {
        let before = process(7, "b1", 100);
        for (after, later) in [
            (process(6, "b1", 101), Some(true)),
            (process(8, "b1", 99), Some(false)),
            (process(7, "b1", 100), Some(false)),
            (process(8, "b1", 100), None),
            (process(8, "b2", 101), None),
            (process(8, "b1", 0), None),
        ] {
            assert_eq!(after.is_later_than(&before), later, "{after:?}");
        }
    }
}
