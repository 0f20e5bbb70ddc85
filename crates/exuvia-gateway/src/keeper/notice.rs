//! What a keeper tells the person who watches it.

use std::path::Path;
use std::time::Duration;

use exuvia_model::supervision::Ending;

use super::KeeperError;

/// Something that happened to a keeper's gateway.
#[derive(Debug)]
pub enum Notice<'a> {
    /// One was started; what it prints goes to the log.
    Started {
        /// Its process.
        pid: u32,
        /// The log.
        log: &'a Path,
    },
    /// One that an earlier keeper started is kept on.
    Found {
        /// Its process.
        pid: u32,
    },
    /// It ended without having been asked to.
    Ended {
        /// How.
        ending: Ending,
        /// When the next one starts; `None` when there will be none.
        again_in: Option<Duration>,
    },
    /// It ended because it wants to be started again.
    Restarts,
    /// It was asked to stop, and has.
    Stopped,
    /// It did not stop in time, and was killed.
    Killed,
    /// It holds more memory than it may, and is restarted.
    TooLarge {
        /// Bytes that it holds.
        resident: u64,
    },
    /// Something failed, and the keeper goes on.
    Failed {
        /// What.
        error: &'a KeeperError,
    },
}
