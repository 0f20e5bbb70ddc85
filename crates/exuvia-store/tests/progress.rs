//! What whoever waits is told.
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
use std::sync::{Arc, Mutex};

use common::{Lab, noise};
use exuvia_host::SystemHost;
use exuvia_host::disk::Disk;
use exuvia_store::{Depth, Progress, RestoreOptions, SnapshotOptions, Stage, Store};

/// Every stage, its total, and how much was told in it.
type Told = Vec<(Stage, Option<u64>, u64)>;

#[derive(Debug, Default)]
struct Listener(Mutex<Told>);

impl Progress for Listener {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        self.0.lock().unwrap().push((stage, total, 0));
    }

    fn advance(&self, by: u64) {
        let mut told = self.0.lock().unwrap();
        let (stage, total, done) = told.last_mut().expect("a stage comes first");
        *done += by;
        assert!(total.is_none_or(|total| *done <= total), "{stage:?}");
    }
}

impl Listener {
    fn take(&self) -> Told {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[test]
fn what_is_told_adds_up_to_what_was_promised_in_every_operation() {
    let lab = Lab::new();
    let listener = Arc::new(Listener::default());
    let store = Store::at(Arc::new(SystemHost::new()), Disk::new(), lab.path("store"))
        .with_progress(listener.clone())
        .open()
        .unwrap();
    let take = || {
        store
            .snapshot(&lab.tree(), SnapshotOptions::default())
            .unwrap()
    };
    for number in 0..300 {
        lab.write(
            &format!("dir-{}/file-{number}", number % 7),
            noise(1000, number),
        );
    }
    lab.write("large", noise(5 << 20, 1000));
    lab.write("empty", "");
    let bytes = 300 * 1000 + (5 << 20);

    let first = take();
    let look = (Stage::Look, None, 300 + 7 + 2);
    let read = |bytes| (Stage::Read, Some(bytes), bytes);
    assert_eq!(listener.take(), [look, read(bytes)]);

    lab.write("dir-0/file-0", noise(70_000, 2000));
    fs::remove_file(lab.tree().join("large")).unwrap();
    let second = take();
    let told = listener.take();
    assert_eq!(told[1].1, Some(told[1].2));
    assert!(told[1].2 >= 70_000, "{told:?}");

    store
        .restore_in_place(&first, &lab.tree(), RestoreOptions::default())
        .unwrap();
    let told = listener.take();
    let write = |bytes| (Stage::Write, Some(bytes), bytes);
    assert_eq!(told.last(), Some(&write((5 << 20) + 1000)), "{told:?}");

    store.restore_into(&second, &lab.path("other")).unwrap();
    assert_eq!(listener.take(), [write(299 * 1000 + 70_000)]);

    let verified = store.verify(Depth::Everything).unwrap();
    assert_eq!(
        listener.take(),
        [(Stage::Verify, Some(verified.bytes), verified.bytes)]
    );

    store.delete(&first.id).unwrap();
    store.prune(false).unwrap();
    assert!(
        matches!(listener.take().as_slice(), [(Stage::Collect, Some(total), done)] if total == done)
    );
}
