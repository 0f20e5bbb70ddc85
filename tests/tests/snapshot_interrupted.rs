//! A restore that was cut short, and what the next command makes of it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use exuvia_e2e::{Built, Occupied, Ran, Running};
use exuvia_testkit::tree::Snapshot as Tree;
use rustix::process::Signal;

/// So many that a restore of them can be caught.
const FILES: usize = 4000;
/// A restore that ends before it is caught is tried again.
const TRIES: usize = 20;
const DEADLINE: Duration = Duration::from_mins(1);

fn snapshot(built: &Built, arguments: &[&str]) -> Ran {
    built.exuvia(&[&["snapshot"], arguments].concat())
}

fn many(built: &Built) -> PathBuf {
    built.install.workspace.join("many")
}

fn write_all(built: &Built, content: &str) {
    fs::create_dir_all(many(built)).unwrap();
    for number in 0..FILES {
        let file = many(built).join(format!("{number:05}"));
        fs::write(file, format!("{content} {number}")).unwrap();
    }
}

/// An install with a snapshot named `good`, and how it looked then; all its files differ now.
fn ruined() -> (Built, Tree) {
    let built = Built::plain();
    write_all(&built, "good");
    let _ = snapshot(&built, &["create", "--name", "good"]).exits(0);
    let good = Tree::of(&built.install.state);
    write_all(&built, "ruined");
    (built, good)
}

fn is_pending(built: &Built) -> bool {
    let restores = fs::read_dir(built.exuvia_home().join("store/restores")).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    restores
        .map(|entry| name(entry.unwrap()))
        .any(|name| !name.starts_with('.') && Path::new(&name).extension() == Some("json".as_ref()))
}

/// Starts a restore and stops it in its tracks: held by `SIGSTOP` once it is under way, so that
/// what follows does not race with it.
fn caught(built: &Built) -> Running {
    for _ in 0..TRIES {
        let arguments = ["snapshot", "restore", "good", "--yes"];
        let running = Running::start(&mut built.command(&arguments));
        let end = Instant::now() + DEADLINE;
        while !is_pending(built) && Instant::now() < end {
            std::thread::yield_now();
        }
        running.signal(Signal::STOP);
        if is_pending(built) {
            return running;
        }
        running.signal(Signal::CONT);
        let _ = running.wait();
        write_all(built, "ruined");
    }
    panic!("no restore was caught in {TRIES} tries");
}

#[test]
fn a_killed_restore_is_finished_by_the_next_command() {
    let (built, good) = ruined();
    let killed = caught(&built);
    killed.signal(Signal::KILL);
    assert_eq!(killed.wait().code, None);
    assert!(
        !good.changed(&Tree::of(&built.install.state)).is_empty(),
        "it was half done"
    );

    let ran = snapshot(&built, &["list"]).exits(0).bears_it();
    assert!(ran.stderr.contains("finished first"), "{ran:#?}");
    assert_eq!(
        good.changed(&Tree::of(&built.install.state)),
        [] as [PathBuf; 0]
    );
    assert!(!is_pending(&built));
    let ran = snapshot(&built, &["list"]).exits(0);
    assert!(
        !ran.stderr.contains("finished first"),
        "only once: {ran:#?}"
    );
    assert!(
        ran.stdout.contains("pre-restore"),
        "the safety snapshot stays: {ran:#?}"
    );
    let _ = snapshot(&built, &["verify"]).exits(0);
}

#[test]
fn an_interrupted_restore_says_what_is_half_done_and_who_finishes_it() {
    let (built, good) = ruined();
    let restoring = caught(&built);
    restoring.signal(Signal::INT);
    restoring.signal(Signal::CONT);
    let ran = restoring.wait().exits(130);
    for words in ["interrupted", "half restored", "the next exuvia command"] {
        assert!(ran.stderr.contains(words), "{words}: {ran:#?}");
    }
    let _ = built.exuvia(&["installs"]).exits(0);
    assert_eq!(
        good.changed(&Tree::of(&built.install.state)),
        [] as [PathBuf; 0]
    );
}

#[test]
fn while_openclaw_runs_on_what_is_half_restored_nothing_is_changed_and_reading_goes_on() {
    let (built, good) = ruined();
    let killed = caught(&built);
    killed.signal(Signal::KILL);
    killed.wait();
    let gateway = Occupied::state_dir(&built.install.state, 18789);
    let half = Tree::of(&built.install.state);
    for arguments in [
        &["snapshot", "create"][..],
        &["snapshot", "restore", "good", "--yes"],
        &["check"],
    ] {
        let ran = built.exuvia(arguments).exits(5).bears_it();
        assert!(ran.stderr.contains("stop"), "{ran:#?}");
        let json = built
            .exuvia(&[arguments, &["--json"]].concat())
            .exits(5)
            .json();
        assert!(json["error"].is_string());
    }
    for arguments in [
        &["snapshot", "list"][..],
        &["snapshot", "show", "good"],
        &["installs"],
    ] {
        let ran = built.exuvia(arguments).exits(0);
        assert!(ran.stderr.contains("stop"), "{ran:#?}");
    }
    let copy = built.dir().join("copy");
    let to = ["restore", "good", "--to", copy.to_str().unwrap()];
    let _ = snapshot(&built, &to).exits(0);
    assert_eq!(
        half.changed(&Tree::of(&built.install.state)),
        [] as [PathBuf; 0]
    );
    drop(gateway);
    let _ = snapshot(&built, &["list"]).exits(0);
    let mut changed = good.changed(&Tree::of(&built.install.state));
    changed.retain(|path| !path.starts_with("tmp"));
    assert_eq!(
        changed,
        [] as [PathBuf; 0],
        "but for the lock, which is left out"
    );
}
