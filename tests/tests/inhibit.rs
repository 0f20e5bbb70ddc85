//! For some time nothing is upgraded: by a person's word, or a program's.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;

use exuvia_e2e::{Offer, Ran, entry, failpoints, own_dir};
use exuvia_testkit::clawhub;
use exuvia_testkit::mini::{Mini, World};
use serde_json::{Value, json};

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";

fn offer() -> Offer {
    Offer::of(Mini::release(NEW))
}

/// An upgrade by the report that is there, which is refused with these words.
fn is_refused(offer: &Offer, words: &[&str]) {
    let told = format!("{:?}", offer.upgrade().exits(3));
    for words in words {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(offer.versions(), [OLD, OLD]);
}

fn runs(offer: &Offer, operation: &str) -> Vec<Value> {
    let runs = offer.exuvia(&["history", "--operation", operation, "--json"]);
    let runs = runs.exits(0).json()["runs"].take();
    runs.as_array().cloned().unwrap_or_default()
}

/// A program of the user's that does this when it is asked.
fn program(world: &World, script: &str) {
    let program = world.install.prefix.join("may-upgrade");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, executable).unwrap();
    let config = format!(
        "[upgrade]\ninhibitors = [{:?}]\n",
        program.to_str().unwrap()
    );
    std::fs::create_dir_all(world.exuvia_home()).unwrap();
    std::fs::write(world.exuvia_home().join("config.toml"), config).unwrap();
}

#[test]
fn while_somebody_inhibits_them_no_upgrade_begins_and_going_back_is_possible() {
    let offer = offer();
    let _ = offer.upgrade().exits(0);
    let words = ["inhibit", "--reason", "the demo is today", "--json"];
    let made = offer.exuvia(&words).exits(0).json();
    let until = made["inhibitor"]["until"].as_str().unwrap().to_owned();
    let _ = offer.exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(offer.versions(), [OLD, OLD]);
    let who = made["inhibitor"]["who"].as_str().unwrap();
    is_refused(
        &offer,
        &["the demo is today", &until, who, "exuvia inhibit --end"],
    );
    let rehearsed = offer.exuvia(&["rehearse", "--json"]).exits(3);
    assert!(
        rehearsed.stdout.contains("the demo is today"),
        "{rehearsed:#?}"
    );
    assert_eq!(runs(&offer, "upgrade").len(), 1, "no other one was begun");
    let listed = offer.exuvia(&["inhibit", "--list"]).exits(0).stdout;
    assert!(listed.contains("the demo is today"), "{listed}");
    let run = &runs(&offer, "inhibit")[0];
    assert_eq!(run["id"], made["run"], "{run:#}");
    let _ = offer.exuvia(&["inhibit", "--end"]).exits(0);
    let _ = offer.exuvia(&["inhibit", "--end"]).exits(3);
    let nothing = offer.exuvia(&["inhibit", "--list"]).exits(0).stdout;
    assert!(nothing.contains("Nothing inhibits"), "{nothing}");
    let _ = offer.upgrade().exits(0);
}

#[test]
fn what_is_over_does_not_count_and_no_inhibitor_is_without_an_end() {
    let offer = offer();
    for words in [
        &["--for", "32d"][..],
        &["--for", "0s"],
        &["--until", "2020-01-01"],
        &["--until", "soon"],
        &["--for", "1h", "--until", "2030-01-01"],
    ] {
        let _ = offer.exuvia(&[&["inhibit"], words].concat()).exits(2);
    }
    let _ = offer.exuvia(&["inhibit", "--for", "1h"]).exits(0);
    let second = offer
        .exuvia(&["inhibit", "--for", "1h", "--json"])
        .exits(0)
        .json();
    let several = offer.exuvia(&["inhibit", "--end"]).exits(3);
    assert!(several.stderr.contains("there are several"), "{several:#?}");
    let second = second["run"].as_str().unwrap();
    let _ = offer.exuvia(&["inhibit", "--end", second]).exits(0);
    // An hour ago, and one that somebody wrote down to last for ever.
    let own = own_dir(&offer.world.exuvia_home()).join("inhibitors.json");
    let text = std::fs::read_to_string(&own).unwrap();
    let mut list: Value = serde_json::from_str(&text).unwrap();
    let one = &mut list["inhibitors"][0];
    one["from"] = json!("2020-01-01T00:00:00Z");
    one["until"] = json!("9999-01-01T00:00:00Z");
    std::fs::write(&own, list.to_string()).unwrap();
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), [NEW, NEW]);
    std::fs::write(&own, "{").unwrap();
    let broken = offer.exuvia(&["inhibit", "--list"]).exits(1);
    assert!(broken.stderr.contains("inhibitors.json"), "{broken:#?}");
}

#[test]
fn a_program_that_says_no_or_nothing_keeps_upgrades_away() {
    let offer = offer();
    for (script, words) in [
        ("echo 'the office is open'; exit 1", "the office is open"),
        ("echo 'who am I' >&2; exit 7", "who am I"),
        ("kill -9 $$", "signal"),
        ("sleep 100", "did not answer"),
    ] {
        program(&offer.world, script);
        is_refused(&offer, &[words, "may-upgrade"]);
    }
    let missing = "[upgrade]\ninhibitors = [\"/nowhere/may-upgrade\"]\n";
    std::fs::write(offer.world.exuvia_home().join("config.toml"), missing).unwrap();
    is_refused(&offer, &["/nowhere/may-upgrade"]);
    program(&offer.world, "echo fine; exit 0");
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), [NEW, NEW]);
}

/// What is said after the report was made and the run begun is heard by Gate 1.
#[test]
fn gate_1_hears_what_was_said_since_of_every_kind_of_asset() {
    let world = World::new();
    world.publish_plugin(&[World::plugin("1.1.0")]);
    let release = |version: &str| {
        clawhub::Release::new(version)
            .changelog("Fixes.")
            .skill_md("demo-skill", "A skill from ClawHub")
    };
    let skill = clawhub::Skill::new("acme", "demo-skill");
    world
        .hub
        .publish(skill.version(release("1.0.0")).version(release("1.0.1")));
    let offer = Offer::to(world, Mini::release(NEW));
    let program = offer.world.install.prefix.join("failpoint");
    let exuvia = exuvia_e2e::binary();
    let report = offer.report["reportId"].as_str().unwrap();
    for (name, version) in [
        ("openclaw", NEW),
        ("demo-plugin", "1.1.0"),
        ("demo-skill", "1.0.1"),
    ] {
        let number = entry(&offer.report, name)["number"].to_string();
        let version = format!("{name}@{version}");
        for (say, take_back, told) in [
            (vec!["pin", name], vec!["unpin", name], "is pinned"),
            (
                vec!["block", &version],
                vec!["unblock", &version],
                "blocked by you",
            ),
            (vec!["inhibit"], vec!["inhibit", "--end"], "inhibited"),
        ] {
            let script = format!(
                "#!/bin/sh\n[ \"$*\" = 'before check' ] || exit 0\nunset EXUVIA_FAILPOINT\n\
                 exec '{}' {} >&2\n",
                exuvia.display(),
                say.join(" ")
            );
            std::fs::write(&program, script).unwrap();
            let executable = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&program, executable).unwrap();
            let words = [
                "upgrade", &number, "--report", report, "--soak", "0", "--json",
            ];
            let words = [&words[..], &["--confirm", name]].concat();
            let mut command = offer.world.exuvia_command(&failpoints(), &words);
            command.env("EXUVIA_FAILPOINT", &program);
            let refused = Ran::of(&mut command).bears_it().exits(3).json().to_string();
            assert!(refused.contains(told), "{name}: {refused}");
            let _ = offer.exuvia(&take_back).exits(0);
        }
    }
    assert_eq!(offer.versions(), [OLD, OLD]);
}

#[test]
fn a_channel_in_the_settings_is_what_a_check_hears_of_unless_it_is_told_another() {
    let offer = offer();
    let config = offer.world.exuvia_home().join("config.toml");
    std::fs::write(&config, "[upgrade]\nchannel = \"extended-stable\"\n").unwrap();
    let scanned = offer.exuvia(&["scan", "--json"]).exits(0).json();
    assert_eq!(scanned["channel"], "extended-stable", "{scanned:#}");
    let told = offer.exuvia(&["scan", "--channel", "stable", "--json"]);
    assert_eq!(told.exits(0).json()["channel"], "stable");
    std::fs::write(&config, "[upgrade]\n\nchannel = \"nightly\"\n").unwrap();
    let unknown = offer.exuvia(&["check", "--no-input"]).exits(1).stderr;
    assert!(unknown.contains("config.toml:3"), "{unknown}");
    assert!(
        unknown.contains("stable, beta, dev, extended-stable"),
        "{unknown}"
    );
}
