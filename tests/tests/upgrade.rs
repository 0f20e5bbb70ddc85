//! Upgrades and their undoing, on the miniature: a real npm, real namespaces, a real journal.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::path::PathBuf;
use std::process::Stdio;

use exuvia_e2e::{Offer, Stricken, Watch, strike, wanted_kills};
use exuvia_testkit::mini::Mini;
use serde_json::Value;

fn both(version: &str) -> [Value; 2] {
    [version.into(), version.into()]
}

#[test]
fn an_upgrade_is_undone_with_its_state_and_the_undoing_too() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let before = offer.belongings();
    let upgraded = offer.upgrade().exits(0).json();
    assert_eq!(offer.versions(), both("2026.9.6"), "{upgraded:#}");
    let report = std::fs::read_to_string(upgraded["report"].as_str().unwrap()).unwrap();
    for words in [
        "# Upgrade of OpenClaw 2026.9.5 to 2026.9.6\n",
        "OpenClaw 2026.9.6 runs, and nothing was lost.",
        "goes back to 2026.9.5 with its state.",
        "| staging 2026.9.6 beside 2026.9.5, and comparing its bytes |",
        "## The rehearsal\n\n- Rehearsed in ",
        "- the way back works",
    ] {
        assert!(report.contains(words), "{words:?} is missing:\n{report}");
    }
    let after = offer.belongings();
    assert_ne!(before.2, after.2, "the databases were migrated");
    let names =
        |jobs: &[Value]| -> Vec<Value> { jobs.iter().map(|job| job["name"].clone()).collect() };
    assert_eq!(names(&before.0), names(&after.0));
    assert_eq!(before.1, after.1);
    let back = offer.exuvia(&["rollback", "--json"]).exits(0).json();
    assert_eq!(offer.versions(), both("2026.9.5"), "{back:#}");
    assert_eq!(offer.belongings(), before);
    let run = back["run"].as_str().unwrap();
    let _ = offer.exuvia(&["rollback", run, "--json"]).exits(0);
    assert_eq!(offer.versions(), both("2026.9.6"));
    assert_eq!(offer.belongings(), after);
    assert_eq!(offer.own("rehearsals"), Vec::<PathBuf>::new());
}

#[test]
fn nothing_is_upgraded_without_a_selection() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let before = offer.belongings();
    let report = offer.report["reportId"].as_str().unwrap();
    for words in [
        &["upgrade"][..],
        &["upgrade", "--report", report, "--json"],
        &["upgrade", "9", "--report", report],
    ] {
        let _ = offer.exuvia(words).exits(3);
    }
    assert_eq!(offer.versions(), both("2026.9.5"));
    assert_eq!(offer.belongings(), before);
}

#[test]
fn a_second_upgrade_in_the_middle_of_one_is_refused_and_harms_nothing() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let mut first = offer.upgrade_command("0");
    let mut first = first
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let runs = offer.world.exuvia_home().join("runs");
    while !runs.exists() {
        assert_eq!(first.try_wait().unwrap(), None, "it ended before it began");
    }
    let second = offer.upgrade();
    assert_eq!(second.code, Some(3), "{second:?}");
    assert!(first.wait().unwrap().success());
    assert_eq!(offer.versions(), both("2026.9.6"));
}

/// Kills upgrades and rollbacks at some moment of their course, over and over. The package is there
/// at every instant, and the next command leaves the install whole in one version or the other.
#[test]
fn a_kill_at_any_moment_leaves_a_working_install() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let watch = Watch::begin(offer.world.install.package.clone());
    let mut stricken = Stricken::of("mini", offer);
    strike(&mut stricken, wanted_kills(12));
    println!("looked {} times", watch.saw_it_always());
}
