//! Rehearsals alone, and ahead of time, on the miniature.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use exuvia_e2e::{Offer, entry};
use exuvia_testkit::mini::{Flaw, Mini, World};
use serde_json::Value;

/// Rehearses what the report offers, and keeps it; the run.
fn keep(offer: &Offer) -> Value {
    let report = offer.report["reportId"].as_str().unwrap();
    let words = [
        "rehearse", "--keep", "--report", report, "--soak", "0", "--json",
    ];
    let kept = offer.exuvia(&words).exits(0).json();
    assert_eq!(offer.beside().len(), 1, "{kept:#}");
    kept["run"].clone()
}

/// The tree of the package that is staged.
fn staged(offer: &Offer) -> u64 {
    let stage = offer.beside().remove(0);
    inode(&stage.join("lib/node_modules/openclaw"))
}

/// The tree of the package that is live.
fn live(offer: &Offer) -> u64 {
    inode(&offer.world.install.package)
}

fn inode(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().ino()
}

#[test]
fn a_rehearsal_touches_nothing_and_leaves_nothing() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let before = offer.live();
    let found = offer.exuvia(&["rehearse", "--soak", "0", "--json"]);
    let found = found.exits(0).json();
    assert_eq!(found["state"]["kind"], "rehearsal", "{found:#}");
    assert_eq!(found["rehearsed"]["turn"]["state"], "works", "{found:#}");
    assert_eq!(offer.live(), before);
    assert!(offer.own("rehearsals").is_empty(), "a copy was left");
    assert!(offer.beside().is_empty(), "a package was left");
    let runs = offer.exuvia(&["history", "--operation", "rehearse", "--json"]);
    let runs = runs.exits(0).json();
    assert_eq!(runs["runs"][0]["id"], found["run"], "{runs:#}");
    assert_eq!(runs["runs"][0]["outcome"], "done", "{runs:#}");
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
}

#[test]
fn a_bad_release_is_found_by_a_rehearsal_alone_and_not_offered_again() {
    let mut offer = Offer::broken(Flaw::LosesCronJob);
    let before = offer.live();
    let failed = offer.exuvia(&["rehearse", "--keep", "--soak", "0", "--json"]);
    let failed = failed.exits(1).json();
    assert_eq!(
        failed["state"]["failure"]["during"], "rehearse",
        "{failed:#}"
    );
    let why = failed["state"]["failure"]["why"].as_str().unwrap();
    assert!(why.contains("cron"), "{why}");
    let report = std::fs::read_to_string(failed["report"].as_str().unwrap()).unwrap();
    assert!(
        report.contains("# Rehearsal of OpenClaw 2026.9.5 to 2026.9.6"),
        "{report}"
    );
    assert!(report.contains("would fail"), "{report}");
    assert_eq!(offer.live(), before);
    assert!(offer.beside().is_empty(), "a package was left");
    let core = entry(offer.check(), "openclaw");
    assert_eq!(core["assessment"]["risk"], "blocked", "{core:#}");
    let _ = offer.exuvia(&["rehearse"]).exits(3);
}

#[test]
fn what_is_not_in_the_report_is_not_rehearsed() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let report = offer.report["reportId"].as_str().unwrap();
    for asked in ["openclaw@2026.9.7", "something", "demo-plugin"] {
        let refused = offer.exuvia(&["rehearse", asked, "--report", report]);
        let refused = refused.exits(3);
        assert!(
            refused.stderr.contains("nothing was changed"),
            "{refused:?}"
        );
    }
    assert!(!offer.world.exuvia_home().join("runs").exists());
}

#[test]
fn an_upgrade_goes_on_with_what_was_rehearsed_ahead_of_time() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let run = keep(&offer);
    let staged = staged(&offer);
    let done = offer.upgrade().exits(0).json();
    assert_eq!(done["rehearsed"]["ahead"], run, "{done:#}");
    assert_eq!(live(&offer), staged, "it was staged again");
    assert_eq!(offer.versions(), ["2026.9.6", "2026.9.6"]);
    let _ = offer.exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
}

#[test]
fn a_kept_stage_whose_bytes_changed_is_not_used() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    keep(&offer);
    let stage = offer.beside().remove(0);
    let file = stage.join("lib/node_modules/openclaw/dist/entry.js");
    std::fs::write(&file, "evil();\n").unwrap();
    let done = offer.upgrade().exits(0).json();
    assert_eq!(done["rehearsed"]["ahead"], Value::Null, "{done:#}");
    let live = offer.world.install.package.join("dist/entry.js");
    assert_eq!(std::fs::read_to_string(live).unwrap(), "export {};\n");
}

#[test]
fn another_configuration_is_rehearsed_again() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    keep(&offer);
    let path = offer.world.install.state.join("openclaw.json");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("kept too", "another")).unwrap();
    let staged = staged(&offer);
    let done = offer.upgrade().exits(0).json();
    assert_eq!(done["rehearsed"]["ahead"], Value::Null, "{done:#}");
    assert_eq!(live(&offer), staged, "it was staged again");
}

#[test]
fn a_later_rehearsal_takes_the_place_of_the_one_that_was_kept() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let first = keep(&offer);
    let second = keep(&offer);
    assert_ne!(first, second);
    let done = offer.upgrade().exits(0).json();
    assert_eq!(done["rehearsed"]["ahead"], second, "{done:#}");
}

/// Directories for temporary files are empty in there; what the configuration names below them is
/// found all the same, and not written.
#[test]
fn a_plugin_that_is_linked_below_tmp_is_there_in_the_rehearsal() {
    let linked = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::write(linked.path().join("index.js"), "export {};\n").unwrap();
    let world = World::new();
    let file = world.install.state.join("openclaw.json");
    let config = std::fs::read_to_string(&file).unwrap();
    let path = linked.path().display();
    let linking = config.replacen(
        "plugins: {",
        &format!("plugins: {{ load: {{ paths: ['{path}'] }},"),
        1,
    );
    assert_ne!(linking, config);
    std::fs::write(&file, linking).unwrap();
    let offer = Offer::to(world, Mini::release("2026.9.6"));
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), ["2026.9.6", "2026.9.6"]);
    // Where it is really gone, that is told before anything is begun.
    drop(linked);
    let told = offer.exuvia(&["status", "--json"]).json().to_string();
    assert!(told.contains("plugin path not found"), "{told}");
}
