//! When the machine refuses, at whatever step, nothing is harmed and the words are clear.
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
use std::sync::Arc;

use common::{Facts, Lab, assert_same, facts, noise};
use exuvia_host::disk::point;
use exuvia_host::testing::{Fault, Faults};
use exuvia_store::{Depth, Opened, RestoreOptions, Snapshot, SnapshotOptions, Store};

/// ENOSPC, EROFS, EACCES, one without a kind of its own as EIO is, and death.
const FAULTS: [Fault; 5] = [
    Fault::Fail(ErrorKind::StorageFull),
    Fault::Fail(ErrorKind::ReadOnlyFilesystem),
    Fault::Fail(ErrorKind::PermissionDenied),
    Fault::Fail(ErrorKind::Other),
    Fault::Die,
];

/// How often a point is tried, of all the times that it is reached.
const TIMES: usize = 6;

/// Every point that a job reaches, and some of the times it does.
fn moments(lab: &Lab, job: impl FnOnce(&Store<Opened>)) -> Vec<(&'static str, usize)> {
    let faults = Faults::new();
    let store = common::open_faulty(&lab.path("store"), &faults);
    let before = faults.reached().len();
    job(&store);
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (point, _) in faults.reached().into_iter().skip(before) {
        *counts.entry(point).or_default() += 1;
    }
    let spread = |(point, count): (&'static str, usize)| {
        let step = count.div_ceil(TIMES);
        (0..count).step_by(step).map(move |skip| (point, skip))
    };
    counts.into_iter().flat_map(spread).collect()
}

/// A store that is opened first, and on which the fault comes then.
fn faulty(lab: &Lab, point: &str, skip: usize, fault: Fault) -> (Arc<Faults>, Store<Opened>) {
    let faults = Faults::new();
    let store = common::open_faulty(&lab.path("store"), &faults);
    faults.plan(point, "", skip, fault);
    (faults, store)
}

fn lab() -> (Lab, Snapshot, Facts) {
    let lab = Lab::new();
    for number in 0..6 {
        lab.write(&format!("d{}/f{number}", number % 2), noise(500, number));
    }
    std::os::unix::fs::symlink("d0", lab.tree().join("link")).unwrap();
    fs::hard_link(lab.tree().join("d0/f0"), lab.tree().join("again")).unwrap();
    let snapshot = lab.snapshot();
    let was = facts(&lab.tree());
    (lab, snapshot, was)
}

fn change(lab: &Lab, seed: u64) {
    lab.write("d0/f0", noise(600, 100 + seed));
    lab.write("d1/new", noise(600, 200 + seed));
    let _ = fs::remove_file(lab.tree().join("d1/f1"));
}

#[track_caller]
fn assert_whole(lab: &Lab, snapshot: &Snapshot, was: &Facts, context: &str) {
    let verified = lab.store.verify(Depth::Everything).unwrap();
    assert!(verified.is_clean(), "{context}: {verified:?}");
    assert_same(&lab.fresh(snapshot), was);
}

#[test]
fn a_snapshot_that_is_refused_anywhere_leaves_everything_as_it_was() {
    let (lab, snapshot, was) = lab();
    change(&lab, 0);
    let moments = moments(&lab, |store| {
        store
            .snapshot(&lab.tree(), SnapshotOptions::default())
            .unwrap();
    });
    let mut failed = 0;
    for (number, (point, skip)) in moments.iter().enumerate() {
        for fault in FAULTS {
            let context = format!("{point} {skip} {fault:?}");
            change(&lab, number as u64 + 1);
            let before = facts(&lab.tree());
            let listed = lab.store.list().unwrap().0.len();
            let (_faults, store) = faulty(&lab, point, *skip, fault);
            let taken = store.snapshot(&lab.tree(), SnapshotOptions::default());
            failed += usize::from(taken.is_err());
            let now = lab.store.list().unwrap().0.len();
            if taken.is_ok() {
                assert_eq!(now, listed + 1, "{context}");
            }
            assert_same(&facts(&lab.tree()), &before);
        }
        assert_whole(&lab, &snapshot, &was, point);
    }
    assert!(
        failed > moments.len() * 2,
        "{failed} failures of {} moments",
        moments.len()
    );
    assert_same(&lab.fresh(&lab.snapshot()), &facts(&lab.tree()));
}

#[test]
fn a_restore_that_is_refused_anywhere_can_be_finished() {
    let (lab, snapshot, was) = lab();
    change(&lab, 0);
    let moments = moments(&lab, |store| {
        let options = RestoreOptions::default();
        store
            .restore_in_place(&snapshot, &lab.tree(), options)
            .unwrap();
    });
    for (number, (point, skip)) in moments.iter().enumerate() {
        for fault in FAULTS {
            let context = format!("{point} {skip} {fault:?}");
            change(&lab, number as u64 + 1);
            let before = facts(&lab.tree());
            let (_faults, store) = faulty(&lab, point, *skip, fault);
            let options = RestoreOptions::default();
            let restored = store.restore_in_place(&snapshot, &lab.tree(), options);
            let pending = lab.store.pending_restores().unwrap();
            match (&restored, pending.first()) {
                (Ok(restored), None) if restored.refused.is_empty() => {
                    assert_same(&facts(&lab.tree()), &was);
                }
                (Ok(restored), None) => {
                    assert_eq!(
                        fault,
                        Fault::Fail(ErrorKind::PermissionDenied),
                        "{restored:?}"
                    );
                }
                (Err(_), None) => {
                    let now = facts(&lab.tree());
                    assert!(now == before || now == was, "{context}: half restored");
                }
                (_, Some(pending)) => {
                    lab.store.finish_restore(pending).unwrap();
                    assert_same(&facts(&lab.tree()), &was);
                }
            }
            lab.in_place(&snapshot);
        }
    }
    assert_whole(&lab, &snapshot, &was, "after all");
}

#[test]
fn a_prune_that_is_refused_anywhere_loses_nothing() {
    let (lab, mut snapshot, mut was) = lab();
    let mut seed = 0;
    let mut make_waste = |lab: &Lab| {
        seed += 1;
        change(lab, seed);
        let next = lab.snapshot();
        lab.store.delete(&snapshot.id).unwrap();
        snapshot = next;
        was = facts(&lab.tree());
        (snapshot.clone(), was.clone())
    };
    make_waste(&lab);
    let moments = moments(&lab, |store| {
        store.prune(false).unwrap();
    });
    for (point, skip) in moments {
        for fault in FAULTS {
            let (snapshot, was) = make_waste(&lab);
            let (_faults, store) = faulty(&lab, point, skip, fault);
            let _ = store.prune(false);
            assert_whole(&lab, &snapshot, &was, &format!("{point} {skip} {fault:?}"));
        }
    }
    lab.store.prune(false).unwrap();
}

#[test]
fn a_repair_that_is_refused_anywhere_can_be_done_again() {
    let (lab, snapshot, _) = lab();
    lab.write("later", noise(900, 7));
    let later = lab.snapshot();
    let was = facts(&lab.tree());
    let largest = || {
        let packs = fs::read_dir(lab.path("store/packs"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        packs
            .max_by_key(|path| fs::metadata(path).unwrap().len())
            .unwrap()
    };
    let harm = || {
        // The last byte is of the second footer: nothing is lost by it.
        let path = largest();
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    harm();
    let moments = moments(&lab, |store| drop(store.repair().unwrap()));
    for (point, skip) in moments {
        for fault in FAULTS {
            harm();
            let (_faults, store) = faulty(&lab, point, skip, fault);
            let _ = store.repair();
            let repaired = lab.store.repair().unwrap();
            assert!(
                repaired.lost.is_empty(),
                "{point} {skip} {fault:?}: {repaired:?}"
            );
            assert_whole(&lab, &later, &was, &format!("{point} {skip} {fault:?}"));
        }
    }
    assert!(lab.store.get(snapshot.id.as_str()).unwrap().complete);
}

#[test]
fn a_file_that_never_holds_still_is_named_or_accepted() {
    #[derive(Debug)]
    struct Disturb(std::path::PathBuf, std::sync::atomic::AtomicU64);
    impl exuvia_host::points::Points for Disturb {
        fn reach(&self, point: &'static str, path: &std::path::Path) -> std::io::Result<()> {
            if point == point::READ && path == self.0 {
                let number = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                fs::write(&self.0, format!("number {number}")).unwrap();
            }
            Ok(())
        }
    }
    let lab = Lab::new();
    lab.write("restless", "x");
    lab.write("calm", "y");
    let points = Arc::new(Disturb(lab.tree().join("restless"), 0.into()));
    let host = Arc::new(exuvia_host::SystemHost::new());
    let disk = exuvia_host::disk::Disk::with_points(points);
    let store = Store::at(host, disk, lab.path("store")).open().unwrap();
    let error = store
        .snapshot(&lab.tree(), SnapshotOptions::default())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("restless changed while being read"),
        "{error}"
    );
    assert!(lab.store.list().unwrap().0.is_empty());
    let options = SnapshotOptions {
        accept_unstable: true,
        ..SnapshotOptions::default()
    };
    let snapshot = store.snapshot(&lab.tree(), options).unwrap();
    assert!(!snapshot.complete);
    assert_eq!(snapshot.unstable, [std::path::PathBuf::from("restless")]);
    lab.fresh(&snapshot);
}
