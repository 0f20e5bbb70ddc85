//! How far something has come, for whoever is waiting.

use std::fmt::Debug;
use std::sync::Arc;

use rustic_core::{Progress as RusticBar, ProgressBars, ProgressType, RusticProgress};

/// What is being done, and with that what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reading the index and what is there already; nothing is counted.
    Prepare,
    /// Backing up, in bytes of the snapshot.
    Push,
    /// Writing files of a restore, in bytes.
    Restore,
    /// Verifying what is in the repository, in bytes as they lie there where that is known.
    Check,
    /// Clearing away what nothing needs any more; nothing is counted.
    Prune,
}

/// Somebody who is told how far something has come. Calls come from any thread.
pub trait Progress: Debug + Send + Sync {
    /// A stage begins. What is told from here on adds up to about `total`, where that is known.
    fn stage(&self, stage: Stage, total: Option<u64>);

    /// So much more is done.
    fn advance(&self, by: u64);
}

/// Nobody.
#[derive(Debug)]
pub(crate) struct Quiet;

impl Progress for Quiet {
    fn stage(&self, _stage: Stage, _total: Option<u64>) {}

    fn advance(&self, _by: u64) {}
}

/// What rustic tells of the bytes that it has dealt with, as one of our stages.
#[derive(Debug, Clone)]
pub(crate) struct Bridge {
    pub(crate) to: Arc<dyn Progress>,
    pub(crate) stage: Stage,
}

impl ProgressBars for Bridge {
    fn progress(&self, kind: ProgressType, _prefix: &str) -> RusticBar {
        match kind {
            ProgressType::Bytes => RusticBar::new(self.clone()),
            ProgressType::Spinner | ProgressType::Counter => RusticBar::hidden(),
        }
    }
}

impl RusticProgress for Bridge {
    fn is_hidden(&self) -> bool {
        false
    }

    fn set_length(&self, len: u64) {
        self.to.stage(self.stage, Some(len));
    }

    fn set_title(&self, _title: &str) {}

    fn inc(&self, inc: u64) {
        self.to.advance(inc);
    }

    fn finish(&self) {}
}
