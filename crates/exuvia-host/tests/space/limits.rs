//! What programs in a space may use.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use exuvia_host::points::Points;
use exuvia_host::process::{Ending, Sink};
use exuvia_host::space::{Limits, Space, SpaceError, SpaceSpec, point};
use exuvia_host::testing::{Fault, Faults};

use super::processes::with_words;
use super::{LONG, part, says, scratch, sh, with};

pub(crate) fn a_fork_bomb_ends_the_space_and_nothing_else() {
    let space = Space::open(&with_few_processes()).unwrap();
    the_kernel_bounds_the_numbers(&space);
    is_bombed(space);
}

pub(crate) fn a_fork_bomb_without_namespaces_ends_the_space_and_nothing_else() {
    let faults = Faults::new();
    let refuse = Fault::Fail(ErrorKind::PermissionDenied);
    faults.plan(point::ISOLATE, "", 0, refuse);
    let points: Arc<dyn Points> = faults;
    let space = Space::open_with_points(&with_few_processes(), &points).unwrap();
    assert!(!space.isolation().is_full());
    is_bombed(space);
}

fn with_few_processes() -> SpaceSpec {
    SpaceSpec {
        limits: Limits {
            processes: 100,
            ..Limits::default()
        },
        ..SpaceSpec::default()
    }
}

fn is_bombed(space: Space) {
    let mark = scratch();
    let words = mark.path().display().to_string();
    let bomb = format!(": {words}; bomb() {{ bomb | bomb & }}; bomb; tail -f /dev/null");
    let child = space.spawn(&sh(&bomb), &Sink::Nowhere).unwrap();
    let error = over(|| child.wait(LONG));
    assert!(error.contains("100 processes"), "{error}");
    space.close().unwrap();
    assert_eq!(with_words(&words), []);
}

/// However late it is looked: the machine's own numbers are not used up. Linux can since 6.14.
fn the_kernel_bounds_the_numbers(space: &Space) {
    const MOST: &str = "/proc/sys/kernel/pid_max";
    let ours = std::fs::read_to_string(MOST).unwrap();
    let theirs = says(space, &format!("cat {MOST}"));
    let release = rustix::system::uname();
    let mut release = release.release().to_str().unwrap().split(['.', '-', '+']);
    let mut part = || release.next().unwrap().parse::<u32>().unwrap();
    if (part(), part()) >= (6, 14) {
        assert_eq!(theirs, "500");
        assert_ne!(ours.trim(), "500");
    } else {
        assert_eq!(theirs, ours.trim());
    }
}

/// Asks until the space is over, and says why.
fn over(mut ask: impl FnMut() -> Result<Option<Ending>, SpaceError>) -> String {
    let end = Instant::now() + LONG;
    loop {
        match ask() {
            Err(SpaceError::Over(why)) => return why,
            Err(other) => panic!("{other}"),
            // What was started may end before the rest does.
            Ok(_) => assert!(Instant::now() < end, "it goes on"),
        }
    }
}

pub(crate) fn memory_files_and_time_are_bounded() {
    let home = scratch();
    let limits = Limits {
        memory_bytes: 256 << 20,
        open_files: 20,
        file_bytes: 1 << 20,
        cpu_seconds: 1,
        ..Limits::default()
    };
    let spec = SpaceSpec {
        limits,
        ..with(home.path())
    };
    let space = Space::open(&spec).unwrap();
    let eat = |bytes: u64| part("eat", &[bytes.to_string().as_ref()]);
    let big = sh(&format!(
        "head -c 2000000 /dev/zero > {}/big",
        home.path().display()
    ));
    assert!(!space.run(&big).unwrap().status.success());
    assert_eq!(
        std::fs::metadata(home.path().join("big")).unwrap().len(),
        1 << 20
    );
    assert_eq!(space.run(&sh("ulimit -n")).unwrap().stdout, b"20\n");
    let busy = space.run(&sh("while :; do :; done")).unwrap();
    assert!(!busy.status.success(), "{busy:?}");
    // More than it may hold is noticed, and ends the space.
    let eaters = [0, 1, 2].map(|_| space.spawn(&eat(120 << 20), &Sink::Nowhere));
    let why = over(|| match &eaters {
        [_, _, Ok(child)] => child.wait(LONG),
        _ => Err(SpaceError::Over(
            "256 MiB, before all were started".to_owned(),
        )),
    });
    assert!(why.contains("256 MiB"), "{why}");
}

pub(crate) fn the_deadline_ends_everything() {
    let spec = SpaceSpec {
        deadline: Duration::from_millis(500),
        ..SpaceSpec::default()
    };
    let space = Space::open(&spec).unwrap();
    let child = space.spawn(&sh("trap '' TERM; tail -f /dev/null"), &Sink::Nowhere);
    // Only a machine that took half a second to get here has none.
    if let Ok(child) = child {
        let why = over(|| child.wait(LONG));
        assert!(why.contains("time"), "{why}");
    }
    assert!(matches!(
        space.run(&sh("true")),
        Err(SpaceError::Over(_) | SpaceError::Gone(_))
    ));
}
