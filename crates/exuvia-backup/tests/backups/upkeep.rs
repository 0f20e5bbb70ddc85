//! Forgetting, clearing away and checking.

use std::io::Write;
use std::process::{Command, Stdio};

use exuvia_backup::{BackupError, Which};
use exuvia_store::retention::Policy;

use crate::common::{assert_same, facts, noise};
use crate::lab::{Lab, PASSWORD};
use crate::restic::restic;

fn named(names: &[&str], force: bool) -> Which {
    Which::Named {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        force,
    }
}

#[test]
fn the_last_backup_of_an_install_is_only_forgotten_when_told_so_twice() {
    let lab = Lab::new();
    lab.write("a", b"1");
    let repository = lab.init();
    let first = repository
        .push(&lab.store, &lab.snapshot(), Some("one"))
        .unwrap();
    let second = repository
        .push(&lab.store, &lab.snapshot(), Some("one"))
        .unwrap();
    let other = repository
        .push(&lab.store, &lab.snapshot(), Some("two"))
        .unwrap();
    let (first, second) = (first.backup.as_str(), second.backup.as_str());
    let error = repository.forget(&named(&[first, second], false), false);
    assert!(matches!(error, Err(BackupError::Last { .. })), "{error:?}");
    assert_eq!(repository.list().unwrap().len(), 3, "none of them went");
    let dry = repository.forget(&named(&[first], false), true).unwrap();
    assert_eq!(dry.forgotten.len(), 1);
    assert_eq!(repository.list().unwrap().len(), 3);
    repository.forget(&named(&[first], false), false).unwrap();
    let error = repository.forget(&named(&[second], false), false);
    assert!(matches!(error, Err(BackupError::Last { .. })), "{error:?}");
    repository.forget(&named(&[second], true), false).unwrap();
    let left = repository.list().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, other.backup);
}

#[test]
fn a_policy_keeps_the_newest_of_each_install_and_leaves_other_programs_alone() {
    let lab = Lab::new();
    lab.write("a", b"1");
    let repository = lab.init();
    restic(&lab, &["backup", &lab.tree().to_string_lossy()]);
    for install in ["one", "one", "one", "two"] {
        repository
            .push(&lab.store, &lab.snapshot(), Some(install))
            .unwrap();
    }
    let policy = Policy {
        keep_last: 1,
        ..Policy::default()
    };
    let forgotten = repository.forget(&Which::Policy(policy), false).unwrap();
    assert_eq!(forgotten.forgotten.len(), 2);
    let left = repository.list().unwrap();
    let installs: Vec<_> = left.iter().map(|one| one.install.as_deref()).collect();
    assert_eq!(installs, [None, Some("one"), Some("two")]);
}

#[test]
fn pruning_gives_the_room_back_and_leaves_the_rest_whole() {
    let lab = Lab::new();
    lab.write("large", noise(20_000_000, 1));
    lab.write("kept", noise(1_000_000, 2));
    let repository = lab.init();
    let first = repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    std::fs::remove_file(lab.tree().join("large")).unwrap();
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    repository
        .forget(&named(&[first.backup.as_str()], false), false)
        .unwrap();
    let freed = repository.prune().unwrap();
    assert!(freed > 15_000_000, "{freed}");
    let said = restic(&lab, &["check", "--read-data"]);
    assert!(said.contains("no errors were found"), "{said}");
    assert_same(&lab.restored(&repository), &facts(&lab.tree()));
}

#[test]
fn nothing_is_pruned_or_forgotten_while_restic_is_at_work_but_a_push_may_stand_beside_it() {
    let lab = Lab::new();
    lab.write("a", b"1");
    let repository = lab.init();
    let first = repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let mut restic = Command::new("restic")
        .args(["backup", "--stdin", "--no-cache", "--repo"])
        .arg(lab.path("repository"))
        .env("RESTIC_PASSWORD", PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    // Until it is whole it has another name.
    let is_locked = || {
        let names = std::fs::read_dir(lab.path("repository/locks")).unwrap();
        let mut names = names.map(|one| one.unwrap().file_name());
        names.any(|name| name.len() == 64)
    };
    while !is_locked() {
        assert!(std::time::Instant::now() < deadline, "restic takes no lock");
        std::thread::yield_now();
    }
    let error = repository.prune().unwrap_err();
    assert!(matches!(error, BackupError::Locked { .. }), "{error}");
    let which = named(&[first.backup.as_str()], true);
    let error = repository.forget(&which, false).unwrap_err();
    assert!(error.to_string().contains("in use by"), "{error}");
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let mut input = restic.stdin.take().unwrap();
    input.write_all(b"content").unwrap();
    drop(input);
    assert!(restic.wait().unwrap().success());
    repository.prune().unwrap();
    assert_eq!(repository.list().unwrap().len(), 3);
}

#[test]
fn what_a_killed_push_left_is_used_and_a_pack_that_was_cut_off_is_not() {
    let lab = Lab::new();
    lab.write("a", noise(3_000_000, 1));
    let repository = lab.init();
    let snapshot = lab.snapshot();
    repository.push(&lab.store, &snapshot, None).unwrap();
    // As a kill leaves it: packs, and neither an index nor a backup.
    for kind in ["index", "snapshots"] {
        for file in std::fs::read_dir(lab.path("repository").join(kind)).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    let cut = "0123456789abcdef".repeat(4);
    std::fs::write(lab.path("repository/data/01").join(&cut), noise(10_000, 3)).unwrap();
    let pushed = repository.push(&lab.store, &snapshot, None).unwrap();
    assert!(pushed.reused_packs > 0, "{pushed:?}");
    assert!(pushed.uploaded_bytes < 50_000, "{pushed:?}");
    assert_same(&lab.restored(&repository), &facts(&lab.tree()));
    let checked = repository.check(true).unwrap();
    assert!(checked.is_clean(), "{checked:?}");
    assert_eq!(checked.notes.len(), 1, "{checked:?}");
}

#[test]
fn a_directory_with_other_things_in_it_does_not_become_a_repository() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("repository")).unwrap();
    std::fs::write(lab.path("repository/photo.jpg"), b"x").unwrap();
    let error = lab.local().init(&crate::lab::password()).unwrap_err();
    assert!(matches!(error, BackupError::Occupied(_)), "{error}");
    let count = std::fs::read_dir(lab.path("repository")).unwrap().count();
    assert_eq!(count, 1);
    let error = lab.local().open(&crate::lab::password()).unwrap_err();
    assert!(matches!(error, BackupError::NoRepository(_)), "{error}");
}
