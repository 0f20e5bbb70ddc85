//! What OpenClaw and the `clawhub` command themselves make of a skill that Exuvia upgraded.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use exuvia_e2e::{Ran, World, entry, sandbox};
use serde_json::Value;

fn upgrade(world: &World, report: &Value, name: &str) -> Ran {
    let (number, id) = (
        entry(report, name)["number"].to_string(),
        report["reportId"].as_str().unwrap(),
    );
    world.exuvia(&[
        "upgrade",
        &number,
        "--report",
        id,
        "--confirm",
        name,
        "--json",
    ])
}

#[test]
fn both_clients_find_an_upgraded_skill_unchanged_and_up_to_date() {
    let world = World::fork();
    let report = world.exuvia(&["check", "--json"]).exits(0).json();
    let _ = upgrade(&world, &report, "standup-notes").exits(0);
    let listed = world
        .openclaw(&["skills", "list", "--json"])
        .exits(0)
        .json();
    let mut skills = listed["skills"].as_array().unwrap().iter();
    let skill = skills.find(|skill| skill["name"] == "standup-notes");
    assert_eq!(skill.unwrap()["eligible"], true);
    // It wants `--force` for one whose files are not those of its records.
    let updated = world
        .openclaw(&["skills", "update", "standup-notes"])
        .exits(0);
    let told = "standup-notes already at 1.0.1";
    assert!(updated.stdout.contains(told), "{updated:#?}");

    let _ = upgrade(&world, &report, "changelog-writer").exits(0);
    let mut clawhub = sandbox().tools().command("clawhub", world.home().path());
    clawhub.envs(world.hub.env());
    clawhub.arg("--workdir").arg(world.home().workspace());
    clawhub.args(["update", "--no-input", "@acme/changelog-writer"]);
    let updated = Ran::of(&mut clawhub).exits(0);
    assert!(updated.stdout.contains("up to date v1.1.0"), "{updated:#?}");

    let refused = upgrade(&world, &report, "travel-checklist").exits(3);
    assert!(
        refused.stderr.contains("SKILL.md was edited here"),
        "{refused:#?}"
    );
}
