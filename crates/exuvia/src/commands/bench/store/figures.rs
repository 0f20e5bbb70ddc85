//! Figures, and whether they are what they must be.

use std::collections::BTreeMap;

use serde::Serialize;

use super::watch::Cost;
use super::way::{Job, Way};
use crate::commands::bench::median;

/// One run of one job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) cost: Cost,
    /// By how much what the way keeps grew, in MB (10⁶ bytes).
    pub(super) added_mb: Option<f64>,
    /// The longest time that a commit of the writer took meanwhile.
    pub(super) waited_millis: Option<f64>,
    /// Whether the databases of the copy are as they were at one moment.
    pub(super) consistent: Option<bool>,
}

/// All runs.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<(Job, Way), Vec<Sample>>);

/// What a way took for a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figure {
    job: &'static str,
    way: &'static str,
    /// Median of the rounds.
    pub(super) millis: f64,
    best_millis: f64,
    /// How many times as long as Exuvia.
    times_exuvia: Option<f64>,
    processor_millis: f64,
    /// The largest of the rounds.
    rss_mib: f64,
    added_mb: Option<f64>,
    waited_millis: Option<f64>,
    /// How many of the copies were consistent, of how many.
    consistent: Option<(usize, usize)>,
}

impl Samples {
    pub(super) fn add(&mut self, job: Job, way: Way, sample: Sample) {
        self.0.entry((job, way)).or_default().push(sample);
    }

    fn of(&self, job: Job, way: Way) -> &[Sample] {
        self.0.get(&(job, way)).map_or(&[], Vec::as_slice)
    }

    /// The median of something, where it was measured.
    pub(super) fn median(
        &self,
        job: Job,
        way: Way,
        value: impl Fn(&Sample) -> Option<f64>,
    ) -> Option<f64> {
        let values: Vec<f64> = self.of(job, way).iter().filter_map(value).collect();
        (!values.is_empty()).then(|| median(values))
    }

    pub(super) fn millis(&self, job: Job, way: Way) -> Option<f64> {
        self.median(job, way, |sample| Some(sample.cost.millis))
    }

    /// The largest resident set of all of a way's jobs.
    pub(super) fn rss_mib(&self, way: Way) -> f64 {
        let own = self.0.iter().filter(|((_, of), _)| *of == way);
        own.flat_map(|(_, samples)| samples)
            .map(|sample| sample.cost.rss_mib)
            .fold(0.0, f64::max)
    }

    /// Of every job and way one line.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let figure = |(&(job, way), samples): (&(Job, Way), &Vec<Sample>)| {
            let costs = || samples.iter().map(|sample| sample.cost);
            let millis = self.millis(job, way).unwrap_or(f64::NAN);
            let judged = samples.iter().filter_map(|sample| sample.consistent);
            let good = judged.clone().filter(|good| *good).count();
            Figure {
                job: job.name(),
                way: way.name(),
                millis,
                best_millis: costs()
                    .map(|cost| cost.millis)
                    .fold(f64::INFINITY, f64::min),
                times_exuvia: self.millis(job, Way::Exuvia).map(|ours| millis / ours),
                processor_millis: median(costs().map(|cost| cost.processor_millis).collect()),
                rss_mib: costs().map(|cost| cost.rss_mib).fold(0.0, f64::max),
                added_mb: self.median(job, way, |sample| sample.added_mb),
                waited_millis: self.median(job, way, |sample| sample.waited_millis),
                consistent: (judged.clone().count() > 0).then(|| (good, judged.count())),
            }
        };
        self.0.iter().map(figure).collect()
    }
}

/// Figures as Markdown, so that a run can be kept as it is.
pub(super) fn table(figures: &[Figure]) -> String {
    let mut lines = vec![
        "| job | way | ms | best | times ours | processor ms | RSS MiB | added MB | writer waited ms | consistent |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
    };
    for figure in figures {
        let consistent = figure
            .consistent
            .map_or_else(|| "–".to_owned(), |(good, all)| format!("{good}/{all}"));
        lines.push(format!(
            "| {} | {} | {:.0} | {:.0} | {} | {:.0} | {:.0} | {} | {} | {consistent} |",
            figure.job,
            figure.way,
            figure.millis,
            figure.best_millis,
            number(figure.times_exuvia, 1),
            figure.processor_millis,
            figure.rss_mib,
            number(figure.added_mb, 1),
            number(figure.waited_millis, 1),
        ));
    }
    lines.join("\n")
}
