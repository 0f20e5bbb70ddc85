//! Bad releases of the miniature: none may reach the live install, or stay there.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::time::Duration;

use exuvia_e2e::{Offer, Ran, entry, own_dir, read_json};
use exuvia_testkit::faults::Fault;
use exuvia_testkit::mini::{Flaw, Mini, World};
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
    let list = own_dir(&offer.world.exuvia_home()).join("known-bad.json");
    let is_listed = list.exists();
    if is_listed {
        let bad = &read_json(&list)["versions"][0];
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
    let why = refused["error"].as_str().unwrap();
    assert!(why.contains("failed here before"), "{why}");
    assert!(is_remembered(&mut offer, &run));
    let refused = offer.upgrade().exits(3);
    assert!(refused.stderr.contains("is blocked"), "{refused:?}");
}

#[test]
fn one_that_wants_its_doctor_first_gets_it_in_the_rehearsal_and_then_live() {
    let offer = Offer::broken(Flaw::NeedsDoctor);
    let (jobs, sessions, _) = offer.belongings();
    let done = offer.upgrade().exits(0).json();
    let recipe = &done["rehearsed"]["recipe"];
    assert_eq!(recipe, "doctor-then-start", "{done:#}");
    assert_eq!(offer.versions(), ["2026.9.6", "2026.9.6"]);
    let now = offer.belongings();
    assert_eq!((now.0.len(), &now.1), (jobs.len(), &sessions));
    let _ = offer.exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
    assert_eq!(offer.belongings().0, jobs);
}

#[test]
fn what_is_not_the_fault_of_the_release_is_not_held_against_it() {
    let mut offer = Offer::of(Mini::release("2026.9.6"));
    offer.world.npm.faults().everywhere(Fault::status(503));
    let before = offer.live();
    let failed = offer.upgrade().exits(3).json();
    assert_eq!(failed["state"]["failure"]["during"], "check", "{failed:#}");
    assert_eq!(offer.live(), before, "{failed:#}");
    offer.world.npm.faults().clear();
    assert!(!is_remembered(&mut offer, &failed["run"]));
    let _ = offer.upgrade().exits(0);
    assert_eq!(offer.versions(), ["2026.9.6", "2026.9.6"]);
}

/// What `[rehearsal]` in `config.toml` says from now on.
fn limit(offer: &Offer, settings: &str) {
    let path = offer.world.exuvia_home().join("config.toml");
    std::fs::write(path, format!("[rehearsal]\n{settings}\n")).unwrap();
}

/// Refused by the report already: it cannot even be selected.
fn cannot_be_selected(offer: &Offer) {
    let before = offer.live();
    let refused = offer.upgrade().exits(3);
    assert!(refused.stderr.contains("is blocked"), "{refused:?}");
    assert_eq!(offer.live(), before);
}

#[test]
fn one_that_dies_soon_after_it_is_ready_is_stopped_by_the_rehearsal() {
    let offer = Offer::broken(Flaw::DiesAfter(Duration::from_secs(6)));
    let before = offer.live();
    let failed = Ran::of(&mut offer.upgrade_command("60")).exits(1).json();
    assert_eq!(
        failed["state"]["failure"]["during"], "rehearse",
        "{failed:#}"
    );
    assert_eq!(offer.live(), before, "{failed:#}");
}

#[test]
fn one_that_dies_later_is_rolled_back_by_the_soak_and_not_offered_again() {
    let mut offer = Offer::broken(Flaw::DiesAfter(Duration::from_secs(50)));
    let before = offer.belongings();
    let failed = Ran::of(&mut offer.upgrade_command("90")).exits(4).json();
    assert_eq!(failed["state"]["failure"]["during"], "prove", "{failed:#}");
    assert_eq!(offer.versions(), ["2026.9.5", "2026.9.5"]);
    assert_eq!(offer.belongings(), before);
    assert!(offer.own("rehearsals").is_empty(), "a copy was left");
    assert!(is_remembered(&mut offer, &failed["run"]));
}

#[test]
fn one_whose_plugins_throw_is_stopped_by_the_rehearsal() {
    is_stopped(&Offer::broken(Flaw::PluginsThrow), "plugins");
}

#[test]
fn one_that_loses_a_cron_job_is_stopped_by_the_rehearsal() {
    is_stopped(&Offer::broken(Flaw::LosesCronJob), "cron job");
}

#[test]
fn one_that_drops_a_key_of_the_configuration_is_stopped_by_the_rehearsal() {
    let offer = Offer::broken(Flaw::DropsConfigKey("messages.suffix".to_owned()));
    is_stopped(&offer, "messages.suffix");
}

#[test]
fn one_whose_migration_throws_half_way_is_stopped_by_the_rehearsal() {
    is_stopped(&Offer::broken(Flaw::MigrationThrows), "in the rehearsal");
}

#[test]
fn one_that_takes_too_long_to_start_is_stopped_by_the_rehearsal() {
    let mut offer = Offer::broken(Flaw::StartsAfter(Duration::from_mins(10)));
    limit(&offer, "ready-seconds = 3");
    let run = is_stopped(&offer, "not ready within 3 s")["run"].clone();
    // A machine that does much else is slow, too.
    assert!(!is_remembered(&mut offer, &run));
}

#[test]
fn one_that_eats_memory_is_stopped_by_the_rehearsal() {
    let offer = Offer::broken(Flaw::EatsMemory(1 << 30));
    limit(&offer, "memory-mb = 512");
    is_stopped(&offer, "in the rehearsal");
}

#[test]
fn one_that_says_that_it_is_another_version_is_stopped_by_the_rehearsal() {
    is_stopped(
        &Offer::broken(Flaw::SaysVersion("2026.9.5".to_owned())),
        "2026.9.5",
    );
}

#[test]
fn one_whose_turns_fail_is_stopped_by_the_rehearsal() {
    is_stopped(&Offer::broken(Flaw::TurnsFail), "a turn of an agent");
}

#[test]
fn turns_that_failed_before_are_told_and_stop_nothing() {
    let world = World::with(Mini::release("2026.9.5").broken(Flaw::TurnsFail));
    let offer = Offer::to(world, Mini::release("2026.9.6").broken(Flaw::TurnsFail));
    let done = offer.upgrade().exits(0).json();
    let turn = &done["rehearsed"]["turn"];
    assert_eq!(turn["state"], "unknown", "{done:#}");
    assert!(turn["why"].as_str().unwrap().contains("2026.9.5"), "{turn}");
}

#[test]
fn what_the_rehearsal_found_is_told_and_kept_with_the_run() {
    let offer = Offer::of(Mini::release("2026.9.6"));
    let done = offer.upgrade().exits(0).json();
    let found = &done["rehearsed"];
    assert_eq!(found["turn"]["state"], "works", "{done:#}");
    assert_eq!(found["wayBack"]["state"], "works", "{done:#}");
    assert!(found["isolation"].as_str().unwrap().starts_with("full"));
    let run = done["run"].as_str().unwrap();
    let kept = offer.exuvia(&["history", run, "--json"]).exits(0).json();
    assert_eq!(kept["rehearsed"], *found);
    let told = offer.exuvia(&["history", run]).exits(0);
    assert!(told.stdout.contains("a turn of an agent works"), "{told:?}");
    let live = std::fs::read_to_string(offer.world.install.state.join("openclaw.json")).unwrap();
    assert!(!live.contains("exuvia-stand-in"), "{live}");
}

#[test]
fn one_for_a_newer_node_cannot_be_selected() {
    cannot_be_selected(&Offer::broken(Flaw::NeedsNewerNode));
}

#[test]
fn bytes_that_are_not_the_registrys_cannot_be_selected() {
    cannot_be_selected(&Offer::broken(Flaw::WrongIntegrity));
}

#[test]
fn a_lower_version_under_a_higher_name_is_not_installed() {
    let offer = Offer::broken(Flaw::IsVersion("2026.9.4".to_owned()));
    let before = offer.live();
    let refused = offer.upgrade();
    assert!(matches!(refused.code, Some(1 | 3)), "{refused:?}");
    assert_eq!(offer.live(), before);
    assert!(offer.beside().is_empty(), "a package was left");
}

#[test]
fn a_lower_version_that_is_called_the_latest_is_not_offered() {
    let world = World::new();
    world.publish(Mini::release("2026.9.6"));
    let mut offer = Offer::to(world, Mini::release("2026.9.4"));
    let before = offer.live();
    let report = offer.check();
    let offered = report["entries"].as_array().unwrap().iter();
    let offered = offered.filter(|entry| entry["name"] == "openclaw");
    for entry in offered {
        assert_eq!(entry["assessment"]["risk"], "blocked", "{entry:#}");
    }
    assert_eq!(offer.live(), before);
}

#[test]
fn a_script_that_writes_into_the_home_directory_writes_nothing() {
    let flaw = Flaw::PostinstallWritesHome("was-here".to_owned());
    let offer = Offer::broken(flaw);
    let _ = offer.upgrade();
    let file = offer.world.install.home.join("was-here");
    assert!(!file.exists(), "{}", file.display());
    let [running, installed] = offer.versions();
    assert_eq!(running, installed);
}

#[test]
fn a_script_that_phones_home_reaches_nobody() {
    let world = World::new();
    let flaw = Flaw::PostinstallPhonesHome(world.channel.url());
    let offer = Offer::to(world, Mini::release("2026.9.6").broken(flaw));
    let _ = offer.upgrade();
    assert_eq!(offer.world.channel.messages().all().len(), 0);
    let [running, installed] = offer.versions();
    assert_eq!(running, installed);
}

#[test]
fn a_message_in_the_rehearsal_reaches_no_channel() {
    // Stopped after the gateway had every opportunity.
    let release = Mini::release("2026.9.6").broken(Flaw::MessagesChannel);
    let offer = Offer::of(release.broken(Flaw::PluginsThrow));
    is_stopped(&offer, "plugins");
    assert_eq!(offer.world.channel.messages().all().len(), 0);
}
