//! The course of a check, drawn on standard error.

mod store;

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use exuvia_check::progress::Quiet;
use exuvia_check::render::Lang;
use exuvia_check::{Phase, Progress};
use exuvia_model::text;
use indicatif::{ProgressBar, ProgressStyle};

pub(crate) use self::store::StoreBar;
use crate::output::Output;

/// One line that says what is under way, how much of it is done, and what is being asked.
#[derive(Debug)]
pub(crate) struct Bars {
    lang: Lang,
    bar: Mutex<Option<ProgressBar>>,
}

/// The drawn progress where somebody sees it, none elsewhere.
pub(crate) fn progress(bars: &Arc<Bars>, output: &Output) -> Arc<dyn Progress> {
    if output.shows_progress() {
        bars.clone()
    } else {
        Arc::new(Quiet)
    }
}

impl Bars {
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            lang: output.lang(),
            bar: Mutex::new(None),
        }
    }

    fn with_bar(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bars {
    fn begin(&self, phase: Phase, total: usize) {
        let template = if total == 0 {
            "{spinner} {prefix} {wide_msg:.dim}"
        } else {
            "{spinner} {prefix} {pos}/{len} {bar:20} {wide_msg:.dim}"
        };
        let bar = if total == 0 {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::new(total as u64)
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(title(phase, self.lang));
        bar.enable_steady_tick(Duration::from_millis(100));
        self.with_bar(|current| *current = Some(bar));
    }

    fn advance(&self, what: &str) {
        let what = text::one_line(what, 60);
        self.with_bar(|current| {
            if let Some(bar) = current {
                bar.set_message(what);
                bar.inc(1);
            }
        });
    }

    fn end(&self) {
        self.with_bar(|current| {
            if let Some(bar) = current.take() {
                bar.finish_and_clear();
            }
        });
    }
}

fn title(phase: Phase, lang: Lang) -> &'static str {
    match (phase, lang) {
        (Phase::Inventory, Lang::En) => "Reading what is installed",
        (Phase::Scan, Lang::En) => "Looking for newer versions",
        (Phase::Evidence, Lang::En) => "Fetching what changed",
        (Phase::Vetting, Lang::En) => "Looking into the new versions",
        (Phase::Inventory, Lang::ZhCn) => "读取已安装的内容",
        (Phase::Scan, Lang::ZhCn) => "查找新版本",
        (Phase::Evidence, Lang::ZhCn) => "获取变更内容",
        (Phase::Vetting, Lang::ZhCn) => "审查新版本",
    }
}
