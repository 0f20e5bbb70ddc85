//! What a check tells of its own course.

use std::fmt;

/// The phases of a check that take long enough to be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reading what is installed.
    Inventory,
    /// Asking for newer versions.
    Scan,
    /// Fetching what changed.
    Evidence,
    /// Looking into what would be installed.
    Vetting,
}

/// Hears of a check's course. Called from several tasks at once.
pub trait Progress: Send + Sync + fmt::Debug {
    /// A phase begins, with this many things to do; 0 where that is not known.
    fn begin(&self, phase: Phase, total: usize);

    /// One thing is done; `what` names it.
    fn advance(&self, what: &str);

    /// The phase is over.
    fn end(&self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _phase: Phase, _total: usize) {}
    fn advance(&self, _what: &str) {}
    fn end(&self) {}
}
