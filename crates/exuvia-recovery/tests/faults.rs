//! When the machine refuses, at whatever step: nothing is lost, and the words are clear.
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

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;

use common::{Facts, Lab, assert_same};
use exuvia_host::testing::{Fault, TestHost};
use exuvia_openclaw::{LocateOptions, locate};
use exuvia_recovery::{Healed, Recovery, RecoveryError, RestoreRequest, Scope, TakeOptions};
use exuvia_store::Snapshot;

/// ENOSPC, EROFS, EACCES, one without a kind of its own as EIO is, and death.
const FAULTS: [Fault; 5] = [
    Fault::Fail(ErrorKind::StorageFull),
    Fault::Fail(ErrorKind::ReadOnlyFilesystem),
    Fault::Fail(ErrorKind::PermissionDenied),
    Fault::Fail(ErrorKind::Other),
    Fault::Die,
];
/// How often a point is tried, of all the times that it is reached.
const TIMES: usize = 3;

/// Every point that a job reaches, and some of the times it does.
fn moments(lab: &Lab, job: impl FnOnce(&Recovery, &TestHost)) -> Vec<(&'static str, usize)> {
    let host = lab.again();
    let recovery = common::open(&host).unwrap();
    let before = host.faults().reached().len();
    job(&recovery, &host);
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (point, _) in host.faults().reached().into_iter().skip(before) {
        *counts.entry(point).or_default() += 1;
    }
    let spread = |(point, count): (&'static str, usize)| {
        let step = count.div_ceil(TIMES);
        (0..count).step_by(step).map(move |skip| (point, skip))
    };
    counts.into_iter().flat_map(spread).collect()
}

fn restore(recovery: &Recovery, host: &TestHost, snapshot: &Snapshot) -> Result<(), RecoveryError> {
    let install = locate(host, &LocateOptions::default()).unwrap();
    let plan = recovery.plan_restore(&install, snapshot, RestoreRequest::default())?;
    plan.apply().map(drop)
}

fn assert_one_or_the_other(lab: &Lab, was: &Facts, before: &Facts, context: &str) {
    let now = lab.facts();
    let (changed_was, changed_before) = (was.changed(&now), before.changed(&now));
    assert!(
        changed_was.is_empty() || changed_before.is_empty(),
        "{context}: {changed_was:?} {changed_before:?}"
    );
}

#[test]
fn a_restore_that_is_refused_anywhere_is_finished_by_the_next_command_or_did_not_begin() {
    let lab = Lab::new().with_service();
    let was = lab.facts();
    let good = lab.take("good").snapshot;
    lab.go_mad(1);
    let moments = moments(&lab, |recovery, host| {
        restore(recovery, host, &good).unwrap();
    });
    assert_same(&lab.facts(), &was);
    let (mut failed, mut half) = (0, 0);
    for (number, (point, skip)) in moments.iter().enumerate() {
        for fault in FAULTS {
            let context = format!("{point} {skip} {fault:?}");
            lab.go_mad(number + 2);
            let before = lab.facts();
            let host = lab.again();
            let recovery = common::open(&host).unwrap();
            let install = locate(host.as_ref(), &LocateOptions::default()).unwrap();
            host.faults().plan(point, "", *skip, fault);
            let plan = recovery.plan_restore(&install, &good, RestoreRequest::default());
            let skipped = plan.as_ref().is_ok_and(|plan| {
                let said = |one: &String| one.contains("stays as it is: cannot");
                plan.warnings.iter().any(said)
            });
            assert!(
                !skipped || fault == Fault::Fail(ErrorKind::PermissionDenied),
                "{context}: only what may not be read is left alone"
            );
            let restored = plan.and_then(exuvia_recovery::RestorePlan::apply);
            let pending = lab.recovery().store().pending_restores().unwrap();
            if let Err(error) = &restored {
                failed += 1;
                let is_half = !pending.is_empty();
                half += usize::from(is_half);
                if fault != Fault::Die {
                    assert_eq!(error.is_inconsistent(), is_half, "{context}: {error}");
                }
            }
            let healed = lab.recovery().heal().unwrap();
            assert!(
                !healed.iter().any(|one| matches!(one, Healed::Stuck { .. })),
                "{context}: {healed:?}"
            );
            if skipped {
                continue;
            }
            if pending.is_empty() {
                assert_one_or_the_other(&lab, &was, &before, &context);
            } else {
                let changed = was.changed(&lab.facts());
                assert!(changed.is_empty(), "{context}: {healed:?} {changed:?}");
            }
        }
        for old in lab.recovery().list(None).unwrap().0 {
            if old.id != good.id {
                lab.recovery().store().delete(&old.id).unwrap();
            }
        }
    }
    assert!(failed > moments.len(), "{failed} of {}", moments.len());
    assert!(half > moments.len() / 4, "{half} of {}", moments.len());
}

#[test]
fn a_snapshot_that_is_refused_anywhere_changes_nothing() {
    let lab = Lab::new().with_service();
    let take = |recovery: &Recovery, host: &TestHost| {
        let install = locate(host, &LocateOptions::default()).unwrap();
        recovery.take(&install, TakeOptions::of(Scope::Install))
    };
    let moments = moments(&lab, |recovery, host| drop(take(recovery, host).unwrap()));
    let was = lab.facts();
    for (number, (point, skip)) in moments.iter().enumerate() {
        for fault in FAULTS {
            lab.write("logs/gateway.log", &format!("{number} {fault:?}"));
            let host = lab.again();
            let recovery = common::open(&host).unwrap();
            let install = locate(host.as_ref(), &LocateOptions::default()).unwrap();
            host.faults().plan(point, "", *skip, fault);
            // Where it succeeds, the point was one that may fail.
            drop(recovery.take(&install, TakeOptions::of(Scope::Install)));
            lab.write("logs/gateway.log", "a line\n");
            assert_same(&lab.facts(), &was);
        }
    }
    let verified = lab.recovery().verify(exuvia_store::Depth::Everything);
    assert!(verified.unwrap().is_clean());
}

#[test]
fn a_restore_whose_directory_is_gone_stands_in_nobodys_way() {
    let lab = Lab::new();
    let good = lab.take("good").snapshot;
    lab.go_mad(1);
    let host = lab.again();
    let recovery = common::open(&host).unwrap();
    let point = exuvia_host::disk::point::RENAME;
    host.faults()
        .plan(point, "/.openclaw/", 0, Fault::Fail(ErrorKind::Other));
    let error = restore(&recovery, &host, &good).unwrap_err();
    assert!(matches!(error, RecoveryError::CutShort { .. }), "{error}");
    assert!(
        error.to_string().contains("do not start OpenClaw"),
        "{error}"
    );
    fs::remove_dir_all(lab.state()).unwrap();
    let healed = lab.recovery().heal().unwrap();
    assert!(
        matches!(healed.as_slice(), [Healed::Gone { .. }]),
        "{healed:?}"
    );
    assert!(lab.recovery().heal().unwrap().is_empty());
}

#[test]
fn what_somebody_did_to_a_half_restored_tree_is_kept() {
    let lab = Lab::new().with_service();
    let was = lab.facts();
    let good = lab.take("good").snapshot;
    lab.go_mad(1);
    let host = lab.again();
    let recovery = common::open(&host).unwrap();
    let point = exuvia_host::disk::point::RENAME;
    host.faults().plan(point, "/.openclaw/", 1, Fault::Die);
    restore(&recovery, &host, &good).unwrap_err();
    lab.write("workspace/said-meanwhile.md", "a turn");
    let healed = lab.recovery().heal().unwrap();
    assert!(matches!(&healed[0], Healed::Restored { .. }), "{healed:?}");
    assert_same(&lab.facts(), &was);
    let kept = lab
        .recovery()
        .store()
        .get("pre-heal-20261120T000000Z")
        .unwrap();
    let copy = lab.directory.path().join("copy");
    lab.recovery().restore_to(&kept, &copy).unwrap();
    assert!(copy.join("workspace/said-meanwhile.md").exists());
}

#[test]
fn a_home_that_cannot_be_written_stops_everything_before_it_begins() {
    let lab = Lab::new();
    let good = lab.take("good").snapshot;
    lab.go_mad(1);
    let mad = lab.facts();
    let host = lab.again();
    let full = Fault::Fail(ErrorKind::StorageFull);
    let point = exuvia_host::points::name::WRITE_CONTENT;
    host.faults().plan(point, "exuvia", 0, full);
    let opened = common::open(&host).and_then(|recovery| restore(&recovery, &host, &good));
    assert!(matches!(opened, Err(RecoveryError::Home(_))), "{opened:?}");
    assert_same(&lab.facts(), &mad);
}
