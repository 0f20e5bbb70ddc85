use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use super::*;
use crate::testing::{Fault, Faults};

const LONG: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Command {
    Command::new("/bin/sh").arg("-c").arg(script)
}

/// Runs until it is told to end.
fn lasting() -> Command {
    Command::new("/usr/bin/tail").arg("-f").arg("/dev/null")
}

#[test]
fn we_see_ourselves_and_our_parents() {
    let processes = Processes::new();
    let me = processes.find(std::process::id()).unwrap();
    assert_eq!(me.id, Holder::current());
    assert!(me.resident > 100_000, "{}", me.resident);
    assert!(!me.words.is_empty());
    assert_eq!(processes.ancestors()[0].id.pid, me.parent);
    assert!(processes.all().iter().any(|seen| seen.id == me.id));
}

#[test]
fn what_was_started_has_a_session_of_its_own_and_ends_when_told() {
    let processes = Processes::new();
    let mut child = processes.spawn(&lasting(), &Sink::Nowhere).unwrap();
    let seen = processes.see(child.id()).unwrap();
    assert_eq!((seen.session, seen.group), (seen.id.pid, seen.id.pid));
    assert!(!processes.wait_gone(child.id(), Duration::ZERO).unwrap());
    assert_eq!(
        processes.signal(child.id(), Signal::Terminate).unwrap(),
        Delivery::Delivered
    );
    assert!(processes.wait_gone(child.id(), LONG).unwrap());
    assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Signal(15)));
    assert_eq!(
        processes.signal(child.id(), Signal::Kill).unwrap(),
        Delivery::Gone
    );
}

#[test]
fn one_that_ended_is_gone_before_anybody_waited_for_it() {
    let processes = Processes::new();
    let mut child = processes.spawn(&sh("exit 78"), &Sink::Nowhere).unwrap();
    assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Exit(78)));
    assert!(processes.see(child.id()).is_none());
    assert!(processes.wait_gone(child.id(), Duration::ZERO).unwrap());
}

#[test]
fn the_same_number_started_at_another_time_is_somebody_else() {
    let processes = Processes::new();
    let mut child = processes.spawn(&lasting(), &Sink::Nowhere).unwrap();
    let other = Holder {
        started: child.id().started + 1,
        ..child.id().clone()
    };
    assert_eq!(
        processes.signal(&other, Signal::Kill).unwrap(),
        Delivery::Gone
    );
    assert!(processes.wait_gone(&other, Duration::ZERO).unwrap());
    assert!(processes.see(&other).is_none());
    assert_eq!(child.ended().unwrap(), None, "it was left alone");
    processes.signal_group(child.id(), Signal::Kill).unwrap();
    child.wait(LONG).unwrap();
}

#[test]
fn a_group_is_signalled_with_what_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let processes = Processes::new();
    let script = "tail -f /dev/null & echo $!; wait";
    let mut child = processes
        .spawn(&sh(script), &Sink::Append(log.clone()))
        .unwrap();
    let grandchild = loop {
        let printed = std::fs::read_to_string(&log).unwrap_or_default();
        if let Some(line) = printed.strip_suffix('\n') {
            break line.parse().unwrap();
        }
        std::thread::yield_now();
    };
    let grandchild = processes.find(grandchild).unwrap().id;
    processes.signal_group(child.id(), Signal::Kill).unwrap();
    assert_eq!(child.wait(LONG).unwrap(), Some(Ending::Signal(9)));
    assert!(processes.wait_gone(&grandchild, LONG).unwrap());
    let again = processes.signal_group(child.id(), Signal::Kill).unwrap();
    assert_eq!(again, Delivery::Gone);
}

#[test]
fn one_that_was_stopped_is_seen_to_be() {
    let processes = Processes::new();
    let mut child = processes.spawn(&lasting(), &Sink::Nowhere).unwrap();
    processes.signal(child.id(), Signal::Stop).unwrap();
    while !processes.see(child.id()).unwrap().stopped {
        std::thread::yield_now();
    }
    processes.signal_group(child.id(), Signal::Kill).unwrap();
    child.wait(LONG).unwrap();
}

#[test]
fn what_was_started_with_a_mark_is_found_by_it() {
    let processes = Processes::new();
    let mark = format!("{}-{}", std::process::id(), line!());
    let command = lasting().env("EXUVIA_TEST_MARK", &mark);
    let mut child = processes.spawn(&command, &Sink::Nowhere).unwrap();
    let found = processes.with_variable("EXUVIA_TEST_MARK", &mark);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, *child.id());
    assert!(
        processes
            .with_variable("EXUVIA_TEST_MARK", "other")
            .is_empty()
    );
    processes.signal_group(child.id(), Signal::Kill).unwrap();
    child.wait(LONG).unwrap();
}

#[test]
fn what_was_started_with_a_mark_is_ended_whatever_it_forked() {
    let processes = Processes::new();
    let mark = format!("{}-{}", std::process::id(), line!());
    let forks = "setsid sh -c 'trap \"\" TERM; tail -f /dev/null' & exec tail -f /dev/null";
    let command = sh(forks).env("EXUVIA_TEST_MARK", &mark);
    let mut child = processes.spawn(&command, &Sink::Nowhere).unwrap();
    while processes.with_variable("EXUVIA_TEST_MARK", &mark).len() < 3 {
        std::thread::yield_now();
    }
    let ended = processes.end_with_variable("EXUVIA_TEST_MARK", &mark, LONG);
    assert!(ended.unwrap() >= 3);
    let left = processes.with_variable("EXUVIA_TEST_MARK", &mark);
    assert_eq!(left, []);
    child.wait(LONG).unwrap();
}

#[test]
fn how_a_child_without_a_handle_ended_is_told_once() {
    let processes = Processes::new();
    let child = processes.spawn(&sh("exit 3"), &Sink::Nowhere).unwrap();
    let id = child.id().clone();
    drop(child);
    assert!(processes.wait_gone(&id, LONG).unwrap());
    assert_eq!(processes.reap(&id).unwrap(), Some(Ending::Exit(3)));
    assert_eq!(processes.reap(&id).unwrap(), None);
}

#[test]
fn whoever_listens_on_a_port_is_found() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let found = Processes::new().listeners(port);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, Holder::current());
    drop(listener);
    assert!(Processes::new().listeners(port).is_empty());
}

#[test]
fn every_effect_passes_its_point() {
    let faults = Faults::new();
    let processes = Processes::with_points(faults.clone());
    for at in point::ALL {
        faults.plan(at, "", 0, Fault::Fail(ErrorKind::PermissionDenied));
    }
    let denied = ErrorKind::PermissionDenied;
    let me = Holder::current();
    let spawned = processes.spawn(&lasting(), &Sink::Nowhere);
    assert_eq!(spawned.unwrap_err().kind(), denied);
    let signalled = processes.signal(&me, Signal::Kill);
    assert_eq!(signalled.unwrap_err().kind(), denied);
    assert_eq!(processes.become_program(&lasting()).kind(), denied);
}

#[test]
fn a_program_that_is_not_there_is_an_error_with_its_name() {
    let error = Processes::new()
        .spawn(&Command::new("/no/such/program"), &Sink::Nowhere)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}
