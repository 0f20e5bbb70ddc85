//! What the user allows upgrades to do, in `config.toml`.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use exuvia_e2e::{Ran, binary, entry};
use exuvia_testkit::mini::{Gateway, Mini, World};
use serde_json::Value;

struct Ground {
    /// Ends before the world that it runs in.
    _kept: Gateway,
    world: World,
}

impl Ground {
    fn allowing(config: &str) -> Self {
        let world = World::new();
        world.publish(Mini::release("2026.9.6"));
        std::fs::create_dir_all(world.exuvia_home()).unwrap();
        std::fs::write(world.exuvia_home().join("config.toml"), config).unwrap();
        let mut kept = world.keep(&binary());
        kept.wait_until_ready();
        Self { _kept: kept, world }
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.world.exuvia_command(&binary(), words)).bears_it()
    }

    fn check(&self) -> Value {
        self.exuvia(&["check", "--json"]).exits(0).json()
    }

    /// Upgrades OpenClaw as the newest report offers it.
    fn upgrade(&self, more: &[&str]) -> Ran {
        let report = self.check();
        let number = entry(&report, "openclaw")["number"].to_string();
        let words = [
            "upgrade",
            &number,
            "--report",
            report["reportId"].as_str().unwrap(),
            "--confirm",
            "openclaw",
            "--soak",
            "0",
            "--json",
        ];
        self.exuvia(&[&words, more].concat())
    }

    fn is_refused(&self, ran: Ran, words: &str) {
        let told = ran.exits(3).json().to_string();
        assert!(told.contains(words), "{told}");
        let status = self.exuvia(&["status", "--wait", "60", "--json"]).exits(0);
        assert_eq!(status.json()["version"]["running"], "2026.9.5");
        let runs = self.exuvia(&["history", "--json"]).exits(0).json();
        assert!(!runs.to_string().contains("\"upgrade\""), "{runs:#}");
    }

    fn kept_versions(&self) -> Vec<Value> {
        let package = &self.world.install.package;
        let beside = package.with_file_name(".exuvia");
        let trees = std::fs::read_dir(beside).unwrap();
        let mut versions: Vec<Value> = trees
            .map(|tree| {
                let package = tree.unwrap().path().join("lib/node_modules/openclaw");
                let text = std::fs::read(package.join("package.json")).unwrap();
                serde_json::from_slice::<Value>(&text).unwrap()["version"].take()
            })
            .collect();
        versions.sort_by_key(ToString::to_string);
        versions
    }
}

#[test]
fn a_release_that_is_too_young_or_of_no_known_age_is_refused_unless_told_otherwise() {
    let ground = Ground::allowing("[upgrade]\nminimum-age = \"52000w\"\n");
    ground.is_refused(ground.upgrade(&[]), "minimum-age");
    let _done = ground.upgrade(&["--despite-policy"]).exits(0);
}

#[test]
fn outside_of_the_hours_nothing_begins_and_the_next_ones_are_told() {
    // They are an hour long, and another hour begins than the one it is.
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let later = now
        .checked_add(jiff::SignedDuration::from_hours(3))
        .unwrap();
    let end = later
        .checked_add(jiff::SignedDuration::from_hours(1))
        .unwrap();
    let hour = |at: &jiff::Zoned| at.strftime("%H:00").to_string();
    let config = format!(
        "[[upgrade.window]]\nfrom = \"{}\"\nto = \"{}\"\nzone = \"UTC\"\n",
        hour(&later),
        hour(&end)
    );
    let ground = Ground::allowing(&config);
    let opens = later.strftime("%Y-%m-%dT%H:00:00Z").to_string();
    ground.is_refused(ground.upgrade(&[]), &opens);
}

#[test]
fn what_is_not_understood_allows_nothing() {
    let ground = Ground::allowing("[upgrade]\nminimum-age = \"soon\"\n");
    let told = ground.upgrade(&[]).exits(1).json().to_string();
    assert!(told.contains("config.toml:2"), "{told}");
}

#[test]
fn nothing_is_upgraded_without_being_asked_unless_the_user_said_so() {
    let ground = Ground::allowing("");
    let report = ground.check();
    let id = report["reportId"].as_str().unwrap();
    let automatic = ["upgrade", "--automatic", "--report", id, "--json"];
    ground.is_refused(ground.exuvia(&automatic), "automatic");
    let allowed = "[upgrade]\nautomatic = \"low\"\n";
    std::fs::write(ground.world.exuvia_home().join("config.toml"), allowed).unwrap();
    let mut command = ground.world.exuvia_command(&binary(), &automatic);
    command.env("OPENCLAW_NO_AUTO_UPDATE", "1");
    ground.is_refused(Ran::of(&mut command).bears_it(), "OPENCLAW_NO_AUTO_UPDATE");
    // Its databases are migrated, which is no low risk.
    assert_ne!(entry(&report, "openclaw")["assessment"]["risk"], "low");
    let _nothing = ground.exuvia(&automatic[..2]).exits(0);
    let runs = ground.exuvia(&["history", "--json"]).exits(0).json();
    assert!(!runs.to_string().contains("\"upgrade\""), "{runs:#}");
}

#[test]
fn as_many_generations_are_kept_as_the_user_wants_and_the_last_one_leads_back() {
    let ground = Ground::allowing("[upgrade]\ngenerations = 1\n");
    let _first = ground.upgrade(&[]).exits(0);
    assert_eq!(ground.kept_versions(), ["2026.9.5"]);
    ground.world.publish(Mini::release("2026.9.7"));
    let _second = ground.upgrade(&[]).exits(0);
    assert_eq!(ground.kept_versions(), ["2026.9.6"]);
    let _back = ground.exuvia(&["rollback", "--json"]).exits(0);
    let status = ground
        .exuvia(&["status", "--wait", "60", "--json"])
        .exits(0);
    assert_eq!(status.json()["version"]["running"], "2026.9.6");
}
