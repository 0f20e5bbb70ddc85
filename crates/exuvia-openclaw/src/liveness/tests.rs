//! On real locks, of this process's open files: the kernel tells them from our own questions.

use std::fs;
use std::path::{Path, PathBuf};

use exuvia_host::SystemHost;
use exuvia_host::disk::{Disk, Holder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

struct Lab {
    home: TempDir,
}

impl Lab {
    fn new() -> Self {
        let lab = Self {
            home: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(lab.locks()).unwrap();
        fs::create_dir_all(lab.state().join("state")).unwrap();
        fs::write(state_database(&lab.state()), "").unwrap();
        lab
    }

    fn state(&self) -> PathBuf {
        self.home.path().join(".openclaw")
    }

    fn locks(&self) -> PathBuf {
        self.state().join("tmp/openclaw-0")
    }

    fn lock_file(&self) -> PathBuf {
        self.locks().join("gateway.state.lock")
    }

    fn claim(&self, payload: &Value) -> &Self {
        let text = format!("{payload:#}\n\t \t\t \t   \n");
        fs::write(self.lock_file(), text).unwrap();
        fs::write(self.locks().join("gateway.state.lock.sqlite"), "").unwrap();
        self
    }

    fn look(&self) -> Liveness {
        look_at(&SystemHost::new(), &self.state())
    }
}

fn payload(pid: u32, started: u64) -> Value {
    json!({
        "pid": pid,
        "ownerId": "64b8d629-efc6-471a-99c0-bd5742f56888",
        "createdAt": "2020-01-01T00:00:00.000Z",
        "configPath": "/x/openclaw.json",
        "port": 19100,
        "startTime": started,
    })
}

fn lock(path: &Path) -> File {
    let file = open(&Disk::new(), path, Mode::Lock).unwrap().unwrap();
    assert!(file.try_lock_records().unwrap());
    file
}

/// A process that lives as long as this, and is not OpenClaw.
struct Other(std::process::Child);

impl Other {
    fn start() -> Self {
        let child = std::process::Command::new("sleep").arg("600").spawn();
        Self(child.unwrap())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn running(liveness: &Liveness) -> Option<(u32, Option<u16>)> {
    match liveness {
        Liveness::Running { pid, port } => Some((*pid, *port)),
        _ => None,
    }
}

#[test]
fn an_install_that_was_never_started_is_stopped() {
    assert_eq!(Lab::new().look(), Liveness::Stopped);
    let empty = tempfile::tempdir().unwrap();
    let looked = look_at(&SystemHost::new(), &empty.path().join("nowhere"));
    assert_eq!(looked, Liveness::Stopped);
}

#[test]
fn a_lock_that_is_held_is_a_gateway_that_runs_whatever_number_it_has_here() {
    let lab = Lab::new();
    lab.claim(&payload(7, 1));
    let _held = lock(&lab.locks().join("gateway.state.lock.sqlite"));
    assert_eq!(running(&lab.look()), Some((7, Some(19100))));
}

#[test]
fn a_lock_that_is_held_before_its_file_is_written_cannot_be_named_and_is_not_stopped() {
    let lab = Lab::new();
    lab.claim(&payload(7, 1));
    fs::remove_file(lab.lock_file()).unwrap();
    let _held = lock(&lab.locks().join("gateway.state.lock.sqlite"));
    assert!(matches!(lab.look(), Liveness::Unknown { why } if why.contains("containers")));
}

#[test]
fn a_database_that_somebody_has_open_is_in_use() {
    let lab = Lab::new();
    lab.claim(&payload(7, 1));
    let held = lock(&state_database(&lab.state()));
    assert_eq!(running(&lab.look()), Some((7, Some(19100))));
    drop(held);
    assert_eq!(lab.look(), Liveness::Stopped);
}

#[test]
fn looking_takes_no_lock_away() {
    let lab = Lab::new();
    lab.claim(&payload(7, 1));
    let _held = lock(&lab.locks().join("gateway.state.lock.sqlite"));
    for _ in 0..3 {
        assert!(running(&lab.look()).is_some());
    }
}

#[test]
fn a_stale_lock_of_a_process_that_is_gone_counts_for_nothing() {
    let lab = Lab::new();
    lab.claim(&payload(u32::MAX / 2, 1));
    assert_eq!(lab.look(), Liveness::Stopped);
}

#[test]
fn a_number_that_somebody_else_has_by_now_counts_for_nothing() {
    let lab = Lab::new();
    let other = Other::start();
    let started = Holder::of(other.0.id()).unwrap().started;
    lab.claim(&payload(other.0.id(), started + 1));
    assert_eq!(lab.look(), Liveness::Stopped);
    lab.claim(&payload(other.0.id(), started));
    assert_eq!(running(&lab.look()), Some((other.0.id(), Some(19100))));
    let mut older = payload(other.0.id(), 0);
    older.as_object_mut().unwrap().remove("startTime");
    lab.claim(&older);
    assert_eq!(lab.look(), Liveness::Stopped, "its title is not OpenClaw's");
}

#[test]
fn a_lock_file_that_was_written_under_another_kernel_cannot_be_told() {
    let lab = Lab::new();
    let mut elsewhere = payload(u32::MAX / 2, u64::MAX / 4);
    elsewhere["createdAt"] = json!("2999-01-01T00:00:00.000Z");
    lab.claim(&elsewhere);
    let Liveness::Unknown { why } = lab.look() else {
        panic!("{:?}", lab.look());
    };
    assert!(why.contains("gateway.state.lock"), "{why}");
    assert!(why.contains("remove"), "{why}");
}

#[test]
fn a_lock_file_without_any_lock_to_look_at_cannot_be_told() {
    let lab = Lab::new();
    lab.claim(&payload(u32::MAX / 2, 1));
    fs::remove_file(lab.locks().join("gateway.state.lock.sqlite")).unwrap();
    fs::remove_file(state_database(&lab.state())).unwrap();
    assert!(matches!(lab.look(), Liveness::Unknown { .. }));
}

#[test]
fn hostile_lock_files_neither_panic_nor_are_believed() {
    let lab = Lab::new();
    lab.claim(&json!(null));
    let texts: [&[u8]; 6] = [
        b"",
        b"{\"pid\":-1}",
        b"{\"pid\":99999999999999999999}",
        b"\xff\xfe{",
        b"{\"pid\":\"1\"}",
        b"[[[[[[[[[[",
    ];
    for text in texts {
        fs::write(lab.lock_file(), text).unwrap();
        assert_eq!(lab.look(), Liveness::Stopped);
    }
    fs::write(lab.lock_file(), vec![b' '; 1 << 20]).unwrap();
    assert!(matches!(lab.look(), Liveness::Unknown { .. }), "too large");
}

#[test]
fn keeping_still_keeps_others_out_and_is_refused_when_somebody_is_in() {
    let lab = Lab::new();
    lab.claim(&payload(u32::MAX / 2, 1));
    let (host, disk) = (SystemHost::new(), Disk::new());
    let still = keep_still(&host, &disk, &lab.state()).unwrap().unwrap();
    assert!(keep_still(&host, &disk, &lab.state()).unwrap().is_none());
    drop(still);
    assert!(keep_still(&host, &disk, &lab.state()).unwrap().is_some());
}
