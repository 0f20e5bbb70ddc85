//! Rounds on a tree at rest.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::figures::{Sample, Samples};
use super::generated::change;
use super::ground::{Ground, copy, settle, size_of};
use super::way::{Job, Place, Way};
use crate::commands::bench::aim::Aim;
use crate::output::Output;

const JOBS: [Job; 5] = [
    Job::First,
    Job::Unchanged,
    Job::Changed,
    Job::Restore,
    Job::InPlace,
];

/// What the aims are told of: files and bytes.
const ISSUE_FILES: std::ops::Range<u64> = 30_000..45_000;
const MILLION: u64 = 900_000;

/// Runs every job with every way, by turns, each on a copy of its own.
pub(super) fn rounds(
    ground: &Ground,
    original: &Path,
    ways: &[Way],
    count: usize,
    output: &Output,
) -> Result<Samples> {
    let mut samples = Samples::default();
    let places: Vec<Place> = ways
        .iter()
        .filter(|way| **way != Way::Openclaw)
        .map(|way| ground.place("tree", *way, None))
        .collect();
    for round in 1..=count {
        output.note(&format!("tree: round {round} of {count}"));
        for place in &places {
            fs::create_dir_all(&place.kept)?;
            // With one way and one round there is no need for two trees: a large one may not fit.
            if places.len() == 1 && count == 1 {
                fs::rename(original, &place.tree)?;
            } else {
                copy(original, &place.tree)?;
            }
            place.prepare()?;
        }
        for job in JOBS {
            for place in &places {
                if job == Job::Changed {
                    change(&place.tree)?;
                }
                settle()?;
                let before = size_of(&place.kept)?;
                if let Some(cost) = place.run(job)? {
                    let added = size_of(&place.kept)?.saturating_sub(before);
                    samples.add(job, place.way, sample(job, cost, added));
                }
            }
        }
        fs::remove_dir_all(ground.work().join("tree"))?;
        settle()?;
    }
    Ok(samples)
}

#[allow(clippy::cast_precision_loss, reason = "far below 2⁵² bytes")]
fn sample(job: Job, cost: super::watch::Cost, added: u64) -> Sample {
    let takes = matches!(job, Job::First | Job::Unchanged | Job::Changed);
    Sample {
        cost,
        added_mb: takes.then_some(added as f64 / 1e6),
        waited_millis: None,
        consistent: None,
    }
}

/// What must hold on a tree: times in proportion to restic's, and, on one of the size that they
/// were set for, in themselves.
pub(super) fn aims(samples: &Samples, files: u64) -> Vec<Aim> {
    let rows = [
        (Job::First, 3.0, 1000.0),
        (Job::Unchanged, 12.0, 100.0),
        (Job::Changed, 8.0, 150.0),
        (Job::Restore, 4.0, 800.0),
        (Job::InPlace, 10.0, 200.0),
    ];
    let mut aims = Vec::new();
    for (job, part, millis) in rows {
        let Some(ours) = samples.millis(job, Way::Exuvia) else {
            continue;
        };
        let name = job.name();
        if let Some(restic) = samples.millis(job, Way::Restic) {
            let what = format!("{name}: part of restic's time");
            aims.push(Aim::new(what, ours / restic, 1.0 / part, ""));
        }
        if ISSUE_FILES.contains(&files) {
            aims.push(Aim::new(format!("{name}: time"), ours, millis, "ms"));
        }
    }
    let most = if files >= MILLION { 500.0 } else { 300.0 };
    // The aims are in MB.
    let rss = samples.rss_mib(Way::Exuvia) * 1.048_576;
    aims.push(Aim::new("peak RSS of all jobs", rss, most, "MB"));
    aims
}
