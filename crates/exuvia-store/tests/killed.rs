//! Whatever kills a process, and at whatever step, the store stays whole.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]

mod common;

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Facts, Lab, assert_same, facts, noise};
use exuvia_host::SystemHost;
use exuvia_host::disk::Disk;
use exuvia_host::points::Points;
use exuvia_store::{Depth, RestoreOptions, Snapshot, SnapshotOptions, Store};

const CHILD: &str = "EXUVIA_STORE_TEST_JOB";
const AT: &str = "EXUVIA_STORE_TEST_KILL_AT";
const SNAPSHOT: &str = "EXUVIA_STORE_TEST_SNAPSHOT";
/// How many steps are tried of a job, spread over all that it has.
const KILLS: usize = 210;

/// Kills its own process at the step of this number.
#[derive(Debug)]
struct KillAt {
    step: usize,
    reached: AtomicUsize,
}

impl Points for KillAt {
    fn reach(&self, _point: &'static str, _path: &Path) -> io::Result<()> {
        if self.reached.fetch_add(1, Ordering::Relaxed) == self.step {
            let me = std::process::id().to_string();
            Command::new("kill").args(["-KILL", &me]).status().unwrap();
            loop {
                std::thread::park();
            }
        }
        Ok(())
    }
}

/// The process that is killed.
#[test]
fn child() {
    let (Some(job), Some(directory)) = (std::env::var_os(CHILD), std::env::var_os("DIRECTORY"))
    else {
        return;
    };
    let directory = PathBuf::from(directory);
    let step = std::env::var(AT).unwrap().parse().unwrap();
    let points = Arc::new(KillAt {
        step,
        reached: AtomicUsize::new(0),
    });
    let host = SystemHost::with_points(points.clone());
    let disk = Disk::with_points(points.clone());
    let store = Store::at(Arc::new(host), disk, directory.join("store"))
        .open()
        .unwrap();
    let tree = directory.join("tree");
    match job.to_str().unwrap() {
        "snapshot" => {
            store.snapshot(&tree, SnapshotOptions::default()).unwrap();
        }
        "prune" => {
            store.prune(false).unwrap();
        }
        "restore" => {
            let snapshot = store.get(&std::env::var(SNAPSHOT).unwrap()).unwrap();
            let options = RestoreOptions::default();
            store.restore_in_place(&snapshot, &tree, options).unwrap();
        }
        other => panic!("no job {other}"),
    }
    println!("\nsteps {}", points.reached.load(Ordering::Relaxed));
}

/// Runs a job in a process that is killed at a step. `None`: it was; else how many steps it had.
fn run(lab: &Lab, job: &str, snapshot: Option<&Snapshot>, step: usize) -> Option<usize> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, job)
        .env(AT, step.to_string())
        .env("DIRECTORY", lab.directory.path());
    if let Some(snapshot) = snapshot {
        command.env(SNAPSHOT, snapshot.id.as_str());
    }
    let output = command.output().unwrap();
    if output.status.signal() == Some(9) {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    let steps = text.lines().find_map(|line| line.strip_prefix("steps "));
    Some(steps.unwrap().parse().unwrap())
}

/// The steps at which to kill, spread evenly over a part of all.
fn steps(part: std::ops::Range<usize>) -> Vec<usize> {
    (0..KILLS)
        .map(|number| part.start + number * part.len() / KILLS)
        .collect()
}

/// A tree with some of everything, and two snapshots of it.
fn lab() -> (Lab, Vec<(Snapshot, Facts)>) {
    let lab = Lab::new();
    for number in 0..12 {
        lab.write(&format!("d{}/f{number}", number % 3), noise(700, number));
    }
    lab.write("large", noise(700_000, 99));
    fs::hard_link(lab.tree().join("large"), lab.tree().join("d0/again")).unwrap();
    std::os::unix::fs::symlink("d0", lab.tree().join("link")).unwrap();
    let first = (lab.snapshot(), facts(&lab.tree()));
    change(&lab, 1);
    let second = (lab.snapshot(), facts(&lab.tree()));
    (lab, vec![first, second])
}

fn change(lab: &Lab, seed: u64) {
    for number in 0..6 {
        lab.write(&format!("d1/f{number}"), noise(900, 1000 * seed + number));
    }
    lab.write(&format!("new{seed}/x"), noise(70_000, seed));
    let _ = fs::remove_file(lab.tree().join("d2/f2"));
    let _ = fs::remove_dir_all(lab.tree().join(format!("new{}", seed.wrapping_sub(2))));
}

#[track_caller]
fn assert_whole(lab: &Lab, kept: &[(Snapshot, Facts)], step: usize) {
    let store = common::open(&lab.path("store"));
    let verified = store.verify(Depth::Everything).unwrap();
    assert!(verified.is_clean(), "killed at step {step}: {verified:?}");
    for (snapshot, was) in kept {
        let same = store.get(snapshot.id.as_str()).unwrap();
        let target = tempfile::tempdir_in(lab.directory.path()).unwrap();
        store.restore_into(&same, target.path()).unwrap();
        assert_same(&facts(target.path()), was);
    }
}

#[test]
fn a_snapshot_killed_at_any_step_harms_nothing_and_the_next_one_succeeds() {
    let (lab, kept) = lab();
    change(&lab, 2);
    let all = run(&lab, "snapshot", None, usize::MAX).unwrap();
    for step in steps(0..all) {
        change(&lab, step as u64 + 3);
        let survived = run(&lab, "snapshot", None, step);
        if step.is_multiple_of(10) || survived.is_some() {
            assert_whole(&lab, &kept, step);
        }
    }
    assert_whole(&lab, &kept, all);
    assert_same(&lab.fresh(&lab.snapshot()), &facts(&lab.tree()));
    lab.store.prune(false).unwrap();
    assert_whole(&lab, &kept, all);
    assert_eq!(fs::read_dir(lab.path("store/tmp")).unwrap().count(), 0);
}

#[test]
fn a_prune_killed_at_any_step_harms_nothing_and_the_next_one_succeeds() {
    let (lab, mut kept) = lab();
    let mut seed = 100;
    let mut make_waste = |lab: &Lab, kept: &mut Vec<(Snapshot, Facts)>| {
        seed += 1;
        change(lab, seed);
        kept.push((lab.snapshot(), facts(&lab.tree())));
        let (old, _) = kept.remove(0);
        lab.store.delete(&old.id).unwrap();
    };
    make_waste(&lab, &mut kept);
    let all = run(&lab, "prune", None, usize::MAX).unwrap();
    for step in steps(0..all) {
        make_waste(&lab, &mut kept);
        run(&lab, "prune", None, step);
        if step.is_multiple_of(5) {
            assert_whole(&lab, &kept, step);
        }
    }
    lab.store.prune(false).unwrap();
    assert_whole(&lab, &kept, all);
}

#[test]
fn a_restore_killed_at_any_step_is_finished_by_the_next_command() {
    let (lab, kept) = lab();
    change(&lab, 50);
    let (first, was) = &kept[0];
    let all = run(&lab, "restore", Some(first), usize::MAX).unwrap();
    assert_same(&facts(&lab.tree()), was);
    let mut interrupted = 0;
    // Most steps belong to the safety snapshot; the restore itself comes last.
    let steps = [steps(0..all), steps(all * 3 / 4..all)].concat();
    for (number, step) in steps.into_iter().enumerate() {
        let (snapshot, was) = &kept[number % 2];
        change(&lab, 60 + number as u64);
        let before = facts(&lab.tree());
        run(&lab, "restore", Some(snapshot), step);
        let pending = lab.store.pending_restores().unwrap();
        if pending.is_empty() {
            // Killed before it began, or after it was done.
            let now = facts(&lab.tree());
            assert!(
                now == *was || now == before,
                "half restored and nobody knows, at {step}"
            );
        }
        for pending in &pending {
            interrupted += 1;
            let refused = lab.store.snapshot(&lab.tree(), SnapshotOptions::default());
            assert!(refused.unwrap_err().to_string().contains("was interrupted"));
            for needed in [&pending.snapshot, pending.safety.as_ref().unwrap()] {
                assert!(lab.store.delete(needed).is_err());
            }
            lab.store.finish_restore(pending).unwrap();
            assert_same(&facts(&lab.tree()), was);
            let safety = lab
                .store
                .get(pending.safety.as_ref().unwrap().as_str())
                .unwrap();
            if number.is_multiple_of(10) {
                assert_same(&lab.fresh(&safety), &before);
            }
        }
        assert!(lab.store.pending_restores().unwrap().is_empty());
        // Many safety snapshots make each step slower than the last.
        for old in lab.store.list().unwrap().0 {
            if kept.iter().all(|(one, _)| one.id != old.id) {
                lab.store.delete(&old.id).unwrap();
            }
        }
        if number.is_multiple_of(20) {
            lab.store.prune(false).unwrap();
        }
    }
    assert!(
        interrupted > KILLS / 4,
        "{interrupted} of {KILLS} kills were in the middle"
    );
    assert_whole(&lab, &kept, all);
}
