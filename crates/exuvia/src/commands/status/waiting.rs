//! What somebody sees who waits for a look: OpenClaw's own checks take seconds.

use std::time::Duration;

use indicatif::ProgressBar;

use crate::output::Output;

const TICK: Duration = Duration::from_millis(100);

/// A line that is there until this is dropped.
pub(super) struct Waiting(ProgressBar);

impl Waiting {
    /// Shows these words, where somebody sees them.
    pub(super) fn new(words: &'static str, output: &Output) -> Self {
        if !output.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(words);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
