//! What a report says when those who were asked do not answer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::path::Path;

use exuvia_e2e::{BYSTANDERS, Built, World, entry, listed};
use exuvia_testkit::install::Plugin;
use exuvia_testkit::npm::{Package, Release};
use serde_json::{Value, json};

fn names(report: &Value, list: &str) -> Vec<String> {
    let items = report[list].as_array().unwrap().iter();
    let mut names: Vec<String> = items
        .map(|item| {
            item.get("update").unwrap_or(item)["name"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn without_clawhub_its_skills_are_unreachable_with_a_reason_and_the_rest_is_reported() {
    let world = World::fork();
    world.hub.stop();
    let report = world.exuvia(&["check", "--json"]).exits(0).json();
    let lost = [
        "changelog-writer",
        "meeting-minutes",
        "standup-notes",
        "travel-checklist",
        "unit-converter",
    ];
    assert_eq!(names(&report, "unreachable"), lost);
    let address = world.hub.url().replace("http://", "");
    for name in lost {
        let reason = listed(&report, "unreachable", name)["reason"]
            .as_str()
            .unwrap();
        assert!(reason.contains(&address), "{name}: {reason}");
    }
    assert_eq!(
        names(&report, "entries"),
        ["gitdemo", "irc", "openclaw", "release-notes"]
    );
    assert_eq!(names(&report, "upToDate"), ["synology-chat"]);
    let shown = world.exuvia(&["report"]).exits(0).stdout;
    for name in lost {
        assert!(shown.contains(name), "{name} is not shown:\n{shown}");
    }
}

#[test]
fn without_github_the_real_core_is_told_of_by_the_changelog_in_its_archive() {
    let world = World::fork();
    world.github.stop();
    let report = world.exuvia(&["check", "--json"]).exits(0).json();
    let evidence = &entry(&report, "openclaw")["evidence"];
    assert_eq!(evidence["state"], "available", "{evidence:#}");
    let source = evidence["source"].as_str().unwrap();
    assert!(
        source.starts_with("CHANGELOG.md in the archive of openclaw@"),
        "{source}"
    );
    let attempts = evidence["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{attempts:#?}");
    assert_eq!(
        attempts[0]["source"],
        "https://github.com/openclaw/openclaw/releases"
    );
    assert_ne!(attempts[0]["outcome"], "answered");
    assert_eq!(
        attempts[1],
        json!({ "source": source, "outcome": "answered" })
    );
    assert_eq!(names(&report, "unreachable"), [] as [&str; 0]);
}

/// A plugin whose repository has no releases and whose archive has no changelog.
fn silent(built: &Built) {
    let release = |version| {
        let repository = json!({ "type": "git", "url": "https://github.com/acme/silent" });
        Release::new(version).with("repository", repository)
    };
    built.npm.publish(
        Package::new("@acme/silent")
            .release(release("1.0.0"))
            .release(release("1.0.1")),
    );
}

#[test]
fn a_candidate_of_which_nobody_tells_is_of_unknown_risk_and_every_try_is_listed() {
    let built =
        Built::new(|builder| builder.plugin(Plugin::npm("silent", "@acme/silent", "1.0.0")));
    silent(&built);
    let report = built.check();
    let entry = entry(&report, "silent");
    assert_eq!(entry["evidence"]["state"], "unavailable", "{entry:#}");
    assert_eq!(entry["assessment"]["risk"], "unknown", "{entry:#}");
    let tried: Vec<&str> = entry["evidence"]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["source"].as_str().unwrap())
        .collect();
    let releases = "https://github.com/acme/silent/releases";
    let archive = "CHANGELOG.md in the archive of @acme/silent@1.0.1";
    assert_eq!(tried, [releases, archive]);

    let number = entry["number"].to_string();
    let shown = built.exuvia(&["report"]).exits(0).stdout;
    assert!(shown.contains("unavailable"), "{shown}");
    let detail = built.exuvia(&["detail", &number]).exits(0).stdout;
    let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
    for source in tried {
        assert!(detail.contains(source), "{source} is not in {detail}");
    }
}

#[test]
fn with_every_source_down_there_is_still_a_report_of_what_could_not_be_told() {
    let built = Built::plain();
    built.npm.stop();
    built.hub.stop();
    built.github.stop();
    let report = built
        .exuvia(&["check", "--json"])
        .exits(0)
        .bears_it()
        .json();
    let mut all = BYSTANDERS.map(|(name, ..)| name);
    all.sort_unstable();
    assert_eq!(names(&report, "unreachable"), all);
    assert_eq!(report["entries"], json!([]));
    let shown = built.exuvia(&["report"]).exits(0).stdout;
    assert!(!shown.contains("all up to date"), "{shown}");
}

#[test]
fn a_git_remote_that_is_gone_makes_its_skill_unreachable_and_nothing_else() {
    let world = World::fork();
    let report = world.exuvia(&["check", "--json"]).exits(0).json();
    let before = names(&report, "entries");
    let config = world
        .home()
        .workspace()
        .join("skills/release-notes/.git/config");
    point_away(&config);
    let report = world.exuvia(&["check", "--json"]).exits(0).json();
    let reason = listed(&report, "unreachable", "release-notes")["reason"]
        .as_str()
        .unwrap();
    assert!(reason.contains("gone.git"), "{reason}");
    let mut after = names(&report, "entries");
    after.push("release-notes".to_owned());
    after.sort();
    assert_eq!(after, before);
}

#[allow(clippy::disallowed_methods, reason = "a test prepares real files")]
fn point_away(config: &Path) {
    let text = std::fs::read_to_string(config).unwrap();
    std::fs::write(config, text.replace("remote.git", "gone.git")).unwrap();
}
