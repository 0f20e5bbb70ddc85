//! What the user keeps away: assets that stay what they are, and versions that are not installed.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use exuvia_e2e::{Offer, Ran, Running, binary, entry, own_dir};
use exuvia_testkit::mini::Mini;
use serde_json::Value;

const NEW: &str = "2026.9.6";

fn offer() -> Offer {
    Offer::of(Mini::release(NEW))
}

/// An upgrade by the report that is there, which is refused with these words.
fn is_refused(offer: &Offer, words: &[&str]) {
    let refused = offer.upgrade();
    let told = format!("{}{}", refused.stdout, refused.stderr);
    let _ = refused.exits(3);
    for words in words {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
}

/// Why an asset was skipped by the last check.
fn skipped(report: &Value, name: &str) -> Value {
    let all = report["skipped"].as_array().unwrap().iter();
    let mut found = all.filter(|skipped| skipped["name"] == name);
    found.next().cloned().unwrap_or_default()
}

/// The newest run, as `exuvia history` tells it.
fn last_run(offer: &Offer, operation: &str) -> Value {
    let runs = offer.exuvia(&["history", "--operation", operation, "--json"]);
    runs.exits(0).json()["runs"][0].clone()
}

#[test]
fn what_is_pinned_is_skipped_by_the_check_and_refused_by_an_upgrade_until_it_is_unpinned() {
    let mut offer = offer();
    let words = [
        "pin",
        "openclaw",
        "--reason",
        "the demo is tomorrow",
        "--json",
    ];
    let pinned = offer.exuvia(&words).exits(0).json();
    assert_eq!(pinned["pin"]["version"], "2026.9.5", "{pinned:#}");
    is_refused(
        &offer,
        &["exuvia unpin core:openclaw", "the demo is tomorrow"],
    );
    let _ = offer.exuvia(&["rehearse"]).exits(3);
    let why = skipped(offer.check(), "openclaw")["why"].clone();
    assert_eq!(why["code"], "pinned", "{:#}", offer.report);
    assert_eq!(why["version"], "2026.9.5");
    let told = offer.exuvia(&["check", "--no-input"]).exits(0);
    assert!(
        told.stdout.contains("pinned by you at 2026.9.5"),
        "{told:#?}"
    );
    let run = last_run(&offer, "asset-pin");
    assert_eq!(run["id"], pinned["run"], "{run:#}");
    assert_eq!(run["subject"], "core:openclaw pinned at 2026.9.5");
    assert!(!run["actor"].as_str().unwrap().is_empty());
    assert!(run["startedAt"].is_string() && run["outcome"] == "done");
    let listed = offer.exuvia(&["pin", "--list"]).exits(0);
    assert!(
        listed.stdout.contains("the demo is tomorrow"),
        "{listed:#?}"
    );
    let _ = offer.exuvia(&["unpin", "openclaw"]).exits(0);
    let _ = offer.exuvia(&["unpin", "openclaw"]).exits(3);
    assert_eq!(entry(offer.check(), "openclaw")["update"]["latest"], NEW);
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), [NEW, NEW]);
}

#[test]
fn a_version_that_is_blocked_is_reported_so_and_refused_until_it_is_unblocked() {
    let mut offer = offer();
    let words = [
        "block",
        "openclaw@2026.9.6",
        "--reason",
        "loses my mail",
        "--json",
    ];
    let blocked = offer.exuvia(&words).exits(0).json();
    assert_eq!(blocked["blocked"]["version"], NEW, "{blocked:#}");
    // The report is of before: Gate 1 looks again.
    is_refused_or_fails(&offer, "exuvia unblock core:openclaw@2026.9.6");
    let core = entry(offer.check(), "openclaw").clone();
    assert_eq!(core["assessment"]["risk"], "blocked", "{core:#}");
    is_refused(&offer, &[]);
    let listed = offer.exuvia(&["block", "--list"]).exits(0);
    assert!(listed.stdout.contains("blocked by you"), "{listed:#?}");
    assert!(listed.stdout.contains("loses my mail"), "{listed:#?}");
    let run = last_run(&offer, "version-block");
    assert_eq!(run["subject"], "core:openclaw 2026.9.6 blocked", "{run:#}");
    let _ = offer.exuvia(&["unblock", "openclaw@2026.9.6"]).exits(0);
    let _ = offer.exuvia(&["unblock", "openclaw@2026.9.6"]).exits(3);
    let core = entry(offer.check(), "openclaw").clone();
    assert_ne!(core["assessment"]["risk"], "blocked", "{core:#}");
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), [NEW, NEW]);
}

/// Gate 1 ends a run that was begun, untouched.
fn is_refused_or_fails(offer: &Offer, words: &str) {
    let refused = offer.upgrade();
    assert!(matches!(refused.code, Some(1 | 3)), "{refused:#?}");
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains(words), "{told}");
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
}

#[test]
fn what_is_not_there_is_answered_with_the_nearest_and_nothing_is_written() {
    let offer = offer();
    let refused = |words: &[&str], told: &str| {
        let ran = offer.exuvia(words).exits(3);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains(told), "{told}: {ran:#?}");
    };
    refused(&["pin", "opneclaw"], "openclaw");
    refused(&["unpin", "demo-skil"], "demo-skill");
    refused(&["block", "demo-plugn@1.0.1"], "demo-plugin");
    refused(&["unblock", "something@1"], "exuvia inventory");
    refused(&["pin", "openclaw@2026.9.4"], "2026.9.5");
    let versionless = offer.exuvia(&["block", "openclaw"]).exits(2);
    assert!(
        versionless.stderr.contains("openclaw@VERSION"),
        "{versionless:#?}"
    );
    let own = own_dir(&offer.world.exuvia_home());
    assert!(!own.join("pins.json").exists() && !own.join("known-bad.json").exists());
    let runs = offer.exuvia(&["history", "--json"]).exits(0).stdout;
    assert!(
        !runs.contains("asset-pin") && !runs.contains("version-block"),
        "{runs}"
    );
}

#[test]
fn many_at_once_are_all_remembered() {
    const MANY: u32 = 12;
    let offer = offer();
    let block = |number: u32| {
        let version = format!("openclaw@9.9.{number}");
        let words = ["block", &version, "--json"];
        Running::start(&mut offer.world.exuvia_command(&binary(), &words))
    };
    let running: Vec<Running> = (0..MANY).map(block).collect();
    for ran in running {
        let _ = ran.wait().exits(0);
    }
    let known = offer.exuvia(&["block", "--list", "--json"]).exits(0).json();
    let versions = known["versions"].as_array().unwrap();
    assert_eq!(versions.len(), usize::try_from(MANY).unwrap(), "{known:#}");
}

#[test]
fn a_broken_list_stops_the_check_and_is_not_written_over() {
    let offer = offer();
    let _ = offer.exuvia(&["pin", "demo-skill"]).exits(0);
    let pins = own_dir(&offer.world.exuvia_home()).join("pins.json");
    std::fs::write(&pins, "{").unwrap();
    for words in [
        &["check", "--json"][..],
        &["pin", "openclaw"],
        &["unpin", "openclaw"],
    ] {
        let ran = offer.exuvia(words).exits(1);
        assert!(format!("{ran:?}").contains("pins.json"), "{ran:#?}");
    }
    assert_eq!(std::fs::read_to_string(&pins).unwrap(), "{");
}

#[test]
fn help_has_examples_and_completions_know_the_commands() {
    let run = |words: &[&str]| {
        let mut command = std::process::Command::new(binary());
        Ran::of(command.args(words)).exits(0).stdout
    };
    for command in ["pin", "unpin", "block", "unblock"] {
        assert!(run(&[command, "--help"]).contains("Examples:"), "{command}");
        assert!(run(&["completions", "bash"]).contains(&format!("exuvia,{command})")));
    }
}
