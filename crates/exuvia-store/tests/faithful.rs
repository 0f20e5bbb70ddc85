//! What comes back is what was there.
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
use std::os::unix::fs::{MetadataExt, symlink};

use common::{Lab, assert_same, facts, happen, noise, steps};
use exuvia_store::{Excludes, SnapshotOptions, Why};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_tree_comes_back_as_it_was_in_place_and_fresh(
        first in steps(0..40),
        second in steps(0..20),
        third in steps(0..20),
    ) {
        let lab = Lab::new();
        happen(&lab.tree(), &first);
        let was_first = facts(&lab.tree());
        let one = lab.snapshot();
        happen(&lab.tree(), &second);
        let was_second = facts(&lab.tree());
        let two = lab.snapshot();
        happen(&lab.tree(), &third);
        let was_third = facts(&lab.tree());

        assert_same(&lab.fresh(&one), &was_first);
        assert_same(&lab.fresh(&two), &was_second);
        assert_same(&lab.in_place(&one), &was_first);
        assert_same(&lab.in_place(&two), &was_second);
        let (all, _) = lab.store.list().unwrap();
        let safety = all.iter().find(|one| one.name.is_some()).unwrap();
        assert_same(&lab.in_place(safety), &was_third);
        let changes = lab.store.diff_live(safety, &lab.tree()).unwrap();
        prop_assert!(changes.is_empty(), "{changes:?}");
    }
}

#[test]
fn an_unchanged_tree_shares_its_listing_and_adds_next_to_nothing() {
    let lab = Lab::new();
    lab.write("a/b/c", "content");
    let first = lab.snapshot();
    // The first look is too close to the writing to be trusted; the second settles it.
    let second = lab.snapshot();
    let plan = lab
        .store
        .plan(&lab.tree(), SnapshotOptions::default())
        .unwrap();
    let third = plan.take().unwrap();
    assert_eq!(first.stats.files, 1);
    assert_eq!(third.stats.added_bytes, 0);
    let trees = fs::read_dir(lab.path("store/trees")).unwrap().count();
    assert_eq!(trees, 1, "{second:?}");
}

#[test]
fn the_same_content_is_stored_once_over_all_snapshots_and_trees() {
    let lab = Lab::new();
    lab.write("one", noise(3_000_000, 1));
    let first = lab.snapshot();
    lab.write("two", noise(3_000_000, 1));
    fs::create_dir(lab.path("other")).unwrap();
    fs::write(lab.path("other/three"), noise(3_000_000, 1)).unwrap();
    let second = lab.snapshot();
    let other = lab
        .store
        .snapshot(&lab.path("other"), SnapshotOptions::default())
        .unwrap();
    assert!(first.stats.added_bytes > 3_000_000);
    assert!(second.stats.added_bytes < 10_000, "{:?}", second.stats);
    assert!(other.stats.added_bytes < 10_000, "{:?}", other.stats);
}

#[test]
fn a_large_file_that_changed_a_little_costs_a_little() {
    let lab = Lab::new();
    let mut bytes = noise(20 << 20, 1);
    lab.write("large", &bytes);
    lab.snapshot();
    bytes.splice(7_000_000..7_000_000, *b"a few bytes more");
    lab.write("large", &bytes);
    let second = lab.snapshot();
    assert!(second.stats.added_bytes < 3 << 20, "{:?}", second.stats);
    assert_same(&lab.fresh(&second), &facts(&lab.tree()));
}

#[test]
fn a_file_rewritten_with_its_size_and_time_kept_is_noticed() {
    let lab = Lab::new();
    lab.write("file", "before");
    let modified = fs::metadata(lab.tree().join("file"))
        .unwrap()
        .modified()
        .unwrap();
    lab.snapshot();
    lab.write("file", "after!");
    let file = fs::File::options()
        .write(true)
        .open(lab.tree().join("file"))
        .unwrap();
    file.set_modified(modified).unwrap();
    let was = facts(&lab.tree());
    let second = lab.snapshot();
    assert_same(&lab.fresh(&second), &was);
}

#[test]
fn sockets_and_pipes_are_recorded_as_left_out_and_survive_a_restore() {
    let lab = Lab::new();
    lab.write("run/kept", "x");
    let snapshot = lab.snapshot();
    let socket = lab.tree().join("run/socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let with = lab.snapshot();
    assert_eq!(with.left_out.len(), 1);
    assert_eq!(with.left_out[0].why, Why::Socket);
    assert_eq!(with.left_out[0].path, std::path::Path::new("run/socket"));
    lab.in_place(&snapshot);
    assert!(
        socket.exists(),
        "a socket is not in any snapshot and must not be removed"
    );
}

#[test]
fn what_is_left_out_by_pattern_is_neither_taken_nor_removed() {
    let lab = Lab::new();
    lab.write("kept", "x");
    lab.write("cache/big", "y");
    let options = SnapshotOptions {
        excludes: Excludes::new(["cache/"]).unwrap(),
        ..SnapshotOptions::default()
    };
    let snapshot = lab.store.snapshot(&lab.tree(), options).unwrap();
    lab.write("cache/bigger", "z");
    lab.write("new", "to go");
    lab.in_place(&snapshot);
    assert!(lab.tree().join("cache/bigger").exists());
    assert!(!lab.tree().join("new").exists());
    assert!(
        !lab.fresh(&snapshot)
            .contains_key(std::path::Path::new("cache"))
    );
}

#[test]
fn a_store_inside_the_tree_does_not_take_itself() {
    let lab = Lab::new();
    lab.write("file", "x");
    let inside = common::open(&lab.tree().join(".exuvia/store"));
    let snapshot = inside
        .snapshot(&lab.tree(), SnapshotOptions::default())
        .unwrap();
    assert_eq!(snapshot.stats.files, 1);
    lab.write("file", "y");
    let options = exuvia_store::RestoreOptions::default();
    inside
        .restore_in_place(&snapshot, &lab.tree(), options)
        .unwrap();
    assert_eq!(fs::read(lab.tree().join("file")).unwrap(), b"x");
    assert_eq!(inside.list().unwrap().0.len(), 2);
}

#[test]
fn a_link_in_the_way_is_replaced_and_never_followed() {
    let lab = Lab::new();
    lab.write("dir/file", "good");
    lab.write("deep/er/file", "good");
    let snapshot = lab.snapshot();
    let outside = lab.path("outside");
    fs::create_dir_all(outside.join("er")).unwrap();
    fs::write(outside.join("file"), "theirs").unwrap();
    for name in ["dir", "deep"] {
        fs::remove_dir_all(lab.tree().join(name)).unwrap();
        symlink(&outside, lab.tree().join(name)).unwrap();
    }
    let before = facts(&outside);
    lab.in_place(&snapshot);
    assert_same(&facts(&outside), &before);
    assert_eq!(fs::read(lab.tree().join("dir/file")).unwrap(), b"good");
}

#[test]
fn a_file_that_shares_its_bytes_with_one_outside_is_not_written_through() {
    let lab = Lab::new();
    lab.write("file", "good");
    let snapshot = lab.snapshot();
    fs::hard_link(lab.tree().join("file"), lab.path("outside")).unwrap();
    lab.write("file", "bad");
    let outside = fs::metadata(lab.path("outside")).unwrap();
    lab.in_place(&snapshot);
    assert_eq!(fs::read(lab.path("outside")).unwrap(), b"bad");
    assert_eq!(
        fs::metadata(lab.path("outside")).unwrap().mtime(),
        outside.mtime()
    );
    assert_eq!(fs::read(lab.tree().join("file")).unwrap(), b"good");
}

#[test]
fn a_target_that_is_a_link_a_file_or_not_empty_is_refused() {
    let lab = Lab::new();
    lab.write("file", "x");
    let snapshot = lab.snapshot();
    symlink(lab.tree(), lab.path("link")).unwrap();
    let options = exuvia_store::RestoreOptions::default();
    for target in [lab.path("link"), lab.tree().join("file")] {
        let error = lab
            .store
            .restore_in_place(&snapshot, &target, options.clone())
            .unwrap_err();
        assert!(error.to_string().contains("cannot restore into"), "{error}");
        assert!(lab.store.restore_into(&snapshot, &target).is_err());
    }
    let error = lab.store.restore_into(&snapshot, &lab.tree()).unwrap_err();
    assert!(error.to_string().ends_with("it is not empty"), "{error}");
    assert!(
        lab.store
            .snapshot(&lab.path("link"), SnapshotOptions::default())
            .is_err()
    );
}

#[test]
fn snapshots_are_found_by_name_id_and_the_beginning_of_an_id() {
    let lab = Lab::new();
    let named = |name: &str| SnapshotOptions {
        name: Some(name.to_owned()),
        ..SnapshotOptions::default()
    };
    let one = lab.store.snapshot(&lab.tree(), named("before")).unwrap();
    let two = lab.store.snapshot(&lab.tree(), named("before")).unwrap();
    assert_eq!(lab.store.get("before").unwrap(), two);
    assert_eq!(lab.store.get(one.id.as_str()).unwrap(), one);
    assert_eq!(lab.store.get(&one.id.as_str()[..14]).unwrap(), one);
    assert!(
        lab.store
            .get("nothing")
            .unwrap_err()
            .to_string()
            .contains("\"nothing\"")
    );
    let pinned = lab.store.pin(&one.id, true).unwrap();
    assert!(pinned.pinned);
    assert!(
        lab.store
            .delete(&one.id)
            .unwrap_err()
            .to_string()
            .contains("pinned")
    );
    lab.store.pin(&one.id, false).unwrap();
    lab.store.delete(&one.id).unwrap();
    assert_eq!(lab.store.list().unwrap().0, [two]);
}

#[test]
fn a_store_of_a_newer_format_and_what_is_no_store_are_refused_with_words() {
    let lab = Lab::new();
    let at = || {
        let host = std::sync::Arc::new(exuvia_host::SystemHost::new());
        exuvia_store::Store::at(host, exuvia_host::disk::Disk::new(), lab.path("store"))
    };
    fs::write(lab.path("store/format"), "exuvia-store 2\n").unwrap();
    let error = at().open().unwrap_err().to_string();
    assert!(
        error.contains("has format 2") && error.contains("a later one"),
        "{error}"
    );
    fs::write(lab.path("store/format"), "something else").unwrap();
    assert!(at().open_or_create().is_err());
    fs::remove_file(lab.path("store/format")).unwrap();
    assert!(
        at().open()
            .unwrap_err()
            .to_string()
            .contains("no snapshot store")
    );
}

#[test]
fn everything_in_the_store_is_private() {
    let lab = Lab::new();
    lab.write("file", noise(100_000, 1));
    lab.snapshot();
    let mut pending = vec![lab.path("store")];
    while let Some(path) = pending.pop() {
        let meta = fs::metadata(&path).unwrap();
        let expected = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(meta.mode() & 0o777, expected, "{}", path.display());
        if meta.is_dir() {
            pending.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
}
