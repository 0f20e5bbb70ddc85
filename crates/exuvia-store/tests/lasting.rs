//! Snapshots stay whole, whatever else is done to the store.
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

use common::{Facts, Lab, Step, assert_same, facts, happen, noise, steps};
use exuvia_store::{Depth, Snapshot, SnapshotOptions};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Action {
    Change(Vec<Step>),
    Snapshot,
    Delete(prop::sample::Index),
    Prune,
    Restore(prop::sample::Index),
    Repair,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        3 => steps(1..12).prop_map(Action::Change),
        3 => Just(Action::Snapshot),
        2 => any::<prop::sample::Index>().prop_map(Action::Delete),
        2 => Just(Action::Prune),
        1 => any::<prop::sample::Index>().prop_map(Action::Restore),
        1 => Just(Action::Repair),
    ];
    prop::collection::vec(action, 4..24)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_order_of_actions_keeps_every_remaining_snapshot_whole(actions in actions()) {
        let lab = Lab::new();
        let mut kept: Vec<(Snapshot, Facts)> = Vec::new();
        for action in actions {
            match action {
                Action::Change(steps) => happen(&lab.tree(), &steps),
                Action::Snapshot => kept.push((lab.snapshot(), facts(&lab.tree()))),
                Action::Delete(at) if !kept.is_empty() => {
                    let (snapshot, _) = kept.remove(at.index(kept.len()));
                    lab.store.delete(&snapshot.id).unwrap();
                }
                Action::Prune => {
                    lab.store.prune(false).unwrap();
                }
                Action::Restore(at) if !kept.is_empty() => {
                    let (snapshot, was) = &kept[at.index(kept.len())];
                    assert_same(&lab.in_place(snapshot), was);
                }
                Action::Repair => {
                    let repaired = lab.store.repair().unwrap();
                    prop_assert!(repaired.lost.is_empty() && repaired.quarantined.is_empty());
                }
                Action::Delete(_) | Action::Restore(_) => {}
            }
        }
        let verified = lab.store.verify(Depth::Everything).unwrap();
        prop_assert!(verified.is_clean(), "{verified:?}");
        for (snapshot, was) in &kept {
            assert_same(&lab.fresh(snapshot), was);
        }
    }
}

#[test]
fn a_prune_gives_back_what_only_deleted_snapshots_needed() {
    let lab = Lab::new();
    lab.write("shared", noise(1_000_000, 1));
    lab.write("only-first", noise(5_000_000, 2));
    let first = lab.snapshot();
    fs::remove_file(lab.tree().join("only-first")).unwrap();
    let second = lab.snapshot();
    lab.store.delete(&first.id).unwrap();
    let estimate = lab.store.prune(true).unwrap();
    let pruned = lab.store.prune(false).unwrap();
    assert!(pruned.bytes > 4_500_000, "{pruned:?}");
    assert!(
        estimate.bytes.abs_diff(pruned.bytes) < 500_000,
        "{estimate:?} {pruned:?}"
    );
    assert_same(&lab.fresh(&second), &facts(&lab.tree()));
    let again = lab.store.prune(false).unwrap();
    assert_eq!(
        again.packs + again.trees,
        0,
        "nothing more to give back: {again:?}"
    );
}

#[test]
fn many_small_packs_become_one() {
    let lab = Lab::new();
    for number in 0..20 {
        lab.write("file", format!("content {number}"));
        lab.snapshot();
    }
    let packs = || fs::read_dir(lab.path("store/packs")).unwrap().count();
    assert_eq!(packs(), 20);
    lab.store.prune(false).unwrap();
    assert_eq!(packs(), 1);
    assert!(lab.store.verify(Depth::Everything).unwrap().is_clean());
}

#[test]
fn leftovers_of_the_killed_are_ignored_and_collected() {
    let lab = Lab::new();
    lab.write("file", "x");
    let snapshot = lab.snapshot();
    for name in [
        "tmp/pack-0123456789abcdef",
        "trees/.x.tree.1-2.exuvia-tmp",
        "snapshots/.y.json.1-2.exuvia-tmp",
        "locks/holder-0123456789abcdef",
    ] {
        fs::write(lab.path("store").join(name), "half").unwrap();
    }
    fs::write(
        lab.path("store/locks/holder-fedcba9876543210"),
        "1 1 another-boot",
    )
    .unwrap();
    assert!(lab.store.verify(Depth::Everything).unwrap().is_clean());
    lab.store.prune(false).unwrap();
    for directory in ["tmp", "trees", "snapshots", "locks"] {
        let names = fs::read_dir(lab.path("store").join(directory)).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        let expected = usize::from(directory != "tmp");
        assert_eq!(names.len(), expected, "{directory}: {names:?}");
    }
    assert_same(&lab.fresh(&snapshot), &facts(&lab.tree()));
}

#[test]
fn a_prune_waits_for_a_snapshot_and_tells_who_is_in_the_way() {
    let lab = Lab::new();
    lab.write("file", "x");
    let host = std::sync::Arc::new(exuvia_host::SystemHost::new());
    let impatient =
        exuvia_store::Store::at(host, exuvia_host::disk::Disk::new(), lab.path("store"))
            .with_patience(std::time::Duration::ZERO)
            .open()
            .unwrap();
    let plan = lab
        .store
        .plan(&lab.tree(), SnapshotOptions::default())
        .unwrap();
    let error = impatient.prune(false).unwrap_err().to_string();
    assert!(
        error.contains(&format!("by process {}", std::process::id())),
        "{error}"
    );
    let snapshot = plan.take().unwrap();
    impatient.prune(false).unwrap();
    assert_same(&lab.fresh(&snapshot), &facts(&lab.tree()));
}

#[test]
fn several_snapshots_at_once_are_all_whole() {
    let lab = Lab::new();
    for tree in 0..4 {
        for file in 0..30 {
            lab.write(&format!("{tree}/{file}"), noise(20_000, file));
        }
    }
    let snapshots: Vec<Snapshot> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|tree| {
                let lab = &lab;
                scope.spawn(move || {
                    let tree = lab.tree().join(tree.to_string());
                    lab.store
                        .snapshot(&tree, SnapshotOptions::default())
                        .unwrap()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    lab.store.prune(false).unwrap();
    assert!(lab.store.verify(Depth::Everything).unwrap().is_clean());
    for snapshot in snapshots {
        assert_same(&lab.fresh(&snapshot), &facts(&snapshot.source));
    }
}

#[test]
fn a_policy_deletes_what_it_does_not_keep() {
    let lab = Lab::new();
    let all: Vec<Snapshot> = (0..5).map(|_| lab.snapshot()).collect();
    lab.store.pin(&all[0].id, true).unwrap();
    let policy = exuvia_store::retention::Policy {
        keep_last: 2,
        ..Default::default()
    };
    let zone = jiff::tz::TimeZone::UTC;
    lab.store.retain(&policy, &zone, true).unwrap();
    assert_eq!(lab.store.list().unwrap().0.len(), 5);
    lab.store.retain(&policy, &zone, false).unwrap();
    let left: Vec<_> = lab
        .store
        .list()
        .unwrap()
        .0
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(
        left,
        [all[0].id.clone(), all[3].id.clone(), all[4].id.clone()]
    );
}
