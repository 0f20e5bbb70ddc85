use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::testing::{Fault, Faults};

fn opened() -> (tempfile::TempDir, Dir) {
    let directory = tempfile::tempdir().unwrap();
    let dir = Disk::new().open_dir(directory.path()).unwrap();
    (directory, dir)
}

fn name(name: &str) -> &OsStr {
    OsStr::new(name)
}

#[test]
fn no_call_follows_a_link() {
    let (directory, dir) = opened();
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(outside.path().join("below")).unwrap();
    fs::write(outside.path().join("file"), "secret").unwrap();
    symlink(outside.path(), directory.path().join("out")).unwrap();
    symlink(outside.path().join("file"), directory.path().join("link")).unwrap();
    assert!(dir.open_dir(name("out")).is_err());
    assert!(dir.open_beneath(Path::new("out/below")).is_err());
    assert!(dir.open_parts(Path::new("out/below")).is_err());
    assert!(dir.open_beneath(Path::new("../x")).is_err());
    assert!(dir.open_parts(Path::new("../x")).is_err());
    assert!(dir.open_file(name("link")).is_err());
    assert!(dir.create_file(name("link"), 0o600).is_err());
    assert!(dir.open_or_create(name("link"), 0o600).is_err());
    assert_eq!(dir.stat(name("link")).unwrap().kind, Kind::Symlink);
    assert!(Disk::new().open_dir(&directory.path().join("out")).is_err());
}

#[test]
fn both_ways_down_find_the_same_directory() {
    let (directory, dir) = opened();
    fs::create_dir_all(directory.path().join("a/b")).unwrap();
    let path = Path::new("a/b");
    let wanted = dir.open_beneath(path).unwrap().stat_self().unwrap();
    assert_eq!(dir.open_parts(path).unwrap().stat_self().unwrap(), wanted);
    let itself = dir.open_beneath(Path::new("")).unwrap();
    assert_eq!(itself.stat_self().unwrap(), dir.stat_self().unwrap());
}

#[test]
fn a_listing_is_sorted_and_complete() {
    let (directory, dir) = opened();
    for number in 0..2000 {
        fs::write(
            directory.path().join(format!("{}", number * 7919 % 2000)),
            "",
        )
        .unwrap();
    }
    let listing = dir.list().unwrap();
    assert_eq!(listing.len(), 2000);
    let names: Vec<_> = listing.iter().map(|one| one.name.to_owned()).collect();
    assert!(names.is_sorted());
    assert!(listing.get(name("1234")).is_some());
    assert!(listing.get(name("x")).is_none());
}

#[test]
fn holes_are_found() {
    let (_directory, dir) = opened();
    let file = dir.create_file(name("sparse"), 0o600).unwrap();
    file.set_len(4 << 20).unwrap();
    file.write_at(b"x", 2 << 20).unwrap();
    let extent = file.next_extent(0).unwrap().unwrap();
    assert!(
        extent.start <= 2 << 20 && extent.end > 2 << 20,
        "{extent:?}"
    );
    assert_eq!(file.next_extent(extent.end).unwrap(), None);
}

#[test]
fn attributes_come_back_as_they_were_set() {
    let (_directory, dir) = opened();
    let file = dir.create_file(name("file"), 0o600).unwrap();
    let long = vec![b'v'; 2000];
    file.set_xattr(b"user.b", &long).unwrap();
    file.set_xattr(b"user.a", b"\0\xff").unwrap();
    let expected = vec![
        (b"user.a".to_vec(), b"\0\xff".to_vec()),
        (b"user.b".to_vec(), long),
    ];
    assert_eq!(file.xattrs().unwrap(), expected);
    file.remove_xattr(b"user.b").unwrap();
    file.remove_xattr(b"user.b").unwrap();
    assert_eq!(file.xattrs().unwrap().len(), 1);
    let time = FileTime {
        seconds: -5,
        nanos: 7,
    };
    file.set_modified(time).unwrap();
    assert_eq!(file.stat().unwrap().modified, time);
}

#[test]
fn record_locks_keep_out_what_is_open_elsewhere_in_this_very_process() {
    let (_directory, dir) = opened();
    let _file = dir.create_file(name("db"), 0o600).unwrap();
    let one = dir.open_to_lock(name("db")).unwrap();
    let two = dir.open_to_lock(name("db")).unwrap();
    assert!(one.try_lock_records().unwrap());
    assert!(!two.try_lock_records().unwrap());
    drop(one);
    assert!(two.try_lock_records().unwrap());
}

#[test]
fn shared_locks_go_together_and_an_exclusive_one_goes_alone() {
    let (_directory, dir) = opened();
    let open = || dir.open_or_create(name("lock"), 0o600).unwrap();
    let one = open().try_lock(LockKind::Shared).unwrap().unwrap();
    let two = open().try_lock(LockKind::Shared).unwrap().unwrap();
    assert!(open().try_lock(LockKind::Exclusive).unwrap().is_err());
    drop((one, two));
    let alone = open().try_lock(LockKind::Exclusive).unwrap().unwrap();
    assert!(open().try_lock(LockKind::Shared).unwrap().is_err());
    drop(alone);
}

#[test]
fn a_holder_is_told_from_a_later_process_of_the_same_number() {
    let me = Holder::current();
    assert!(me.is_alive());
    assert_eq!(Holder::parse(&me.to_string()), Some(me.clone()));
    let later = Holder {
        started: me.started + 1,
        ..me.clone()
    };
    assert!(!later.is_alive());
    let before = Holder {
        boot: "another".to_owned(),
        ..me
    };
    assert!(!before.is_alive());
    assert_eq!(Holder::parse("no number"), None);
}

#[test]
fn every_effect_passes_a_point_and_none_happens_after_a_death() {
    let directory = tempfile::tempdir().unwrap();
    let faults = Faults::new();
    let dir = Disk::with_points(faults.clone())
        .open_dir(directory.path())
        .unwrap();
    let file = dir.create_file(name("a"), 0o600).unwrap();
    faults.plan(point::WRITE, "a", 0, Fault::Die);
    assert!(file.write_at(b"x", 0).is_err());
    assert!(dir.rename(name("a"), &dir, name("b")).is_err());
    assert!(dir.remove_file(name("a")).is_err());
    assert!(dir.make_dir(name("d"), 0o700).is_err());
    assert!(dir.make_symlink(name("x"), name("l")).is_err());
    assert!(file.set_mode(0o644).is_err());
    let left: Vec<PathBuf> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, [directory.path().join("a")]);
    assert_eq!(fs::metadata(&left[0]).unwrap().len(), 0);
}

#[test]
fn a_file_is_replaced_with_its_mode_and_owner_while_it_says_what_was_read() {
    let (directory, dir) = opened();
    let path = directory.path().join("file");
    fs::write(&path, "old").unwrap();
    let file = dir.open_file(name("file")).unwrap();
    file.set_mode(0o640).unwrap();
    let is_root = file.stat().unwrap().uid == 0;
    if is_root {
        file.set_owner(12, 34).unwrap();
    }
    let before = dir.stat(name("file")).unwrap();
    assert!(!dir.replace_file(name("file"), b"odd", b"new").unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert!(dir.replace_file(name("file"), b"old", b"newer").unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"newer");
    let after = dir.stat(name("file")).unwrap();
    let owned = |stat: &Stat| (stat.mode, stat.uid, stat.gid);
    assert_eq!(owned(&after), owned(&before));
    assert_eq!(dir.list().unwrap().len(), 1, "nothing is left beside it");
}

#[test]
fn a_file_is_old_or_new_wherever_its_replacing_fails() {
    for at in point::ALL {
        for fault in [Fault::Fail(std::io::ErrorKind::StorageFull), Fault::Die] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("file");
            fs::write(&path, "old").unwrap();
            let faults = Faults::new();
            faults.plan(at, "file", 0, fault);
            let disk = Disk::with_points(faults);
            let dir = disk.open_dir(directory.path()).unwrap();
            let replaced = dir.replace_file(name("file"), b"old", b"new");
            let found = fs::read(&path).unwrap();
            let is_whole = if replaced.is_ok() {
                found == b"new"
            } else {
                found == b"old" || found == b"new"
            };
            assert!(is_whole, "{at}");
        }
    }
}
