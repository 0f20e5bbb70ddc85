//! The configuration as its user wrote it, through upgrades to releases that rewrite it.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use exuvia_e2e::{Offer, Ran, entry, failpoints};
use exuvia_testkit::mini::{Flaw, Mini, World};
use serde_json::Value;

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";
/// As every home of the miniature has it.
const STAMP: &str = "meta: { lastTouchedVersion: '2026.9.5' }";

fn file(world: &World) -> PathBuf {
    world.install.state.join("openclaw.json")
}

fn config(world: &World) -> String {
    std::fs::read_to_string(file(world)).unwrap()
}

/// The text in which nothing but the stamp is another: the miniature adds when it was.
fn is_only_stamped(before: &str, after: &str) {
    assert!(before.contains(STAMP), "{before}");
    let (head, tail) = before.split_once(STAMP).unwrap();
    let stamp = after
        .strip_prefix(head)
        .and_then(|it| it.strip_suffix(tail));
    assert!(stamp.is_some(), "more was changed:\n{after}");
    let stamp = stamp.unwrap_or_default();
    let wanted = "meta: { lastTouchedVersion: '2026.9.6', \"lastTouchedAt\": \"";
    assert!(stamp.starts_with(wanted), "{stamp}");
}

fn mode(world: &World) -> u32 {
    let meta = std::fs::metadata(file(world)).unwrap();
    meta.permissions().mode() & 0o7777
}

#[test]
fn comments_outlive_an_upgrade_that_strips_them_and_a_rollback_brings_the_old_file_back() {
    let offer = Offer::of(Mini::release(NEW));
    let before = config(&offer.world);
    std::fs::set_permissions(file(&offer.world), std::fs::Permissions::from_mode(0o640)).unwrap();
    let upgraded = offer.upgrade().exits(0).json();
    assert_eq!(offer.versions(), [NEW, NEW]);
    is_only_stamped(&before, &config(&offer.world));
    assert_eq!(upgraded["configuration"]["state"], "merged", "{upgraded:#}");
    let run = upgraded["run"].as_str().unwrap();
    let told = offer.exuvia(&["history", run]).exits(0).stdout;
    assert!(told.contains("rewrote openclaw.json"), "{told}");
    let _ = offer.exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(offer.versions(), [OLD, OLD]);
    assert_eq!(config(&offer.world), before);
    assert_eq!(mode(&offer.world), 0o640);
}

#[test]
fn a_migration_that_loses_something_is_not_hidden_by_the_merge() {
    let flaw = Flaw::DropsConfigKey("messages.prefix".to_owned());
    let offer = Offer::of(Mini::release(NEW).broken(flaw));
    let before = config(&offer.world);
    // That is a loss, and the rehearsal says so: the live file was never touched.
    let told = offer.upgrade().exits(1).json().to_string();
    assert!(told.contains("messages.prefix"), "{told}");
    assert_eq!(config(&offer.world), before);
}

#[test]
fn a_file_that_cannot_be_merged_is_left_as_the_new_version_wrote_it_and_that_is_told() {
    let offer = Offer::of(Mini::release(NEW));
    let twice =
        config(&offer.world).replace("suffix: 'kept too'", "suffix: 'a', suffix: 'kept too'");
    std::fs::write(file(&offer.world), &twice).unwrap();
    let upgraded = offer.upgrade().exits(0).json();
    let found = &upgraded["configuration"];
    assert_eq!(found["state"], "left", "{upgraded:#}");
    assert!(found["why"].as_str().unwrap().contains("suffix"), "{found}");
    let after = config(&offer.world);
    assert!(!after.contains("// Mine"), "{after}");
    let after: Value = serde_json::from_str(&after).unwrap();
    assert_eq!(after["messages"]["suffix"], "kept too");
    let _ = offer.exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(config(&offer.world), twice);
}

/// Killed around Gate 3, the next command goes on forth: with the comments, once. What fails there
/// goes back to the file as it was.
#[test]
fn a_kill_before_or_after_the_merge_leaves_the_comments_where_they_were() {
    let offer = Offer::of(Mini::release(NEW));
    let before = config(&offer.world);
    let program = offer.world.install.prefix.join("failpoint");
    let does = |script: &str| {
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, executable).unwrap();
    };
    let exuvia = |words: &[&str]| {
        let mut command = offer.world.exuvia_command(&failpoints(), words);
        Ran::of(command.env("EXUVIA_FAILPOINT", &program)).bears_it()
    };
    let upgrade = || {
        let report = exuvia(&["check", "--json"]).exits(0).json();
        let number = entry(&report, "openclaw")["number"].to_string();
        let report = report["reportId"].as_str().unwrap();
        let words = [
            "upgrade",
            &number,
            "--report",
            report,
            "--confirm",
            "openclaw",
        ];
        exuvia(&[&words[..], &["--soak", "0", "--json"]].concat())
    };
    for point in [
        "after start",
        "before prove",
        "after prove",
        "before commit",
    ] {
        does(&format!("[ \"$*\" = '{point}' ] && kill -9 $PPID\nexit 0"));
        let killed = upgrade();
        assert_eq!(killed.code, None, "{point}: {killed:#?}");
        does("exit 0");
        let _ = exuvia(&["resume", "--json"]).exits(0);
        assert_eq!(offer.versions(), [NEW, NEW], "{point}");
        is_only_stamped(&before, &config(&offer.world));
        let _ = exuvia(&["rollback", "--json"]).exits(0);
        assert_eq!(config(&offer.world), before, "{point}");
    }
    does("[ \"$*\" = 'after prove' ] && exit 1\nexit 0");
    let _ = upgrade().exits(4);
    assert_eq!(offer.versions(), [OLD, OLD]);
    assert_eq!(config(&offer.world), before);
}
