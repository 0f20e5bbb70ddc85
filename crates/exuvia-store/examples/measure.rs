//! Measures the store on a tree: `measure <tree to copy> <directory to work in> [rounds]`.
//!
//! Prints the best and the median of every job in milliseconds, and the peak of memory. Use a
//! journalled file system; on ext4 without a journal, making files right after removing many is
//! several times slower.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measuring program"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use exuvia_host::SystemHost;
use exuvia_host::disk::Disk;
use exuvia_store::{Depth, Opened, RestoreOptions, SnapshotOptions, Store};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Times = BTreeMap<&'static str, Vec<Cost>>;

/// What a job took, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    elapsed: f64,
    /// Of all threads: on a busy machine this says more.
    processor: f64,
}

fn main() -> Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let usage = "measure <tree to copy> <directory to work in> [rounds]";
    let original = args.next().ok_or(usage)?;
    let work = args.next().ok_or(usage)?.join("measure");
    let rounds = match args.next() {
        Some(rounds) => rounds.to_string_lossy().parse()?,
        None => 5,
    };
    let mut times = Times::new();
    for round in 0..rounds {
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        fs::create_dir_all(&work)?;
        let tree = work.join("tree");
        run("cp", &["-a".as_ref(), original.as_ref(), tree.as_ref()])?;
        run("sync", &[])?;
        measure(&work, &tree, &mut times)?;
        println!("round {round} done");
    }
    for (job, mut values) in times {
        values.sort_by(|a, b| a.elapsed.total_cmp(&b.elapsed));
        let best = values.first().copied().unwrap_or_default();
        let median = values.get(values.len() / 2).copied().unwrap_or_default();
        println!(
            "{job:32} best {:7.1} ms ({:7.1} of processor)   median {:7.1} ms",
            best.elapsed, best.processor, median.elapsed
        );
    }
    println!("peak memory {} MiB", peak_memory()? / 1024);
    fs::remove_dir_all(&work)?;
    Ok(())
}

fn measure(work: &Path, tree: &Path, times: &mut Times) -> Result<()> {
    let store = open(&work.join("store"))?;
    let first = timed(times, "1 first snapshot", || {
        Ok(store.snapshot(tree, SnapshotOptions::default())?)
    })?;
    settle();
    timed(times, "2 unchanged", || {
        Ok(store.snapshot(tree, SnapshotOptions::default())?)
    })?;
    change(tree)?;
    settle();
    let second = timed(times, "3 one percent changed", || {
        Ok(store.snapshot(tree, SnapshotOptions::default())?)
    })?;
    println!(
        "files {} bytes {} added first {} second {}",
        first.stats.files, first.stats.bytes, first.stats.added_bytes, second.stats.added_bytes
    );
    settle();
    timed(times, "4 in place, safety included", || {
        Ok(store.restore_in_place(&first, tree, RestoreOptions::default())?)
    })?;
    settle();
    let bare = RestoreOptions { safety: false };
    timed(times, "5 in place, no safety", || {
        Ok(store.restore_in_place(&second, tree, bare)?)
    })?;
    timed(times, "6 full restore", || {
        Ok(store.restore_into(&first, &work.join("restored"))?)
    })?;
    timed(times, "7 verify everything", || {
        Ok(store.verify(Depth::Everything)?)
    })?;
    Ok(())
}

fn open(root: &Path) -> Result<Store<Opened>> {
    Ok(Store::at(Arc::new(SystemHost::new()), Disk::new(), root).open_or_create()?)
}

/// One percent: 352 edits, 10 deletions, 10 additions.
fn change(tree: &Path) -> Result<()> {
    let mut files = Vec::new();
    collect(tree, &mut files)?;
    files.sort();
    let step = files.len() / 362;
    for (number, path) in files.iter().step_by(step.max(1)).take(362).enumerate() {
        if number < 352 {
            fs::OpenOptions::new()
                .append(true)
                .open(path)?
                .write_all(b"\n// edited\n")?;
        } else {
            fs::remove_file(path)?;
        }
    }
    for number in 0..10 {
        fs::write(
            tree.join(format!("added-{number}")),
            format!("new {number}"),
        )?;
    }
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// So that file times are told apart, as they are when a person is between two snapshots.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(60));
}

fn timed<T>(times: &mut Times, job: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (started, before) = (Instant::now(), processor_time()?);
    let done = work()?;
    let elapsed = started.elapsed().as_secs_f64() * 1000.0;
    let processor = processor_time()? - before;
    times
        .entry(job)
        .or_default()
        .push(Cost { elapsed, processor });
    Ok(done)
}

fn run(program: &str, args: &[&std::ffi::OsStr]) -> Result<()> {
    let status = Command::new(program).args(args).status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| format!("{program} failed").into())
}

/// User and system time of this process, in milliseconds: the fields 14 and 15 of proc(5), in ticks
/// of 10 ms.
fn processor_time() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no /proc")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    Ok(ticks
        .map(|ticks| ticks.parse::<f64>().unwrap_or(0.0))
        .sum::<f64>()
        * 10.0)
}

fn peak_memory() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line
        .and_then(|line| line.split_whitespace().next())
        .unwrap_or("0")
        .parse()?)
}
