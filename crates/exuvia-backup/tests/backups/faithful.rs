//! What comes back is what was there.

use proptest::prelude::*;

use crate::common::{Step, assert_same, facts, happen, noise, steps};
use crate::lab::Lab;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_tree_comes_back_as_it_was(first in steps(0..40), second in steps(0..20)) {
        let lab = Lab::new();
        let repository = lab.init();
        for steps in [first, second] {
            happen(&lab.tree(), &without_holes(steps));
            repository.push(&lab.store, &lab.snapshot(), None).unwrap();
            assert_same(&lab.restored(&repository), &facts(&lab.tree()));
        }
    }
}

/// Holes come back filled, or where a whole block is zeros; there is a test of its own for that.
fn without_holes(steps: Vec<Step>) -> Vec<Step> {
    let makes_holes = |step: &Step| match step {
        Step::Sparse { .. } => true,
        Step::Patch { offset, .. } => *offset > 4096,
        _ => false,
    };
    steps
        .into_iter()
        .filter(|step| !makes_holes(step))
        .collect()
}

#[test]
fn a_sparse_file_comes_back_with_its_content_and_a_large_hole_as_a_hole() {
    use std::os::unix::fs::{FileExt, MetadataExt};
    let lab = Lab::new();
    let file = std::fs::File::create(lab.tree().join("sparse")).unwrap();
    file.write_all_at(&noise(100_000, 1), 0).unwrap();
    file.write_all_at(&noise(100_000, 2), 64 << 20).unwrap();
    drop(file);
    let repository = lab.init();
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let target = lab.path("restored");
    let backup = repository.list().unwrap().remove(0);
    repository.restore_to(&backup, &target).unwrap();
    let read = |path: &std::path::Path| std::fs::read(path.join("sparse")).unwrap();
    assert!(read(&target) == read(&lab.tree()));
    let blocks = target.join("sparse").metadata().unwrap().blocks();
    assert!(blocks * 512 < 32 << 20, "{blocks}");
}

#[test]
fn an_unchanged_file_is_not_read_again_and_a_changed_one_is() {
    let lab = Lab::new();
    for number in 0..20 {
        lab.write(&format!("d/{number}"), noise(50_000, number));
    }
    let repository = lab.init();
    let first = repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    // Of the first look the times are too young to be trusted.
    let second = repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let third = repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    lab.write("d/3", b"other");
    let fourth = repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    assert_eq!(first.files_read, 21);
    assert!(second.uploaded_bytes < 40_000, "{second:?}");
    // The record, which names the snapshot, is new each time.
    assert_eq!(third.files_read, 1, "{third:?}");
    assert_eq!(fourth.files_read, 2, "{fourth:?}");
    assert_same(&lab.restored(&repository), &facts(&lab.tree()));
    let again = repository
        .push(
            &lab.store,
            &lab.store.get(fourth.snapshot.as_str()).unwrap(),
            None,
        )
        .unwrap();
    assert!(again.already_there);
    assert_eq!(repository.list().unwrap().len(), 4);
}

#[test]
fn a_backup_is_the_same_snapshot_again_on_a_machine_with_nothing_but_the_password() {
    let lab = Lab::new();
    lab.write("memory/a", b"remembered");
    let options = exuvia_store::SnapshotOptions {
        name: Some("before, the trip".to_owned()),
        description: Some("all of it".to_owned()),
        tags: vec!["one,two".to_owned(), "exuvia:install=other".to_owned()],
        scope: "install".to_owned(),
        ..Default::default()
    };
    let snapshot = lab.store.snapshot(&lab.tree(), options).unwrap();
    lab.init()
        .push(&lab.store, &snapshot, Some("inst_1"))
        .unwrap();
    let before = facts(&lab.tree());

    let other = Lab::new();
    let repository = crate::lab::located(&other.home(), &lab.path("repository").to_string_lossy())
        .open(&crate::lab::password())
        .unwrap();
    let backup = repository.get("before, the trip").unwrap();
    assert_eq!(backup.snapshot.as_ref(), Some(&snapshot.id));
    assert_eq!(backup.install.as_deref(), Some("inst_1"));
    assert_eq!(backup.scope.as_deref(), Some("install"));
    assert_eq!(backup.description.as_deref(), Some("all of it"));
    assert_eq!(backup.created_at, snapshot.created_at);
    let adopted = repository
        .restore_into_store(&backup, &other.store, &other.home())
        .unwrap();
    assert_eq!(
        adopted.snapshot.tags, snapshot.tags,
        "also the one that was no tag of the backup"
    );
    assert_eq!(adopted.snapshot.source, snapshot.source);
    let (all, damaged) = other.store.list().unwrap();
    assert_eq!((all.len(), damaged.len()), (1, 0));
    let target = other.path("back");
    other
        .store
        .restore_into(&other.store.get(snapshot.id.as_str()).unwrap(), &target)
        .unwrap();
    assert_same(&facts(&target), &before);
    assert!(!other.home().scratch().join("backup").exists());
    let again = repository
        .restore_into_store(&backup, &other.store, &other.home())
        .unwrap();
    assert!(again.already_there);
}
