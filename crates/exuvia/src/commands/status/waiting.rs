//! What somebody sees who waits for a look: OpenClaw's own checks take seconds, or a minute.

use std::future::Future;
use std::time::Duration;

use exuvia_gateway::probe::Course;
use exuvia_model::probe::ProbeName;
use indicatif::ProgressBar;
use tokio::time::{Instant, interval};

use crate::output::Output;

const TICK: Duration = Duration::from_millis(100);

/// Waits, and shows meanwhile for what and how long, where somebody sees it.
pub(super) async fn wait_for<T>(
    words: &str,
    course: &Course,
    output: &Output,
    looking: impl Future<Output = T>,
) -> T {
    if !output.shows_progress() {
        return looking.await;
    }
    let bar = ProgressBar::new_spinner();
    let began = Instant::now();
    let mut tick = interval(TICK);
    let mut looking = std::pin::pin!(looking);
    let seen = loop {
        tokio::select! {
            seen = &mut looking => break seen,
            _ = tick.tick() => {
                bar.set_message(line(words, &course.open(), began.elapsed()));
                bar.tick();
            }
        }
    };
    bar.finish_and_clear();
    seen
}

/// `Asking the gateway, and OpenClaw's own checks: 12 s, no answer yet of plugins`.
fn line(words: &str, open: &[ProbeName], took: Duration) -> String {
    let seconds = took.as_secs();
    if open.is_empty() {
        return format!("{words}: {seconds} s");
    }
    let names: Vec<String> = open.iter().map(ToString::to_string).collect();
    format!(
        "{words}: {seconds} s, no answer yet of {}",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_for_what_and_how_long() {
        let took = Duration::from_millis(12_900);
        assert_eq!(line("Asking", &[], took), "Asking: 12 s");
        let open = ["config".into(), "plugins".into()];
        assert_eq!(
            line("Asking", &open, took),
            "Asking: 12 s, no answer yet of config, plugins"
        );
    }
}
