//! How long to wait before a gateway that keeps ending is started again.

use std::time::Duration;

/// The longest wait between two tries.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// A gateway that ran this long had started: what ended it later begins a new count. OpenClaw is
/// ready 8 to 18 s after its start; a slow machine takes a few times that.
pub const STEADY_AFTER: Duration = Duration::from_mins(2);

/// The wait after this many failures one after the other: 1 s, 2 s, 4 s …, at most
/// [`LONGEST_WAIT`].
pub fn wait_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    Duration::from_secs(1 << doublings).min(LONGEST_WAIT)
}
