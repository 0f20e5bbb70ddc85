//! The course of a transaction, for somebody who watches.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exuvia_model::upgrade::{Kind, Phase};
use exuvia_upgrade::{News, Plan, Subject};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;
use crate::render;

const TICK: Duration = Duration::from_millis(100);

/// Tells what is being done and for how long, and what came of it: a line for each phase, and on a
/// terminal one that moves below them.
pub(super) struct Course<'o> {
    plan: Plan,
    output: &'o Output,
    waiting: Mutex<Option<ProgressBar>>,
}

impl<'o> Course<'o> {
    pub(super) fn new(plan: Plan, output: &'o Output) -> Self {
        Self {
            plan,
            output,
            waiting: Mutex::default(),
        }
    }

    pub(super) fn tell(&self, news: News<'_>) {
        if let Some(bar) = self.waiting().take() {
            bar.finish_and_clear();
        }
        let (News::Begins(phase) | News::Done(phase, _) | News::Failed(phase, _)) = news;
        if doing(phase, &self.plan).is_empty() {
            return;
        }
        match news {
            News::Begins(phase) => self.begin(&doing(phase, &self.plan)),
            News::Done(phase, took) => self.output.note(&format!(
                "  ✓ {} ({:.1} s)",
                doing(phase, &self.plan),
                took.as_secs_f64()
            )),
            News::Failed(phase, why) => self.output.note(&format!(
                "  ✗ {}: {}",
                doing(phase, &self.plan),
                render::line(why)
            )),
        }
    }

    fn begin(&self, words: &str) {
        if !self.output.shows_progress() {
            return;
        }
        let bar = ProgressBar::new_spinner().with_message(words.to_owned());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}: {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        *self.waiting() = Some(bar);
    }

    fn waiting(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is done in a phase; nothing where there is nothing to do.
pub(super) fn doing(phase: Phase, plan: &Plan) -> String {
    let (from, to, soak) = (plan.from.short(), plan.to.short(), plan.soak);
    let is_plugin = matches!(plan.subject, Subject::Extension(_));
    match phase {
        Phase::Check => "Gate 1: whether it may be done".to_owned(),
        Phase::Stage => format!("staging {to} beside {from}, and comparing its bytes"),
        Phase::Swap => format!("exchanging {from} for {to}"),
        // What was said and done since stays.
        Phase::Adopt if is_plugin => String::new(),
        Phase::Start | Phase::Revive | Phase::Relaunch if is_plugin => {
            "starting the gateway where one ran".to_owned()
        }
        Phase::Rehearse if is_plugin => {
            format!("Gate 2: rehearsing {to} on a copy where a gateway runs")
        }
        Phase::Commit if plan.kind == Kind::Rehearsal && plan.keep => {
            format!("keeping what was staged of {to}")
        }
        Phase::Commit if plan.kind == Kind::Rehearsal => {
            format!("removing what was staged of {to}")
        }
        Phase::Commit => "keeping the way back".to_owned(),
        Phase::Discard => format!("removing what was staged of {to}"),
        Phase::Unswap => format!("going back: exchanging {to} for {from}"),
        Phase::Verify => "going back: whether everything is as before".to_owned(),
        Phase::Ended(_) => String::new(),
        phase if !plan.stops_the_gateway() => beside_the_gateway(phase).to_owned(),
        Phase::Rehearse => format!("Gate 2: rehearsing {to} on a copy"),
        Phase::Quiesce => "waiting for work to end, and stopping the gateway".to_owned(),
        Phase::Preserve => "taking the rollback point".to_owned(),
        Phase::Adopt => format!("putting the state that belongs to {to} in place"),
        Phase::Start => format!("starting {to}"),
        Phase::Prove if soak.is_zero() => "Gate 3: whether it works and nothing is lost".to_owned(),
        Phase::Prove => format!(
            "Gate 3: whether it works and nothing is lost, for {} s",
            soak.as_secs()
        ),
        Phase::Revive => "starting the gateway again".to_owned(),
        Phase::Halt => "going back: stopping the gateway".to_owned(),
        Phase::Keep => "going back: keeping what is there now".to_owned(),
        Phase::Restore => "going back: restoring the rollback point".to_owned(),
        Phase::Relaunch => format!("going back: starting {from}"),
    }
}

/// What is done where the gateway goes on; nothing in phases that are about it alone.
fn beside_the_gateway(phase: Phase) -> &'static str {
    match phase {
        Phase::Rehearse => "Gate 2: whether OpenClaw would load it",
        Phase::Preserve => "whether it is still as it was looked at",
        Phase::Start => "recording it",
        Phase::Prove => "Gate 3: whether it is in place and nothing is lost",
        Phase::Restore => "going back: recording what was there before",
        _ => "",
    }
}
