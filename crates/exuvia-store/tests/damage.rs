//! A damaged store says what is damaged, and gives back only what is good.
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
use std::path::PathBuf;

use common::{Lab, assert_same, facts, noise};
use exuvia_store::{Depth, StoreError};

/// Every file of the store whose bytes mean something.
fn files(lab: &Lab) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["packs", "trees", "snapshots"] {
        let entries = fs::read_dir(lab.path("store").join(directory)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path()));
    }
    found.sort();
    found
}

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("text", "good content ".repeat(50));
    lab.write("dir/noise", noise(3000, 1));
    lab
}

#[test]
fn a_byte_flipped_anywhere_is_found_named_and_never_restored_as_good() {
    let lab = lab();
    let snapshot = lab.snapshot();
    let was = facts(&lab.tree());
    let mut flips = 0;
    for path in files(&lab) {
        let good = fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(if good.len() > 2000 { 13 } else { 3 }) {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).unwrap();
            let verified = lab.store.verify(Depth::Everything).unwrap();
            let named = verified.problems.iter().any(|problem| {
                matches!(problem, StoreError::Damaged { path: named, .. } if *named == path)
            });
            assert!(named, "{} at {at}: {verified:?}", path.display());
            let target = tempfile::tempdir_in(lab.directory.path()).unwrap();
            if let Ok(snapshot) = lab.store.get(snapshot.id.as_str())
                && lab.store.restore_into(&snapshot, target.path()).is_ok()
            {
                assert_same(&facts(target.path()), &was);
            }
            for pending in lab.store.pending_restores().unwrap() {
                fs::remove_dir_all(&pending.target).unwrap();
                fs::remove_dir_all(lab.path("store/restores")).unwrap();
                fs::create_dir(lab.path("store/restores")).unwrap();
            }
            flips += 1;
        }
        fs::write(&path, &good).unwrap();
    }
    assert!(flips > 500, "{flips}");
    assert!(lab.store.verify(Depth::Everything).unwrap().is_clean());
}

#[test]
fn a_file_cut_short_anywhere_is_found_and_repaired() {
    for index in 0..3 {
        let lab = lab();
        lab.snapshot();
        let path = &files(&lab)[index];
        let good = fs::read(path).unwrap();
        for len in [0, 1, good.len() / 2, good.len() - 1] {
            fs::write(path, &good[..len]).unwrap();
            assert!(!lab.store.verify(Depth::Everything).unwrap().is_clean());
        }
        lab.store.repair().unwrap();
        assert!(lab.store.verify(Depth::Everything).unwrap().is_clean());
        assert_same(&lab.fresh(&lab.snapshot()), &facts(&lab.tree()));
    }
}

#[test]
fn a_repair_names_what_is_lost_and_keeps_the_rest() {
    let lab = Lab::new();
    // Two blocks in one pack, and a second pack.
    lab.write("lost", noise(2_500_000, 1));
    lab.write("kept", noise(2_500_000, 2));
    let first = lab.snapshot();
    fs::remove_file(lab.tree().join("lost")).unwrap();
    lab.write("later", noise(10_000, 3));
    let second = lab.snapshot();
    let was_second = facts(&lab.tree());

    let pack = &files(&lab)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "pack"))
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(pack).unwrap();
    let wanted = noise(2_500_000, 1);
    let at = bytes
        .windows(32)
        .position(|window| window == &wanted[..32])
        .unwrap();
    bytes[at] ^= 1;
    fs::write(pack, bytes).unwrap();

    let error = lab.store.prune(false).err();
    assert!(
        error.is_none(),
        "an index that is good is enough to prune by: {error:?}"
    );
    let repaired = lab.store.repair().unwrap();
    assert_eq!(repaired.lost.len(), 1, "{repaired:?}");
    assert_eq!(repaired.lost[0].snapshot, first.id);
    assert_eq!(repaired.lost[0].path, std::path::Path::new("lost"));
    assert_eq!(repaired.quarantined.len(), 1, "{repaired:?}");

    assert!(lab.store.verify(Depth::Everything).unwrap().is_clean());
    let first = lab.store.get(first.id.as_str()).unwrap();
    assert!(!first.complete);
    assert_eq!(first.lost, [PathBuf::from("lost")]);
    let rest = lab.fresh(&first);
    assert!(rest.contains_key(std::path::Path::new("kept")));
    assert!(!rest.contains_key(std::path::Path::new("lost")));
    assert_same(&lab.fresh(&second), &was_second);
    assert!(
        lab.store.repair().unwrap().lost.is_empty(),
        "once is enough"
    );
}

#[test]
fn a_lost_pack_costs_the_files_in_it_and_the_next_snapshot_puts_them_back() {
    let lab = Lab::new();
    lab.write("file", noise(100_000, 1));
    lab.snapshot();
    let second = lab.snapshot();
    let pack = files(&lab)
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "pack"));
    fs::remove_file(pack.unwrap()).unwrap();
    let verified = lab.store.verify(Depth::Structure).unwrap();
    assert_eq!(verified.lost.len(), 2, "{verified:?}");
    assert!(matches!(
        lab.store.prune(false),
        Err(StoreError::Missing(_))
    ));
    lab.store.repair().unwrap();
    let second = lab.store.get(second.id.as_str()).unwrap();
    assert_eq!(second.lost, [PathBuf::from("file")]);
    let third = lab.snapshot();
    assert!(third.complete);
    assert_same(&lab.fresh(&third), &facts(&lab.tree()));
}

#[test]
fn a_sample_looks_at_a_part_and_another_seed_at_another() {
    let lab = Lab::new();
    lab.write("large", noise(60 << 20, 1));
    lab.snapshot();
    let look = |seed| {
        let verified = lab.store.verify(Depth::Sample { one_in: 4, seed }).unwrap();
        (verified.blocks, verified.bytes)
    };
    let all = lab.store.verify(Depth::Everything).unwrap();
    let (one, two) = (look(1), look(2));
    assert!(one.0 > 0 && one.0 < all.blocks, "{one:?} of {}", all.blocks);
    assert_ne!(one.1, two.1);
}

#[test]
fn a_restore_in_place_that_needs_something_damaged_changes_nothing() {
    let lab = lab();
    let snapshot = lab.snapshot();
    lab.write("text", "changed");
    lab.write("dir/noise", "changed");
    let before = facts(&lab.tree());
    let pack = files(&lab)
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "pack"));
    let pack = pack.unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[100] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let options = exuvia_store::RestoreOptions::default();
    let error = lab
        .store
        .restore_in_place(&snapshot, &lab.tree(), options)
        .unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert_same(&facts(&lab.tree()), &before);
    assert!(lab.store.pending_restores().unwrap().is_empty());
}
