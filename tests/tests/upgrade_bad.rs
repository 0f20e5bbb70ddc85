//! Bad releases of the miniature: none may reach the live install, or stay there.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use exuvia_e2e::{Offer, entry};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::mini::{Flaw, Mini};
use serde_json::Value;

/// Stopped before the live install was touched, with these words; the run's document.
fn is_stopped(offer: &Offer, words: &str) -> Value {
    let before = offer.live();
    let failed = offer.upgrade().exits(1).json();
    let why = failed["state"]["failure"]["why"]
        .as_str()
        .unwrap_or_default();
    assert!(why.contains(words), "{words:?} is not said: {failed:#}");
    assert_eq!(offer.live(), before, "{failed:#}");
    assert!(offer.own("rehearsals").is_empty(), "a copy was left");
    assert!(offer.beside().is_empty(), "a package was left");
    failed
}

/// Whether the next check offers the version again.
fn is_remembered(offer: &mut Offer, run: &Value) -> bool {
    let list = exuvia_e2e::own_dir(&offer.world.exuvia_home()).join("known-bad.json");
    let is_listed = list.exists();
    if is_listed {
        let bad = &exuvia_e2e::read_json(&list)["versions"][0];
        assert_eq!(bad["version"], "2026.9.6");
        assert_eq!(bad["run"], *run);
        assert!(
            bad["reason"].is_string() && bad["at"].is_string(),
            "{bad:#}"
        );
    }
    let core = entry(offer.check(), "openclaw");
    let rows = core["assessment"]["reasons"].as_array().unwrap();
    let is_blocked = rows.iter().any(|row| row["row"] == "known-bad");
    assert_eq!(is_listed, is_blocked, "{core:#}");
    is_blocked
}

#[test]
fn a_version_that_failed_in_the_rehearsal_is_not_offered_again() {
    let mut offer = Offer::broken(Flaw::GatewayRunBroken);
    let run = is_stopped(&offer, "in the rehearsal")["run"].clone();
    // The same report, too, which is older than what happened.
    let refused = offer.upgrade().exits(3).json();
    assert_eq!(
        refused["state"]["failure"]["during"], "check",
        "{refused:#}"
    );
    assert!(is_remembered(&mut offer, &run));
    let refused = offer.upgrade().exits(3);
    assert!(refused.stderr.contains("is blocked"), "{refused:?}");
}

#[test]
fn a_version_that_failed_when_it_was_live_is_not_offered_again() {
    let mut offer = Offer::broken(Flaw::DiesAfter(std::time::Duration::from_secs(10)));
    let before = offer.belongings();
    let failed = exuvia_e2e::Ran::of(&mut offer.upgrade_command("30"));
    let failed = failed.exits(4).json();
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
    assert_eq!(offer.belongings(), before);
    assert!(is_remembered(&mut offer, &failed["run"]));
}

#[test]
fn what_is_not_the_fault_of_the_release_is_not_held_against_it() {
    let mut offer = Offer::of(Mini::release("2026.9.6"));
    offer.world.npm.faults().everywhere(Fault::status(503));
    let failed = is_stopped(&offer, "");
    assert_eq!(failed["state"]["failure"]["during"], "stage", "{failed:#}");
    offer.world.npm.faults().clear();
    assert!(!is_remembered(&mut offer, &failed["run"]));
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), ["2026.9.6", "2026.9.6"]);
}
