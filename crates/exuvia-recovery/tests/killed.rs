//! Whatever kills a restore, and at whatever step: the next command finishes it, or nothing began.
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

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use common::{Facts, Lab, assert_same};
use exuvia_host::disk::Disk;
use exuvia_host::points::Points;
use exuvia_host::{Home, SystemHost};
use exuvia_model::journal::{Operation, Outcome};
use exuvia_openclaw::{LocateOptions, locate};
use exuvia_recovery::{Healed, Recovery, RecoveryError, RestoreRequest};
use exuvia_store::Snapshot;
use exuvia_store::journal::{Filter, Journal};

const CHILD: &str = "EXUVIA_RECOVERY_TEST_JOB";
const AT: &str = "EXUVIA_RECOVERY_TEST_KILL_AT";
const SNAPSHOT: &str = "EXUVIA_RECOVERY_TEST_SNAPSHOT";
/// How many steps are tried of a job, spread over all that it has.
const KILLS: usize = 60;

/// One after the other: a process that is being started holds our locks until it runs.
static ALONE: Mutex<()> = Mutex::new(());

/// Kills its own process at the step of this number, counted from when it is armed.
#[derive(Debug)]
struct KillAt {
    step: usize,
    armed: AtomicBool,
    reached: AtomicUsize,
}

impl Points for KillAt {
    fn reach(&self, _point: &'static str, _path: &Path) -> io::Result<()> {
        let armed = self.armed.load(Ordering::Relaxed);
        if armed && self.reached.fetch_add(1, Ordering::Relaxed) == self.step {
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
    let Some(job) = std::env::var_os(CHILD) else {
        return;
    };
    let points = Arc::new(KillAt {
        step: std::env::var(AT).unwrap().parse().unwrap(),
        armed: AtomicBool::new(false),
        reached: AtomicUsize::new(0),
    });
    let host = Arc::new(SystemHost::with_points(points.clone()));
    let home = Home::locate(host.as_ref()).unwrap();
    let disk = Disk::with_points(points.clone());
    let recovery = Recovery::open(host.clone(), disk, &home, None).unwrap();
    if job == "heal" {
        points.armed.store(true, Ordering::Relaxed);
        recovery.heal().unwrap();
    } else {
        let install = locate(host.as_ref(), &LocateOptions::default()).unwrap();
        let snapshot = recovery.store().get(&std::env::var(SNAPSHOT).unwrap());
        let plan = recovery
            .plan_restore(&install, &snapshot.unwrap(), RestoreRequest::default())
            .unwrap();
        points.armed.store(true, Ordering::Relaxed);
        plan.apply().unwrap();
    }
    println!("\nsteps {}", points.reached.load(Ordering::Relaxed));
}

/// Runs a job in a process that is killed at a step. `None`: it was; else how many steps it had.
fn run(lab: &Lab, job: &str, snapshot: &Snapshot, step: usize) -> Option<usize> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, job)
        .env(AT, step.to_string())
        .env(SNAPSHOT, snapshot.id.as_str())
        .env("HOME", &lab.built.home)
        .env("EXUVIA_HOME", lab.exuvia())
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    if output.status.signal() == Some(9) {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    let steps = text.lines().find_map(|line| line.strip_prefix("steps "));
    Some(steps.unwrap().parse().unwrap())
}

fn steps(all: usize) -> impl Iterator<Item = usize> {
    (0..KILLS).map(move |number| number * all / KILLS)
}

fn assert_no_run_is_open(lab: &Lab) -> Option<Outcome> {
    let home = Home::locate(lab.host.as_ref()).unwrap();
    let journal = Journal::open(lab.host.clone(), &home).unwrap();
    assert_eq!(journal.unfinished().unwrap(), []);
    let filter = Filter {
        operation: Some(Operation::Restore),
        ..Filter::default()
    };
    journal.runs(&filter).unwrap()[0].outcome
}

/// The next command: finishes what is half done, or finds that nothing was done.
fn heal(lab: &Lab, was: &Facts, before: &Facts, context: &str) -> bool {
    let recovery = lab.recovery();
    let pending = recovery.store().pending_restores().unwrap();
    let half = !pending.is_empty();
    if half {
        let lock = lab.running();
        let error = recovery.heal().unwrap_err();
        assert!(
            matches!(error, RecoveryError::HalfRestored { .. }) && error.is_inconsistent(),
            "{error}"
        );
        drop(lock);
    }
    let healed = recovery.heal().unwrap();
    let finished = |one: &Healed| matches!(one, Healed::Restored { .. });
    assert_eq!(healed.iter().any(finished), half, "{context}: {healed:?}");
    assert_eq!(recovery.store().pending_restores().unwrap(), []);
    let now = lab.facts();
    let outcome = assert_no_run_is_open(lab);
    if half {
        assert_same(&now, was);
        assert_eq!(outcome, Some(Outcome::Done), "{context}");
    } else if outcome == Some(Outcome::Done) {
        assert_same(&now, was);
    } else {
        assert_eq!(outcome, Some(Outcome::Interrupted), "{context}");
        assert_same(&now, before);
    }
    half
}

fn forget_all_but(lab: &Lab, kept: &Snapshot) {
    let recovery = lab.recovery();
    for old in recovery.list(None).unwrap().0 {
        if old.id != kept.id {
            recovery.store().delete(&old.id).unwrap();
        }
    }
    // What is left over of them would make each run longer than the last.
    recovery.store().prune(false).unwrap();
}

#[test]
fn a_restore_killed_at_any_step_is_finished_by_the_next_command_its_service_included() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let lab = Lab::new().with_service();
    let was = lab.facts();
    let good = lab.take("good").snapshot;
    lab.go_mad(1000);
    let all = run(&lab, "restore", &good, usize::MAX).unwrap();
    assert_same(&lab.facts(), &was);
    forget_all_but(&lab, &good);
    let mut interrupted = 0;
    for step in steps(all) {
        lab.go_mad(step);
        let before = lab.facts();
        run(&lab, "restore", &good, step);
        let context = format!("killed at {step} of {all}");
        interrupted += usize::from(heal(&lab, &was, &before, &context));
        // What was left as it was would make the next run longer.
        lab.restore(&good).unwrap();
        forget_all_but(&lab, &good);
    }
    assert!(
        interrupted > KILLS / 6,
        "{interrupted} of {KILLS} kills were in the middle of {all} steps"
    );
}

#[test]
fn finishing_that_is_killed_at_any_step_is_finished_by_the_next_command() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let lab = Lab::new().with_service();
    let was = lab.facts();
    let good = lab.take("good").snapshot;
    lab.go_mad(1000);
    let all = run(&lab, "restore", &good, usize::MAX).unwrap();
    // Late enough that it is under way.
    let middle = (0..all).rev().find(|step| {
        lab.go_mad(*step);
        run(&lab, "restore", &good, *step);
        !lab.recovery()
            .store()
            .pending_restores()
            .unwrap()
            .is_empty()
    });
    let middle = middle.unwrap();
    let half = lab.facts();
    let all = run(&lab, "heal", &good, usize::MAX).unwrap();
    assert_same(&lab.facts(), &was);
    for step in steps(all).step_by(3) {
        lab.go_mad(middle);
        run(&lab, "restore", &good, middle);
        run(&lab, "heal", &good, step);
        heal(
            &lab,
            &was,
            &half,
            &format!("healing killed at {step} of {all}"),
        );
        assert_same(&lab.facts(), &was);
        forget_all_but(&lab, &good);
    }
}
