//! How far a push, a restore or a check has come, drawn on standard error.

use std::sync::Arc;
use std::time::Duration;

use exuvia_backup::{Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

const TICK: Duration = Duration::from_millis(100);

/// A line that says what is under way and how much of it is done.
#[derive(Debug)]
pub(super) struct BackupBar {
    bar: ProgressBar,
    is_seen: bool,
}

impl BackupBar {
    /// A bar that is drawn where somebody sees it.
    pub(super) fn new(output: &Output) -> Arc<Self> {
        Arc::new(Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            is_seen: output.shows_progress(),
        })
    }

    /// Takes the bar away, before something is printed. The next stage draws it again.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }
}

impl Progress for BackupBar {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        if !self.is_seen {
            return;
        }
        self.bar.reset();
        match total {
            Some(total) => self.bar.set_length(total),
            None => self.bar.unset_length(),
        }
        if let Ok(style) = ProgressStyle::with_template(template(stage, total.is_some())) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(title(stage));
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(TICK);
    }

    fn advance(&self, by: u64) {
        self.bar.inc(by);
    }
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Prepare => "Looking what is there",
        Stage::Push => "Backing up",
        Stage::Restore => "Writing",
        Stage::Check => "Checking",
        Stage::Prune => "Clearing away",
    }
}

fn template(stage: Stage, known: bool) -> &'static str {
    match (stage, known) {
        (Stage::Prepare | Stage::Prune, _) => "{spinner} {prefix} {elapsed:.dim}",
        (_, true) => {
            "{spinner} {prefix} {decimal_bytes}/{decimal_total_bytes} {bar:20} \
             {decimal_bytes_per_sec} {eta:.dim}"
        }
        (_, false) => "{spinner} {prefix} {decimal_bytes} {decimal_bytes_per_sec}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_template_that_can_be_drawn() {
        for stage in [
            Stage::Prepare,
            Stage::Push,
            Stage::Restore,
            Stage::Check,
            Stage::Prune,
        ] {
            for known in [true, false] {
                ProgressStyle::with_template(template(stage, known)).unwrap();
            }
        }
    }
}
