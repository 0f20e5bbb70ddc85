//! Repositories on servers that work, fail, lie and are not there.

use std::time::Duration;

use exuvia_backup::BackupError;
use exuvia_testkit::faults::Fault;
use exuvia_testkit::rest_server::RestServer;

use crate::common::{assert_same, facts, noise};
use crate::lab::{Lab, located, password};
use crate::restic::restic_at;

fn filled() -> Lab {
    let lab = Lab::new();
    lab.write("a", noise(5_000_000, 1));
    lab.write("b/c", noise(200_000, 2));
    lab
}

#[test]
fn a_backup_on_a_server_comes_back_and_restic_finds_nothing_wrong_with_it() {
    let (lab, server) = (filled(), RestServer::start());
    let address = server.repository();
    let repository = located(&lab.home(), &address)
        .init(&password())
        .unwrap()
        .repository;
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    lab.write("b/d", b"more");
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    assert_same(&lab.restored(&repository), &facts(&lab.tree()));
    let said = restic_at(&address, &["check", "--read-data"]).unwrap();
    assert!(said.contains("no errors were found"), "{said}");
    assert!(
        !server.files().keys().any(|path| path.starts_with("locks/")),
        "every lock was taken away"
    );
}

#[test]
fn a_server_that_stumbles_is_asked_again() {
    let (lab, server) = (filled(), RestServer::start());
    server.faults().times(1, "/config", Fault::status(503));
    server.faults().times(2, "/data/", Fault::status(500));
    server.faults().times(1, "/index/", Fault::TruncatedBody);
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    server.faults().times(1, "/data/", Fault::TruncatedBody);
    assert_same(&lab.restored(&repository), &facts(&lab.tree()));
}

#[test]
fn of_a_push_that_fails_nothing_is_taken_for_a_backup_and_the_next_one_goes_on_from_there() {
    let (lab, server) = (filled(), RestServer::start());
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    let snapshot = lab.snapshot();
    // Listing goes on; writing does not.
    for digit in "0123456789abcdef".chars() {
        let path = format!("/index/{digit}");
        server.faults().on(&path, Fault::status(507));
    }
    let error = repository.push(&lab.store, &snapshot, None).unwrap_err();
    let told = error.to_string();
    assert!(told.contains("507"), "{told}");
    assert!(told.contains(&server.repository()), "{told}");
    server.faults().clear();
    assert!(repository.list().unwrap().is_empty());
    let before = server.received("data/");
    assert!(before > 5_000_000, "{before}");
    let pushed = repository.push(&lab.store, &snapshot, None).unwrap();
    assert!(pushed.reused_packs > 0, "{pushed:?}");
    let again = server.received("data/") - before;
    assert!(again < 100_000, "{again} of {before} were sent again");
    let said = restic_at(&server.repository(), &["check", "--read-data"]).unwrap();
    assert!(said.contains("no errors were found"), "{said}");
}

#[test]
fn a_server_that_loses_what_it_says_it_wrote_is_found_out_before_the_backup_counts() {
    let (lab, server) = (filled(), RestServer::start());
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    let snapshot = lab.snapshot();
    for lost in ["data/", "index/"] {
        server.lose(lost);
        let error = repository.push(&lab.store, &snapshot, None).unwrap_err();
        assert!(matches!(error, BackupError::NotWhole { .. }), "{error}");
        assert!(error.to_string().contains("is not there"), "{error}");
        server.lose_nothing();
        assert!(repository.list().unwrap().is_empty());
    }
    repository.push(&lab.store, &snapshot, None).unwrap();
    assert!(repository.check(true).unwrap().is_clean());
}

#[test]
fn a_push_does_not_build_on_packs_that_are_gone() {
    let (lab, server) = (filled(), RestServer::start());
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let files = server.files();
    let pack = files.keys().find(|path| path.starts_with("data/")).unwrap();
    server.take(pack);
    let error = repository
        .push(&lab.store, &lab.snapshot(), None)
        .unwrap_err();
    let told = error.to_string();
    assert!(told.contains("packs that are not there"), "{told}");
    assert_eq!(repository.list().unwrap().len(), 1);
}

#[test]
fn what_a_server_gives_that_was_not_written_is_refused_and_named() {
    let (lab, server) = (filled(), RestServer::start());
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
    let files = server.files();
    let largest = files
        .iter()
        .filter(|(path, _)| path.starts_with("data/"))
        .max_by_key(|(_, content)| content.len());
    let (path, whole) = largest.unwrap();
    let short = path.trim_start_matches("data/").get(..8).unwrap();
    let cut = whole[..whole.len() / 2].to_vec();
    let mut flipped = whole.clone();
    flipped[1000] ^= 1;
    for (what, content) in [
        ("cut", Some(cut)),
        ("flipped", Some(flipped)),
        ("gone", None),
    ] {
        server.take(path);
        if let Some(content) = content {
            server.put(path, content);
        }
        let checked = repository.check(true).unwrap();
        assert!(!checked.is_clean(), "{what}");
        assert!(
            checked.problems.iter().any(|line| line.contains(short)),
            "{what}: {checked:?}"
        );
        let backup = repository.list().unwrap().pop().unwrap();
        let target = lab.path(what);
        let error = repository.restore_to(&backup, &target).unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("is not whole") || told.contains(short),
            "{what}: {told}"
        );
    }
    server.put(path, whole.clone());
    assert!(repository.check(true).unwrap().is_clean());
}

#[test]
fn a_wrong_password_opens_nothing_and_changes_nothing() {
    let (lab, server) = (filled(), RestServer::start());
    let at = || located(&lab.home(), &server.repository());
    at().init(&password()).unwrap();
    let before = server.files();
    let error = at().open(&"wrong".into()).unwrap_err();
    assert!(matches!(error, BackupError::WrongPassword(_)), "{error}");
    let error = at().init(&"wrong".into()).unwrap_err();
    assert!(matches!(error, BackupError::WrongPassword(_)), "{error}");
    assert_eq!(server.files(), before);
}

#[test]
fn no_network_is_told_with_the_address() {
    let lab = Lab::new();
    let server = RestServer::start();
    let address = server.repository();
    drop(server);
    let error = located(&lab.home(), &address)
        .open(&password())
        .unwrap_err();
    let told = error.to_string();
    assert!(told.contains(&address), "{told}");
    assert!(told.contains("refused"), "{told}");
}

#[test]
fn a_server_that_wants_a_login_says_which_variables_are_to_be_set() {
    let lab = Lab::new();
    let server = RestServer::for_user("me", "geheim");
    let error = located(&lab.home(), &server.repository())
        .init(&password())
        .unwrap_err();
    assert!(
        error.to_string().contains("RESTIC_REST_USERNAME"),
        "{error}"
    );
    assert!(server.files().is_empty());
}

#[test]
fn two_pushes_at_once_both_succeed() {
    let (one, other, server) = (filled(), filled(), RestServer::start());
    other.write("mine", noise(300_000, 9));
    let at = |lab: &Lab| located(&lab.home(), &server.repository());
    at(&one).init(&password()).unwrap();
    std::thread::scope(|scope| {
        for lab in [&one, &other] {
            scope.spawn(|| {
                let repository = at(lab).open(&password()).unwrap();
                repository.push(&lab.store, &lab.snapshot(), None).unwrap();
            });
        }
    });
    let repository = at(&one).open(&password()).unwrap();
    assert_eq!(repository.list().unwrap().len(), 2);
    let checked = repository.check(true).unwrap();
    assert!(checked.is_clean(), "{checked:?}");
}

#[test]
fn while_a_push_is_under_way_restic_prunes_nothing() {
    let (lab, server) = (filled(), RestServer::start());
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    let snapshot = lab.snapshot();
    server
        .faults()
        .on("/data/", Fault::Latency(Duration::from_secs(4)));
    std::thread::scope(|scope| {
        let push = scope.spawn(|| repository.push(&lab.store, &snapshot, None));
        let deadline = Duration::from_mins(1);
        server.requests().wait_until(deadline, |seen| {
            seen.iter()
                .any(|one| one.method == "POST" && one.path.starts_with("/locks/"))
        });
        let said = restic_at(&server.repository(), &["prune"]).unwrap_err();
        assert!(said.contains("already locked"), "{said}");
        push.join().unwrap().unwrap();
    });
}

#[test]
fn while_restic_prunes_nothing_is_pushed() {
    let (lab, server) = (filled(), RestServer::start());
    let at = located(&lab.home(), &server.repository());
    let repository = at.init(&password()).unwrap().repository;
    let snapshot = lab.snapshot();
    repository.push(&lab.store, &snapshot, None).unwrap();
    server.requests().forget();
    let slow = Fault::Latency(Duration::from_secs(2));
    server.faults().on("/snapshots/", slow);
    std::thread::scope(|scope| {
        let prune = scope.spawn(|| restic_at(&server.repository(), &["prune"]));
        let deadline = Duration::from_mins(1);
        server.requests().wait_until(deadline, |seen| {
            seen.iter()
                .any(|one| one.method == "POST" && one.path.starts_with("/locks/"))
        });
        lab.write("b/e", b"more");
        let error = repository.push(&lab.store, &lab.snapshot(), None);
        assert!(
            matches!(error, Err(BackupError::Locked { .. })),
            "{error:?}"
        );
        prune.join().unwrap().unwrap();
    });
    server.faults().clear();
    repository.push(&lab.store, &lab.snapshot(), None).unwrap();
}
