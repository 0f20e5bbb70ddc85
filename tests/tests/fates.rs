//! What becomes of an asset: why it is a candidate or none, and what blocks it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use exuvia_e2e::{Built, entry, listed};
use exuvia_testkit::git::{Repo, git};
use exuvia_testkit::install::{Plugin, Skill};
use exuvia_testkit::npm;
use serde_json::{Value, json};

fn rows(entry: &Value) -> Vec<&str> {
    let reasons = entry["assessment"]["reasons"].as_array().unwrap();
    reasons
        .iter()
        .map(|reason| reason["row"].as_str().unwrap())
        .collect()
}

fn is_blocked_by(entry: &Value, row: &str) {
    assert_eq!(entry["assessment"]["risk"], "blocked", "{entry:#}");
    assert!(
        rows(entry).contains(&row),
        "{row} is not among {:?}",
        rows(entry)
    );
}

/// Checks an install with a plugin of these releases, of which 1.0.0 is installed.
fn plugin(arguments: &[&str], package: npm::Package) -> (Built, Value) {
    let built =
        Built::new(|builder| builder.plugin(Plugin::npm("subject", "@acme/subject", "1.0.0")));
    built.npm.publish(package);
    let arguments = [&["check", "--json"], arguments].concat();
    let report = built.exuvia(&arguments).exits(0).bears_it().json();
    (built, report)
}

fn package() -> npm::Package {
    npm::Package::new("@acme/subject")
}

fn release(version: &str) -> npm::Release {
    npm::Release::new(version).file(
        "CHANGELOG.md",
        format!("## {version}\n\n### Fixed\n\n- It.\n"),
    )
}

#[test]
fn a_version_that_failed_here_is_blocked_until_it_is_taken_off_the_list() {
    let built = Built::plain();
    let report = built.check();
    let core = entry(&report, "openclaw");
    assert_ne!(core["assessment"]["risk"], "blocked");
    let list = built.own_dir().join("known-bad.json");
    let bad = json!({ "versions": [{ "assetId": "core:openclaw", "version": "2026.9.6" }] });
    std::fs::write(&list, bad.to_string()).unwrap();
    is_blocked_by(entry(&built.check(), "openclaw"), "known-bad");
    std::fs::write(&list, "{").unwrap();
    let ran = built.exuvia(&["check"]).exits(1);
    assert!(ran.stderr.contains("known-bad.json"), "{}", ran.stderr);
    std::fs::remove_file(&list).unwrap();
    assert_ne!(
        entry(&built.check(), "openclaw")["assessment"]["risk"],
        "blocked"
    );
}

/// An install with a clone of a repository, which the test goes on with.
fn cloned() -> (Repo, Built) {
    let repo = Repo::new();
    repo.commit("first", &[("SKILL.md", "---\nname: cloned\n---\nOne.\n")]);
    let built = Built::new(|builder| builder.skill(Skill::clone_of("cloned", &repo.url())));
    (repo, built)
}

#[test]
fn commits_of_ones_own_are_not_taken_for_something_to_update() {
    let (_repo, built) = cloned();
    let clone = built.install.workspace.join("skills/cloned");
    assert_eq!(
        listed(&built.check(), "upToDate", "cloned")["name"],
        "cloned"
    );
    git(
        &clone,
        &["commit", "--allow-empty", "--quiet", "-m", "mine"],
    );
    let report = built.check();
    let skipped = listed(&report, "skipped", "cloned");
    assert_eq!(skipped["why"]["code"], "ahead-of-remote", "{skipped}");
}

#[test]
fn a_history_that_parted_is_unknown_and_says_why_nothing_can_be_listed() {
    let (repo, built) = cloned();
    let clone = built.install.workspace.join("skills/cloned");
    git(
        &clone,
        &["commit", "--allow-empty", "--quiet", "-m", "mine"],
    );
    repo.commit("second", &[("SKILL.md", "---\nname: cloned\n---\nTwo.\n")]);
    let report = built.check();
    let entry = entry(&report, "cloned");
    assert_eq!(entry["assessment"]["risk"], "unknown", "{entry:#}");
    let reason = entry["evidence"]["reason"].as_str().unwrap();
    assert!(reason.contains("history was rewritten"), "{reason}");
}

#[test]
fn a_package_in_other_hands_is_blocked_and_one_of_another_maintainer_is_not() {
    let by = |name: &str| json!({ "name": name, "email": "x@example.org" });
    let before = || {
        release("1.0.0")
            .with("_npmUser", by("ada"))
            .with("maintainers", json!([by("ada"), by("bob")]))
    };
    let (_built, report) = plugin(
        &[],
        package()
            .release(before())
            .release(release("1.0.1").with("_npmUser", by("eve"))),
    );
    is_blocked_by(entry(&report, "subject"), "publisher-changed");
    let (_built, report) = plugin(
        &[],
        package()
            .release(before())
            .release(release("1.0.1").with("_npmUser", by("bob"))),
    );
    assert_ne!(entry(&report, "subject")["assessment"]["risk"], "blocked");
}

#[test]
fn a_version_for_another_node_is_blocked_and_a_deprecated_one_asks_for_its_name() {
    let wants = json!({ "node": ">=999" });
    let (_built, report) = plugin(
        &[],
        package()
            .release(release("1.0.0"))
            .release(release("1.0.1").with("engines", wants)),
    );
    is_blocked_by(entry(&report, "subject"), "node-too-old");
    let warned = release("1.0.1").with("deprecated", json!("loses data, use 1.0.2"));
    let (_built, report) = plugin(&[], package().release(release("1.0.0")).release(warned));
    let entry = entry(&report, "subject");
    assert_eq!(entry["assessment"]["risk"], "high", "{entry:#}");
    assert!(rows(entry).contains(&"deprecated-by-publisher"));
}

#[test]
fn a_channel_offers_its_own_tag_and_extended_stable_never_falls_back() {
    let releases = || {
        package()
            .release(release("1.0.0"))
            .release(release("1.0.1"))
            .release(release("1.1.0-beta.1"))
            .tag("latest", "1.0.1")
            .tag("beta", "1.1.0-beta.1")
    };
    let (_built, report) = plugin(&["--channel", "beta"], releases());
    assert_eq!(
        entry(&report, "subject")["update"]["latest"],
        "1.1.0-beta.1"
    );
    let (_built, report) = plugin(&["--channel", "stable"], releases());
    assert_eq!(entry(&report, "subject")["update"]["latest"], "1.0.1");
    let (_built, report) = plugin(&["--channel", "extended-stable"], releases());
    let skipped = listed(&report, "skipped", "subject");
    assert_eq!(skipped["why"]["code"], "not-on-channel", "{skipped}");
}

#[test]
fn a_plugin_that_was_edited_by_hand_says_which_files() {
    let (built, _) = plugin(
        &[],
        package()
            .release(release("1.0.0"))
            .release(release("1.0.1")),
    );
    let inventory = built.document("inventory.json");
    let assets = inventory["assets"].as_array().unwrap();
    let asset = assets
        .iter()
        .find(|asset| asset["name"] == "subject")
        .unwrap();
    // The builder's payload is not what the registry publishes: every difference is named.
    assert_eq!(asset["localChanges"]["state"], "modified", "{asset:#}");
    let files = asset["localChanges"]["files"].as_array().unwrap();
    assert!(
        files
            .iter()
            .any(|file| file["path"] == "CHANGELOG.md" && file["change"] == "deleted")
    );
}
