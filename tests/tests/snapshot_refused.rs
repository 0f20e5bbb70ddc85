//! What `exuvia snapshot` refuses, and that it changes nothing then.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use exuvia_e2e::{Built, Occupied, Ran};
use exuvia_testkit::install::Builder;
use exuvia_testkit::tree::Snapshot as Tree;

fn snapshot(built: &Built, arguments: &[&str]) -> Ran {
    built
        .exuvia(&[&["snapshot"], arguments].concat())
        .bears_it()
}

/// An install with a snapshot named `good`, changed since.
fn changed() -> Built {
    let built = Built::plain();
    let _ = snapshot(&built, &["create", "--name", "good"]).exits(0);
    fs::write(built.install.state.join("new"), "since").unwrap();
    built
}

/// Runs a command that must change nothing of the install, nor take a snapshot.
fn refused(built: &Built, arguments: &[&str], code: i32) -> Ran {
    let (state, store) = (
        &built.install.state,
        built.exuvia_home().join("store/snapshots"),
    );
    let before = (Tree::of(state), Tree::of(&store));
    let ran = snapshot(built, arguments).exits(code);
    assert_eq!(
        before.0.changed(&Tree::of(state)),
        [] as [PathBuf; 0],
        "{ran:#?}"
    );
    assert_eq!(
        before.1.changed(&Tree::of(&store)),
        [] as [PathBuf; 0],
        "{ran:#?}"
    );
    ran
}

#[test]
fn a_restore_over_an_install_in_use() {
    let built = changed();
    let gateway = Occupied::state_dir(&built.install.state, 18789);
    for arguments in [
        &["restore", "good", "--yes"][..],
        &["restore", "good", "--yes", "--force"],
    ] {
        let ran = refused(&built, arguments, 3);
        for words in ["OpenClaw is running", "18789", "openclaw gateway stop"] {
            assert!(ran.stderr.contains(words), "{words}: {ran:#?}");
        }
    }
    let _ = snapshot(&built, &["create"]).exits(0);
    let copy = built.dir().join("copy");
    let _ = snapshot(&built, &["restore", "good", "--to", copy.to_str().unwrap()]).exits(0);
    drop(gateway);
    let _ = snapshot(&built, &["restore", "good", "--yes"]).exits(0);
}

#[test]
fn a_restore_that_nobody_agreed_to() {
    let built = changed();
    let ran = refused(&built, &["restore", "good"], 2);
    assert!(ran.stderr.contains("--yes"), "{ran:#?}");
}

#[test]
fn a_snapshot_of_another_install() {
    let built = changed();
    let other = Builder::new(&built.dir().join("other")).build();
    let state = other.state.to_str().unwrap();
    let before = Tree::of(&other.state);
    let ran = refused(&built, &["restore", "good", "--install", state, "--yes"], 3);
    assert!(ran.stderr.contains("--force"), "{ran:#?}");
    assert_eq!(before.changed(&Tree::of(&other.state)), [] as [PathBuf; 0]);
    let forced = ["restore", "good", "--install", state, "--yes", "--force"];
    let _ = snapshot(&built, &forced).exits(0);
    assert!(!before.changed(&Tree::of(&other.state)).is_empty());
}

#[test]
fn a_target_that_is_a_link_or_not_empty() {
    let built = changed();
    let (real, link) = (built.dir().join("real"), built.dir().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    let ran = refused(
        &built,
        &["restore", "good", "--to", link.to_str().unwrap()],
        3,
    );
    assert!(ran.stderr.contains("symbolic link"), "{ran:#?}");
    assert_eq!(fs::read_dir(&real).unwrap().count(), 0);
    fs::write(real.join("mine"), "mine").unwrap();
    let ran = refused(
        &built,
        &["restore", "good", "--to", real.to_str().unwrap()],
        3,
    );
    assert!(ran.stderr.contains("not empty"), "{ran:#?}");
}

#[test]
fn a_package_that_is_older_than_the_snapshots() {
    let built = Built::new(|builder| builder.core("2026.9.6"));
    let _ = snapshot(&built, &["create", "--name", "newer"]).exits(0);
    let manifest = built.install.package.join("package.json");
    let older = fs::read_to_string(&manifest)
        .unwrap()
        .replace("2026.9.6", "2026.9.5");
    fs::write(&manifest, older).unwrap();
    fs::write(built.install.state.join("new"), "since").unwrap();
    let ran = refused(&built, &["restore", "newer", "--yes"], 3);
    for words in ["2026.9.6", "2026.9.5", "--force"] {
        assert!(ran.stderr.contains(words), "{words}: {ran:#?}");
    }
    let _ = snapshot(&built, &["restore", "newer", "--yes", "--force"]).exits(0);
}

#[test]
fn a_store_of_a_newer_format() {
    let built = changed();
    fs::write(
        built.exuvia_home().join("store/format"),
        "exuvia-store 99\n",
    )
    .unwrap();
    for arguments in [
        &["create"][..],
        &["list"],
        &["restore", "good", "--yes"],
        &["prune"],
    ] {
        let ran = refused(&built, arguments, 1);
        assert!(ran.stderr.contains("format 99"), "{ran:#?}");
    }
    // What needs no store goes on.
    let _ = built.exuvia(&["installs"]).exits(0);
}

#[test]
fn a_pinned_snapshot_is_not_deleted_and_those_with_it_stay_too() {
    let built = changed();
    let _ = snapshot(&built, &["create", "--name", "other"]).exits(0);
    let _ = snapshot(&built, &["pin", "good"]).exits(0);
    let ran = refused(&built, &["delete", "other", "good"], 1);
    assert!(ran.stderr.contains("pinned"), "{ran:#?}");
    let ran = refused(&built, &["delete", "other", "no-such"], 1);
    assert!(ran.stderr.contains("no-such"), "{ran:#?}");
    let _ = snapshot(&built, &["prune", "--max-count", "1"]).exits(0);
    let left = snapshot(&built, &["list"]).exits(0);
    assert!(
        left.stdout.contains("good") && left.stdout.contains("pinned"),
        "{left:#?}"
    );
    let _ = snapshot(&built, &["unpin", "good"]).exits(0);
    let _ = snapshot(&built, &["delete", "other", "good"]).exits(0);
}

/// A small file system of a test's own.
struct Mounted(PathBuf);

impl Mounted {
    fn small(at: &Path, options: &str) -> Self {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "exuvia-test"])
            .arg(at)
            .output();
        let mounted = mounted.unwrap();
        let why = String::from_utf8_lossy(&mounted.stderr);
        assert!(
            mounted.status.success(),
            "this test fills a disk of its own; run it as root, or under `unshare -rm`: {why}"
        );
        Self(at.to_owned())
    }

    fn remount(&self, options: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.0)
            .status();
        assert!(done.unwrap().success(), "remount,{options}");
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A test that failed may leave a process in it; the mount then goes with the machine.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let built = Built::plain();
    let _small = Mounted::small(&built.exuvia_home(), "size=16m,mode=0700");
    let _ = snapshot(&built, &["create", "--name", "good"]).exits(0);
    fs::write(built.install.state.join("new"), noise(1 << 20)).unwrap();
    fs::write(built.exuvia_home().join("ballast"), noise(20 << 20)).unwrap_err();
    let ran = refused(&built, &["create"], 1);
    assert!(
        ran.stderr.contains("room") || ran.stderr.contains("space"),
        "{ran:#?}"
    );
    refused(&built, &["restore", "good", "--yes"], 1);
    fs::remove_file(built.exuvia_home().join("ballast")).unwrap();
    let _ = snapshot(&built, &["verify"]).exits(0);
    let _ = snapshot(&built, &["restore", "good", "--yes"]).exits(0);
}

#[test]
fn a_home_that_can_only_be_read() {
    let built = Built::plain();
    let home = Mounted::small(&built.exuvia_home(), "size=16m,mode=0700");
    let _ = snapshot(&built, &["create", "--name", "good"]).exits(0);
    fs::write(built.install.state.join("new"), "since").unwrap();
    home.remount("ro");
    for arguments in [
        &["create"][..],
        &["restore", "good", "--yes"],
        &["delete", "good"],
        &["prune"],
    ] {
        let ran = refused(&built, arguments, 1);
        assert!(ran.stderr.contains("ead-only"), "{ran:#?}");
    }
}

/// Bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .take(length)
    .collect()
}
