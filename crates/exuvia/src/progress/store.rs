//! How far a snapshot, a restore or a verification has come, drawn on standard error.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exuvia_host::disk::pause;
use exuvia_store::{Progress, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// A line that says what is under way and how much of it is done, once somebody has waited.
#[derive(Debug)]
pub(crate) struct StoreBar {
    bar: ProgressBar,
    is_seen: bool,
    turn: Arc<Mutex<Turn>>,
}

/// One wait of the user's, from its first stage to its end.
#[derive(Debug, Default)]
struct Turn {
    number: u64,
    is_on: bool,
}

impl StoreBar {
    /// A bar that is drawn where somebody sees it.
    pub(crate) fn new(output: &Output) -> Arc<Self> {
        Arc::new(Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            is_seen: output.shows_progress(),
            turn: Arc::default(),
        })
    }

    /// Takes the bar away, before something is printed. The next stage begins a new one.
    pub(crate) fn end(&self) {
        locked(&self.turn).is_on = false;
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }

    /// Draws the bar once the patience is at an end, if it is still wanted then.
    fn begin(&self) {
        let mut turn = locked(&self.turn);
        if turn.is_on || !self.is_seen {
            return;
        }
        turn.is_on = true;
        turn.number += 1;
        let (number, turn, bar) = (turn.number, Arc::clone(&self.turn), self.bar.clone());
        bar.reset();
        std::thread::spawn(move || {
            pause(PATIENCE);
            let turn = locked(&turn);
            if turn.is_on && turn.number == number {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(TICK);
            }
        });
    }
}

fn locked(turn: &Mutex<Turn>) -> MutexGuard<'_, Turn> {
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress for StoreBar {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        self.begin();
        self.bar.set_position(0);
        match total {
            Some(total) => self.bar.set_length(total),
            None => self.bar.unset_length(),
        }
        if let Ok(style) = ProgressStyle::with_template(&template(stage, total.is_some())) {
            self.bar.set_style(style);
        }
        self.bar.set_prefix(title(stage));
        self.bar.reset_eta();
    }

    fn advance(&self, by: u64) {
        self.bar.inc(by);
    }
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Look => "Looking at names",
        Stage::Read => "Reading what moved",
        Stage::Write => "Writing",
        Stage::Verify => "Verifying",
        Stage::Collect => "Collecting",
    }
}

fn template(stage: Stage, known: bool) -> String {
    let amounts = match (stage, known) {
        (Stage::Look | Stage::Collect, true) => "{human_pos}/{human_len} {bar:20}",
        (Stage::Look | Stage::Collect, false) => "{human_pos}",
        (_, true) => {
            "{decimal_bytes}/{decimal_total_bytes} {bar:20} {decimal_bytes_per_sec} {eta:.dim}"
        }
        (_, false) => "{decimal_bytes} {decimal_bytes_per_sec}",
    };
    format!("{{spinner}} {{prefix}} {amounts}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_template_that_can_be_drawn() {
        for stage in [
            Stage::Look,
            Stage::Read,
            Stage::Write,
            Stage::Verify,
            Stage::Collect,
        ] {
            for known in [true, false] {
                ProgressStyle::with_template(&template(stage, known)).unwrap();
            }
        }
    }
}
