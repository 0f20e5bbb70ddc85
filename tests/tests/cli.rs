//! What the command promises to people and programs.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests build real files, and helpers of tests fail by panicking, too"
)]

use std::process::Command;
use std::time::Duration;

use exuvia_e2e::{BYSTANDERS, Built, Ran, Running, binary, entry};
use exuvia_testkit::Requests;
use exuvia_testkit::faults::Fault;
use rustix::process::Signal;
use serde_json::Value;

#[test]
fn json_is_one_document_on_standard_output_and_nothing_beside_it() {
    let built = Built::plain();
    for arguments in [
        &["check"][..],
        &["inventory"],
        &["scan"],
        &["changelog"],
        &["risk"],
        &["report"],
        &["detail", "1"],
        &["installs"],
        &["check", "--offline"],
    ] {
        let ran = built.exuvia(&[arguments, &["--json"]].concat()).exits(0);
        ran.json();
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

#[test]
fn json_is_one_document_when_it_goes_wrong_too() {
    let built = Built::plain();
    for (arguments, code) in [
        (&["report"][..], 3),
        (&["scan"], 3),
        (&["detail", "1"], 3),
        (&["select", "1"], 1),
        (&["select", "nonsense", "--report", "rep_00"], 1),
        (&["check", "--install", "/nowhere"], 1),
        (&["check", "--no-such-flag"], 2),
        (&["no-such-command"], 2),
        (&["check", "--channel", "nightly"], 2),
    ] {
        let ran = built.exuvia(&[arguments, &["--json"]].concat()).exits(code);
        let document = ran.json();
        let said = document.get("error").or(document.get("missing"));
        assert!(said.is_some(), "{arguments:?}: {document}");
    }
}

#[test]
fn a_usage_error_exits_with_two_and_says_what_would_be_right() {
    let built = Built::plain();
    let ran = built.exuvia(&["chekc"]).exits(2);
    assert!(ran.stderr.contains("check"), "{ran:#?}");
    let ran = built.exuvia(&["check", "--channel", "nightly"]).exits(2);
    assert!(ran.stderr.contains("extended-stable"), "{ran:#?}");
    let _ = built.exuvia(&["select"]).exits(2);
    let _ = built.exuvia(&["detail", "one"]).exits(2);
}

#[test]
fn quiet_says_nothing_on_the_side() {
    let built = Built::plain();
    let (phases, last) = (
        ["inventory", "scan", "changelog", "risk"],
        ["report", "--output", "r.txt"],
    );
    for arguments in phases.iter().map(std::slice::from_ref).chain([&last[..]]) {
        let ran = built.exuvia(&[arguments, &["--quiet"]].concat()).exits(0);
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

#[test]
fn without_an_install_it_says_where_it_looked_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let bare = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        Ran::of(
            command
                .args(arguments)
                .env_clear()
                .env("HOME", home.path())
                .env("PATH", ""),
        )
    };
    let ran = bare(&["check"]).exits(1);
    let state = home.path().join(".openclaw").display().to_string();
    for words in [
        "no OpenClaw was found",
        state.as_str(),
        "--install",
        "npm install -g openclaw",
    ] {
        assert!(ran.stderr.contains(words), "{words:?} is not in {ran:#?}");
    }
    assert!(bare(&["check", "--json"]).exits(1).json()["error"].is_string());
    assert_eq!(
        bare(&["installs", "--json"]).exits(0).json(),
        serde_json::json!([])
    );
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn offline_answers_from_what_was_asked_before_and_says_how_old_that_is() {
    let built = Built::plain();
    let before = built.check();
    built.npm.stop();
    built.hub.stop();
    built.github.stop();
    let report = built
        .exuvia(&["check", "--offline", "--json"])
        .exits(0)
        .json();
    for (name, ..) in BYSTANDERS {
        let (now, then) = (entry(&report, name), entry(&before, name));
        assert_eq!(now["update"]["latest"], then["update"]["latest"], "{name}");
        assert_eq!(now["evidence"], then["evidence"], "{name}");
    }
    assert!(report["offlineAgeSeconds"].is_u64(), "{report:#}");
    let shown = built.exuvia(&["report"]).exits(0).stdout;
    assert!(
        shown.contains("offline") || shown.contains("cache"),
        "{shown}"
    );
}

#[test]
fn offline_asks_nobody_and_calls_what_was_never_asked_unreachable() {
    let built = Built::plain();
    let report = built
        .exuvia(&["check", "--offline", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        report["unreachable"].as_array().unwrap().len(),
        BYSTANDERS.len()
    );
    let asked = [
        built.npm.requests(),
        built.hub.requests(),
        built.github.requests(),
    ];
    assert_eq!(asked.map(Requests::count), [0, 0, 0]);
}

#[test]
fn a_second_check_with_nothing_changed_downloads_nothing_again() {
    let built = Built::plain();
    built.check();
    built.npm.requests().forget();
    built.check();
    let asked = built.npm.requests().all();
    let archives = asked
        .iter()
        .filter(|request| request.path.contains("/-/") && !request.path.starts_with("/-/"));
    assert_eq!(archives.count(), 0);
    let packuments = built.npm.requests().to("/openclaw");
    assert!(
        packuments
            .iter()
            .all(|request| request.header("if-none-match").is_some())
    );
}

#[test]
fn a_second_check_at_the_same_time_is_refused_and_the_first_goes_on() {
    let built = Built::plain();
    built
        .hub
        .faults()
        .times(1, "/", Fault::Latency(Duration::from_secs(3)));
    let first = Running::start(&mut built.command(&["check", "--json"]));
    built
        .hub
        .requests()
        .wait_until(Duration::from_mins(1), |seen| !seen.is_empty());
    let second = built.exuvia(&["check"]).exits(1);
    assert!(
        second
            .stderr
            .contains("another exuvia is checking this install"),
        "{second:#?}"
    );
    let report = first.wait().exits(0).json();
    entry(&report, "bystander-skill");
}

#[test]
fn a_stopped_check_does_not_lock_out_the_next() {
    let built = Built::plain();
    built.hub.faults().times(1, "/", Fault::Hang);
    let first = Running::start(&mut built.command(&["check"]));
    built
        .hub
        .requests()
        .wait_until(Duration::from_mins(1), |seen| !seen.is_empty());
    first.signal(Signal::KILL);
    first.wait();
    built.check();
}

#[test]
fn chinese_by_option_or_by_locale() {
    let built = Built::plain();
    let by_option = built.exuvia(&["check", "--lang", "zh-CN"]).exits(0).stdout;
    assert!(by_option.contains("低风险"), "{by_option}");
    let by_locale = Ran::of(built.command(&["report"]).env("LANG", "zh_CN.UTF-8"))
        .exits(0)
        .stdout;
    assert!(by_locale.contains("低风险"), "{by_locale}");
    let neither = built.exuvia(&["report"]).exits(0).stdout;
    assert!(neither.contains("Low risk"), "{neither}");
}

#[test]
fn a_home_that_cannot_be_written_is_named_before_anything_is_asked() {
    let built = Built::plain();
    std::fs::write(built.exuvia_home(), "in the way").unwrap();
    let ran = built.exuvia(&["check"]).exits(1).bears_it();
    let home = built.exuvia_home().display().to_string();
    assert!(
        ran.stderr.contains(&home) && ran.stderr.contains("EXUVIA_HOME"),
        "{ran:#?}"
    );
    assert_eq!(built.npm.requests().count(), 0);
    assert!(!built.install.state.join("inventory.json").exists());

    let ran = Ran::of(
        built
            .command(&["check"])
            .env("EXUVIA_HOME", "relative/home"),
    )
    .exits(1);
    assert!(ran.stderr.contains("absolute"), "{ran:#?}");
}

#[test]
fn a_document_that_cannot_be_written_is_named() {
    let built = Built::plain();
    // Root may write into every directory, but nobody puts a file in the place of a full one.
    let in_the_way = built.install.state.join("inventory.json");
    std::fs::create_dir_all(in_the_way.join("x")).unwrap();
    let ran = built.exuvia(&["check"]).exits(1).bears_it();
    assert!(
        ran.stderr.contains(&in_the_way.display().to_string()),
        "{ran:#?}"
    );
    let ran = built.exuvia(&["check", "--json"]).exits(1);
    assert!(ran.json()["error"].is_string());
}

#[test]
fn one_install_of_several_is_chosen_by_profile_or_path() {
    let built = Built::plain();
    let profile = built.install.home.join(".openclaw-work");
    std::fs::create_dir(&profile).unwrap();
    std::fs::write(profile.join("openclaw.json"), "{}").unwrap();
    let installs = built.exuvia(&["installs", "--json"]).exits(0).json();
    assert_eq!(installs.as_array().unwrap().len(), 2, "{installs:#}");
    let state_dir = |arguments: &[&str]| -> Value {
        let ran = built
            .exuvia(&[&["check", "--json"], arguments].concat())
            .exits(0);
        ran.json()["install"]["stateDir"].clone()
    };
    assert_eq!(state_dir(&[]), built.install.state.to_str().unwrap());
    assert_eq!(state_dir(&["--profile", "work"]), profile.to_str().unwrap());
    assert_eq!(
        state_dir(&["--install", profile.to_str().unwrap()]),
        profile.to_str().unwrap()
    );
    let ran = built.exuvia(&["check", "--profile", "../x"]).exits(1);
    assert!(ran.stderr.contains("profile"), "{ran:#?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let built = Built::plain();
    built.check();
    let mut report = built.command(&["report"]);
    let mut child = report.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
