use std::os::unix::fs::MetadataExt;

use super::*;
use crate::testing::{Fault, TestHost};
use crate::{read_limited, read_optional};

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all_whatever_fails_and_wherever_it_dies() {
    let points = [
        name::WRITE_CREATE,
        name::WRITE_CONTENT,
        name::WRITE_SYNC,
        name::WRITE_RENAME,
    ];
    for point in points {
        for fault in [Fault::Fail(io::ErrorKind::StorageFull), Fault::Die] {
            let directory = directory();
            let path = directory.path().join("document.json");
            fs::write(&path, "old").unwrap();
            let host = TestHost::new();
            host.faults().plan(point, "document.json", 0, fault);
            assert!(
                host.write_atomic(&path, b"new", 0o600).is_err(),
                "{point} {fault:?}"
            );
            assert_eq!(fs::read(&path).unwrap(), b"old", "{point} {fault:?}");
            if matches!(fault, Fault::Fail(_)) {
                let left = fs::read_dir(directory.path()).unwrap().count();
                assert_eq!(left, 1, "something is left behind after a failed {point}");
            }
            let next = SystemHost::new();
            next.write_atomic(&path, b"new", 0o600).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new");
        }
    }
}

#[test]
fn a_written_file_has_the_mode_asked_for() {
    let directory = directory();
    let path = directory.path().join("document.json");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    SystemHost::new()
        .write_atomic(&path, b"new", 0o600)
        .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_pipe_a_directory_and_a_link_are_not_opened_as_files() {
    let directory = directory();
    let host = SystemHost::new();
    let pipe = directory.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    assert!(host.open(&pipe, Links::Follow).is_err());
    assert!(host.open(directory.path(), Links::Follow).is_err());
    let target = directory.path().join("target");
    let link = directory.path().join("link");
    fs::write(&target, "x").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert!(host.open(&link, Links::Refuse).is_err());
    assert!(host.open(&link, Links::Follow).is_ok());
}

#[test]
fn a_file_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let directory = directory();
    let path = directory.path().join("big");
    fs::write(&path, vec![b'x'; 100]).unwrap();
    let host = SystemHost::new();
    assert_eq!(
        read_limited(&host, &path, 100, Links::Follow)
            .unwrap()
            .len(),
        100
    );
    let error = read_limited(&host, &path, 99, Links::Follow).unwrap_err();
    assert!(
        error.to_string().ends_with("it is larger than 99 bytes"),
        "{error}"
    );
    let none = read_optional(&host, &directory.path().join("none"), 9, Links::Follow);
    assert_eq!(none.unwrap(), None);
}

#[test]
fn a_lock_is_held_by_one_and_free_again_when_dropped() {
    let directory = directory();
    let path = directory.path().join("lock");
    let host = SystemHost::new();
    let held = host.try_lock(&path).unwrap();
    assert!(held.is_some());
    assert!(host.try_lock(&path).unwrap().is_none());
    drop(held);
    assert!(host.try_lock(&path).unwrap().is_some());
}
