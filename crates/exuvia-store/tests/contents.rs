//! What a snapshot holds can be read without restoring it, and taken over from elsewhere.
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

use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use common::{Lab, assert_same, facts, noise};
use exuvia_store::{Item, NodeKind, Snapshot};

fn items(lab: &Lab, snapshot: &Snapshot) -> Vec<Item> {
    let contents = lab.store.contents(snapshot).unwrap();
    contents.items().collect::<Result<_, _>>().unwrap()
}

#[test]
fn names_come_with_each_directory_before_what_is_in_it_and_in_the_order_of_their_bytes() {
    let lab = Lab::new();
    for path in ["b/x", "b.txt", "a/z/deep", "a/y", "c"] {
        lab.write(path, path);
    }
    let found: Vec<PathBuf> = items(&lab, &lab.snapshot())
        .into_iter()
        .map(|item| item.path)
        .collect();
    let expected = ["a", "a/y", "a/z", "a/z/deep", "b", "b/x", "b.txt", "c"];
    assert_eq!(found, expected.map(PathBuf::from));
}

#[test]
fn contents_are_read_as_they_were_with_holes_as_zeros() {
    let lab = Lab::new();
    lab.write("small", b"small");
    lab.write("large", noise(3_000_000, 1));
    lab.write("empty", b"");
    let sparse = std::fs::File::create(lab.tree().join("sparse")).unwrap();
    sparse.write_all_at(b"end", 5_000_000).unwrap();
    drop(sparse);
    let snapshot = lab.snapshot();
    let contents = lab.store.contents(&snapshot).unwrap();
    for item in items(&lab, &snapshot) {
        assert!(matches!(item.entry.borrow().kind(), NodeKind::File(_)));
        let mut read = Vec::new();
        let mut content = contents.open(&item).unwrap();
        content.read_to_end(&mut read).unwrap();
        let is = std::fs::read(lab.tree().join(&item.path)).unwrap();
        assert!(read == is, "{}", item.path.display());
    }
}

#[test]
fn what_may_change_again_within_the_same_tick_is_not_settled() {
    let lab = Lab::new();
    lab.write("a", b"1");
    let young = lab.snapshot();
    let is_settled = |snapshot: &Snapshot| {
        let contents = lab.store.contents(snapshot).unwrap();
        let item = contents.items().next().unwrap().unwrap();
        contents.is_settled(&item)
    };
    assert!(!is_settled(&young));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !is_settled(&lab.snapshot()) {
        assert!(
            std::time::Instant::now() < deadline,
            "the clock stands still"
        );
    }
}

#[test]
fn a_copy_is_taken_over_as_the_snapshot_that_it_is_of() {
    let lab = Lab::new();
    lab.write("a/b", b"remembered");
    let record = lab.snapshot();
    let was = facts(&lab.tree());
    let copy = lab.path("copy");
    lab.store.restore_into(&record, &copy).unwrap();

    let other = Lab::new();
    let adopted = other.store.adopt(&copy, record.clone()).unwrap();
    assert_eq!(adopted.id, record.id);
    assert_eq!(adopted.source, record.source);
    let (all, damaged) = other.store.list().unwrap();
    assert_eq!((all.len(), damaged.len()), (1, 0), "{all:?}");
    assert_same(&other.fresh(&all[0]), &was);
}
