//! Programs in a space, and their end.

use std::fs;
use std::os::unix::process::CommandExt;
use std::time::Duration;

use exuvia_host::Command;
use exuvia_host::process::{Delivery, Ending, Processes, Seen, Signal, Sink};
use exuvia_host::space::{Space, SpaceError, SpaceSpec};

use super::{LONG, part, says, scratch, sh, wait_for, with};

pub(crate) fn outputs_and_codes_come_back() {
    let space = Space::open(&SpaceSpec::default()).unwrap();
    let command = sh("echo \"$A:$HOME\"; echo err >&2; exit 3")
        .env("A", "b")
        .env_remove("HOME");
    let output = space.run(&command).unwrap();
    assert_eq!(
        (output.status.code(), &output.stdout[..]),
        (Some(3), &b"b:\n"[..])
    );
    assert_eq!(output.last_words(), "err");
    assert_eq!(
        says(&space, "id -u; echo $$ | wc -c"),
        format!("{}\n2", user())
    );
    let missing = space.run(&Command::new("/no/such/program")).unwrap_err();
    assert!(
        missing.to_string().contains("/no/such/program"),
        "{missing}"
    );
    let patience = Duration::from_millis(200);
    let late = space
        .run(&sh("tail -f /dev/null & wait").timeout(patience))
        .unwrap_err();
    assert!(late.to_string().contains("longer"), "{late}");
    let much = space.run(&sh("head -c 200000 /dev/zero").max_output(1000));
    assert!(much.is_err());
    let deaf = space.run(&sh("exec >/dev/null 2>&1; tail -f /dev/null").timeout(patience));
    assert!(deaf.is_err(), "its outputs end before it does");
    let log = scratch();
    let sink = Sink::Append(log.path().join("log"));
    let child = space.spawn(&sh("echo logged; kill -9 $$"), &sink).unwrap();
    assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Signal(9)));
    assert_eq!(fs::read(log.path().join("log")).unwrap(), b"logged\n");
}

fn user() -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid()
}

pub(crate) fn a_program_is_seen_from_outside_and_can_be_signalled() {
    let space = Space::open(&SpaceSpec::default()).unwrap();
    let processes = Processes::new();
    let child = space
        .spawn(&sh("tail -f /dev/null & wait"), &Sink::Nowhere)
        .unwrap();
    let seen = processes.see(child.id()).unwrap();
    assert_eq!(seen.id, *child.id());
    assert_ne!(child.pid_inside(), child.id().pid);
    assert_eq!(child.wait(Duration::ZERO).unwrap(), None);
    assert_eq!(child.signal(Signal::Stop).unwrap(), Delivery::Delivered);
    wait_for(|| processes.see(child.id()).unwrap().stopped.then_some(()));
    assert_eq!(
        child.signal_group(Signal::Kill).unwrap(),
        Delivery::Delivered
    );
    assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Signal(9)));
    assert_eq!(child.signal(Signal::Kill).unwrap(), Delivery::Gone);
    // However soon it ends, it is known which one it was.
    for _ in 0..20 {
        let child = space
            .spawn(&Command::new("/bin/true"), &Sink::Nowhere)
            .unwrap();
        assert!(child.id().started > 0 && child.id().pid > 0);
        assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Exit(0)));
    }
}

/// Those with this in their words.
pub(crate) fn with_words(words: &str) -> Vec<Seen> {
    let mut all = Processes::new().all();
    all.retain(|seen| {
        seen.words
            .iter()
            .any(|word| word.to_string_lossy().contains(words))
    });
    all
}

pub(crate) fn daemons_and_those_who_ignore_signals_die_at_close() {
    let home = scratch();
    let mark = home.path().join("started");
    let space = Space::open(&with(home.path())).unwrap();
    let child = space
        .spawn(&part("daemon", &[mark.as_ref()]), &Sink::Nowhere)
        .unwrap();
    wait_for(|| mark.exists().then_some(()));
    child.signal_group(Signal::Terminate).unwrap();
    let words = mark.display().to_string();
    assert!(with_words(&words).len() >= 2, "they are seen from outside");
    space.close().unwrap();
    assert_eq!(with_words(&words), [], "nothing is left when close returns");
    assert!(matches!(child.ended(), Err(SpaceError::Gone(_))));
}

pub(crate) fn nothing_is_left_when_the_opener_is_killed() {
    for round in 0..3 {
        let home = scratch();
        let mut opener = std::process::Command::new("/proc/self/exe")
            .arg("part:open")
            .arg(home.path())
            .process_group(0)
            .spawn()
            .unwrap();
        let words = home.path().display().to_string();
        if round > 0 {
            wait_for(|| fs::read(home.path().join("opened")).ok());
            assert!(with_words(&words).len() >= 3);
        }
        opener.kill().unwrap();
        opener.wait().unwrap();
        // The kernel takes the rest along a moment later.
        wait_for(|| with_words(&words).is_empty().then_some(()));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(&words));
    }
}

pub(crate) fn a_space_outlives_the_thread_that_opened_it() {
    let opened = std::thread::spawn(|| Space::open(&SpaceSpec::default()).unwrap());
    let space = opened.join().unwrap();
    assert_eq!(says(&space, "echo here"), "here");
}
