//! `exuvia bench store`: snapshots and restores beside other tools, on the same data, in one run.

mod figures;
mod generated;
mod ground;
mod job;
mod live;
mod tree;
mod watch;
mod way;
mod writer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde::Serialize;

pub(crate) use job::{Job, job};
pub(crate) use watch::{WatchArgs, watch};
pub(crate) use writer::{WriterArgs, writer};

use self::figures::{Figure, table};
use self::ground::{Ground, copy};
use self::way::Way;
use super::aim::Aim;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct StoreBenchArgs {
    /// How often each job is done with each way; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The tree to take snapshots of: a directory, or `generated`
    #[arg(long, value_name = "DIR", default_value = "generated")]
    tree: PathBuf,
    /// How many files a generated tree has, of 13 KB on the average; of 1.6 KB above 200,000
    #[arg(long, default_value_t = 37_000)]
    files: u64,
    /// Everything small, to see that it works
    #[arg(long)]
    small: bool,
    /// Only these ways
    #[arg(long, value_delimiter = ',', value_name = "WAY")]
    only: Vec<Way>,
    /// Only the tree, or only the live state
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<Subject>,
    /// The prefix where OpenClaw is installed, to have its own backups beside ours
    #[arg(long, value_name = "PREFIX")]
    openclaw: Option<PathBuf>,
    /// Where to work; the directory for temporary files unless told
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// Works on a fresh ext4 with a journal, on a loop device of so many GiB; needs root
    #[arg(long = "loop", value_name = "GIB", num_args = 0..=1, default_missing_value = "20")]
    loop_gib: Option<u64>,
}

/// What is taken snapshots of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// A package tree at rest
    Tree,
    /// A state directory whose databases are being written
    Live,
}

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    machine: Vec<String>,
    tree: Vec<Figure>,
    live: Vec<Figure>,
    /// The longest commit while nobody took snapshots, in milliseconds.
    undisturbed_millis: Option<f64>,
    aims: Vec<Aim>,
}

pub(super) fn run(args: &StoreBenchArgs, output: &Output) -> Result<ExitCode> {
    let ways = ways(args)?;
    let parent = args.work.clone().unwrap_or_else(std::env::temp_dir);
    let ground = Ground::new(&parent, args.loop_gib)?;
    let mut findings = Findings {
        machine: machine(&ground)?,
        ..Findings::default()
    };
    if args.subject != Some(Subject::Live) {
        on_tree(args, &ground, &ways, output, &mut findings)?;
    }
    if args.subject != Some(Subject::Tree) {
        beside_writer(args, &ground, &ways, output, &mut findings)?;
    }
    findings
        .machine
        .push(format!("load at the end: {}", load()));
    if output.json() {
        output.document(&findings);
    } else {
        output.text(&told(&findings));
    }
    Ok(ExitCode::SUCCESS)
}

fn ways(args: &StoreBenchArgs) -> Result<Vec<Way>> {
    let ways: Vec<Way> = Way::value_variants()
        .iter()
        .copied()
        .filter(|way| match args.only.as_slice() {
            [] => *way != Way::Openclaw || args.openclaw.is_some(),
            only => only.contains(way),
        })
        .collect();
    for way in &ways {
        way.check()?;
    }
    Ok(ways)
}

fn on_tree(
    args: &StoreBenchArgs,
    ground: &Ground,
    ways: &[Way],
    output: &Output,
    findings: &mut Findings,
) -> Result<()> {
    let original = ground.work().join("original");
    if args.tree == Path::new("generated") {
        let files = if args.small { 2000 } else { args.files };
        generated::tree(&original, files)?;
    } else {
        copy(&args.tree, &original).context("cannot copy the tree")?;
    }
    let (files, bytes) = generated::weigh(&original)?;
    let megabytes = bytes / 1_000_000;
    findings
        .machine
        .push(format!("tree: {files} files, {megabytes} MB"));
    let samples = tree::rounds(ground, &original, ways, args.rounds, output)?;
    findings.tree = samples.figures();
    findings.aims.extend(tree::aims(&samples, files));
    if original.exists() {
        std::fs::remove_dir_all(&original)?;
    }
    Ok(())
}

fn beside_writer(
    args: &StoreBenchArgs,
    ground: &Ground,
    ways: &[Way],
    output: &Output,
    findings: &mut Findings,
) -> Result<()> {
    let size = if args.small {
        live::Size {
            database_bytes: 8_000_000,
            other_bytes: 4_000_000,
            commits: 50,
        }
    } else {
        live::Size {
            database_bytes: 108_000_000,
            other_bytes: 289_000_000,
            commits: 500,
        }
    };
    let openclaw = args.openclaw.as_deref();
    let live = live::rounds(ground, size, ways, openclaw, args.rounds, output)?;
    findings.live = live.samples.figures();
    findings.undisturbed_millis = Some(live.undisturbed_millis);
    findings.aims.extend(live::aims(&live, !args.small));
    Ok(())
}

/// What the figures were found on.
fn machine(ground: &Ground) -> Result<Vec<String>> {
    let cores = std::thread::available_parallelism()?;
    Ok(vec![
        format!("{cores} cores, {}", ground.file_system()?),
        format!("load at the beginning: {}", load()),
    ])
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().take(3).collect();
    words.join(" ")
}

fn told(findings: &Findings) -> String {
    let mut parts = vec![findings.machine.join("\n")];
    for (name, figures) in [
        ("A tree at rest", &findings.tree),
        ("A live state directory", &findings.live),
    ] {
        if !figures.is_empty() {
            parts.push(format!("{name}\n\n{}", table(figures)));
        }
    }
    if let Some(millis) = findings.undisturbed_millis {
        parts.push(format!(
            "longest commit while nobody took snapshots: {millis:.1} ms"
        ));
    }
    let aims: Vec<String> = findings.aims.iter().map(Aim::line).collect();
    parts.push(aims.join("\n"));
    parts.join("\n\n")
}
