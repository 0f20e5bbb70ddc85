//! Debian's restic reads what was pushed, and what it pushed is read.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use exuvia_store::Snapshot;

use crate::common::{assert_same, facts, noise};
use crate::lab::{Lab, PASSWORD};

/// Runs restic on a repository, and gives what it says, as an error if it fails.
pub fn restic_at(repository: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("restic")
        .args(arguments)
        .args(["--no-cache", "--repo", repository])
        .env("RESTIC_PASSWORD", PASSWORD)
        .output()
        .expect("install restic (apt-get install restic): these tests compare with it");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}

/// Runs restic on the repository of a lab.
pub fn restic(lab: &Lab, arguments: &[&str]) -> String {
    restic_at(&lab.path("repository").to_string_lossy(), arguments).unwrap()
}

fn rich(lab: &Lab) {
    lab.write("a/small", b"small");
    lab.write("a/large", noise(3_000_000, 7));
    lab.write("empty", b"");
    lab.write("宁可不升/\u{7}\"quoted\\", b"odd");
    lab.write("run.sh", b"#!/bin/sh\n");
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff\xfe");
    std::fs::write(lab.tree().join(name), b"not UTF-8").unwrap();
    std::fs::create_dir(lab.tree().join("nothing")).unwrap();
    symlink("../else/where", lab.tree().join("link")).unwrap();
    std::fs::hard_link(lab.tree().join("a/small"), lab.tree().join("hard")).unwrap();
    let mode = |path: &str, mode| {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(lab.tree().join(path), permissions).unwrap();
    };
    mode("run.sh", 0o4755);
    mode("nothing", 0o1777);
    mode("empty", 0);
    let dir = exuvia_host::disk::Disk::new()
        .open_dir(&lab.tree())
        .unwrap();
    let file = dir.open_file("run.sh".as_ref()).unwrap();
    file.set_xattr(b"user.note", b"\x00\xff binary").unwrap();
}

/// Where restic puts a snapshot's tree below its target.
fn below(target: &Path, snapshot: &Snapshot) -> std::path::PathBuf {
    target.join(snapshot.source.strip_prefix("/").unwrap())
}

#[test]
fn restic_finds_nothing_wrong_and_restores_the_same() {
    let lab = Lab::new();
    rich(&lab);
    let repository = lab.init();
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    lab.write("a/small", b"larger now");
    lab.write("new", noise(70_000, 3));
    let snapshot = lab.snapshot();
    repository
        .push(&lab.store, &snapshot, Some("inst"))
        .unwrap();

    let said = restic(&lab, &["check", "--read-data"]);
    assert!(said.contains("no errors were found"), "{said}");
    let listed = restic(&lab, &["snapshots"]);
    assert!(listed.contains(snapshot.id.as_str()), "{listed}");
    assert!(listed.contains("exuvia:install=inst"), "{listed}");
    let target = lab.path("restic");
    let target_text = target.to_string_lossy();
    restic(
        &lab,
        &["restore", "latest", "--verify", "--target", &target_text],
    );
    assert_same(&facts(&below(&target, &snapshot)), &facts(&lab.tree()));
    let record = std::fs::read_to_string(target.join("exuvia-snapshot.json")).unwrap();
    assert!(record.contains(snapshot.id.as_str()));
}

#[test]
fn a_backup_of_restics_own_is_listed_and_restored_but_is_no_snapshot() {
    let lab = Lab::new();
    rich(&lab);
    let repository = lab.init();
    restic(&lab, &["backup", &lab.tree().to_string_lossy()]);
    let backup = repository.list().unwrap().remove(0);
    assert_eq!(backup.snapshot, None);
    let target = lab.path("restored");
    repository.restore_to(&backup, &target).unwrap();
    let tree = target.join(lab.tree().strip_prefix("/").unwrap());
    assert_same(&facts(&tree), &facts(&lab.tree()));
    let error = repository
        .restore_into_store(&backup, &lab.store, &lab.home())
        .unwrap_err();
    assert!(error.to_string().contains("not made by Exuvia"), "{error}");
}
