//! What programs in a space may use.

use std::time::{Duration, Instant};

use exuvia_host::process::{Ending, Sink};
use exuvia_host::space::{Limits, Space, SpaceError, SpaceSpec};

use super::processes::with_words;
use super::{LONG, part, scratch, sh, with};

pub(crate) fn a_fork_bomb_ends_the_space_and_nothing_else() {
    let mark = scratch();
    let words = mark.path().display().to_string();
    let spec = SpaceSpec {
        limits: Limits {
            processes: 100,
            ..Limits::default()
        },
        ..SpaceSpec::default()
    };
    let space = Space::open(&spec).unwrap();
    let bomb = format!(": {words}; bomb() {{ bomb | bomb & }}; bomb; tail -f /dev/null");
    let child = space.spawn(&sh(&bomb), &Sink::Nowhere).unwrap();
    let error = over(|| child.wait(LONG));
    assert!(error.contains("100 processes"), "{error}");
    space.close().unwrap();
    assert_eq!(with_words(&words), []);
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
