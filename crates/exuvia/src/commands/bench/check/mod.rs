//! `exuvia bench check`: a check of many skills beside the same questions asked one by one.

mod baseline;
mod child;
mod ground;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use self::ground::Ground;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct CheckBenchArgs {
    /// How many ClawHub skills are installed
    #[arg(long, default_value_t = 1000)]
    skills: usize,
    /// How many of them have a newer version
    #[arg(long, default_value_t = 50)]
    behind: usize,
    /// How long the registry takes for each answer, in milliseconds
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
    /// How often each is measured; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// What one way of checking cost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    what: &'static str,
    /// Median of the rounds, in seconds.
    seconds: f64,
    /// Largest resident set of the rounds, in MiB; absent where it was not measured.
    rss_mib: Option<f64>,
    /// Seconds of the sequential baseline, divided by these.
    times_faster: f64,
}

pub(super) fn run(args: &CheckBenchArgs, output: &Output) -> Result<ExitCode> {
    let latency = Duration::from_millis(args.latency_ms);
    output.note(&format!("building an install with {} skills", args.skills));
    let ground = Ground::build(args.skills, args.behind, latency)?;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds.max(1) {
        output.note(&format!("round {round}"));
        ground.forget()?;
        first.push(child::check(&ground)?);
        second.push(child::check(&ground)?);
    }
    output.note("one request after the other, as the first Smart Updater asked");
    let sequential = baseline::ask_one_by_one(&ground)?.as_secs_f64();
    let figures = [
        figure("exuvia check, first", &first, sequential),
        figure("exuvia check, nothing changed", &second, sequential),
        Figure {
            what: "the same requests one by one",
            seconds: sequential,
            rss_mib: None,
            times_faster: 1.0,
        },
    ];
    if output.json() {
        output.document(&figures);
    } else {
        output.text(&table(&figures));
    }
    Ok(ExitCode::SUCCESS)
}

fn figure(what: &'static str, runs: &[child::Cost], sequential: f64) -> Figure {
    let mut seconds: Vec<f64> = runs.iter().map(|run| run.took.as_secs_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN);
    let rss_mib = runs.iter().filter_map(|run| run.rss_mib).reduce(f64::max);
    Figure {
        what,
        seconds: median,
        rss_mib,
        times_faster: sequential / median,
    }
}

fn table(figures: &[Figure]) -> String {
    let mut lines = vec![format!(
        "{:32} {:>9} {:>9} {:>9}",
        "", "seconds", "RSS MiB", "times"
    )];
    for figure in figures {
        let rss = figure
            .rss_mib
            .map_or_else(|| "-".to_owned(), |rss| format!("{rss:.0}"));
        let (what, seconds, times) = (figure.what, figure.seconds, figure.times_faster);
        lines.push(format!("{what:32} {seconds:>9.2} {rss:>9} {times:>9.1}"));
    }
    lines.join("\n")
}
