//! Snapshots of a real gateway that goes on working.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::path::Path;
use std::time::Duration;

use exuvia_e2e::{Conversation, Ledger, Ran, Turn, World, transcript};
use exuvia_testkit::model::Provider;
use serde_json::Value;

/// As many as the acceptance asks for.
const SNAPSHOTS: usize = 50;
/// How many of the copies are opened by OpenClaw, which takes seconds each; the environment
/// variable `EXUVIA_E2E_OPENED` names another number.
const OPENED: usize = 4;
/// For how long turns are timed with no snapshot beside them.
const QUIET: usize = 20;
const SESSION: &str = "agent:main:live";
const LEDGER: &str = "ledger.sqlite";
const AGENT: &str = "agents/main/agent/openclaw-agent.sqlite";

/// A snapshot, and what had been said when it was asked for.
struct Taken {
    name: String,
    took: Duration,
    acknowledged: usize,
}

fn take(world: &World, conversation: &Conversation, number: usize) -> Taken {
    let name = format!("live-{number}");
    let acknowledged = conversation.acknowledged().len();
    let ran = world
        .exuvia(&["snapshot", "create", "--name", &name, "--json"])
        .exits(0);
    assert_eq!(ran.json()["snapshot"]["name"], name.as_str());
    Taken {
        name,
        took: ran.took,
        acknowledged,
    }
}

/// Restores a snapshot to `copy` and fails the test unless all that must be in it is.
fn check(world: &World, taken: &Taken, turns: &[Turn], copy: &Path) -> i64 {
    let to = copy.display().to_string();
    let _ = world
        .exuvia(&["snapshot", "restore", &taken.name, "--to", &to, "--json"])
        .exits(0);
    let answered = transcript::answered(&copy.join(AGENT));
    for turn in &turns[..taken.acknowledged] {
        let held = answered.contains(&turn.message);
        assert!(held, "{} has no {:?}", taken.name, turn.message);
    }
    transcript::integrity(&copy.join("state/openclaw.sqlite"));
    transcript::integrity(&copy.join(LEDGER));
    Ledger::check(&copy.join(LEDGER))
}

/// Has OpenClaw open a copy and list its sessions.
fn open(world: &World, copy: &Path) {
    let mut openclaw = world.openclaw_command(&["sessions", "--json"]);
    let listed = Ran::of(openclaw.env("OPENCLAW_STATE_DIR", copy));
    let listed = listed.exits(0).json();
    let database = listed["path"].as_str().unwrap();
    assert!(database.starts_with(copy.to_str().unwrap()), "{database}");
    let keys: Vec<&Value> = sessions(&listed).collect();
    assert!(keys.iter().any(|key| *key == SESSION), "{listed:#}");
}

fn sessions(listed: &Value) -> impl Iterator<Item = &Value> {
    let sessions = listed["sessions"].as_array().into_iter().flatten();
    sessions.map(|session| &session["key"])
}

/// Whether the copy of this number is among `opened` ones spread over all, first and last included.
fn is_opened(number: usize, opened: usize) -> bool {
    let spread = |nth: usize| nth * (SNAPSHOTS - 1) / opened.saturating_sub(1).max(1);
    (0..opened).any(|nth| spread(nth) == number)
}

fn opened() -> usize {
    let named = std::env::var("EXUVIA_E2E_OPENED");
    named.map_or(OPENED, |number| number.parse().unwrap())
}

/// The median and the longest.
fn times(mut times: Vec<Duration>) -> String {
    times.sort();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    format!("{median:.0?}, at most {longest:.0?}")
}

#[test]
fn every_snapshot_beside_a_working_gateway_has_each_acknowledged_turn_and_opens_again() {
    let world = World::fork();
    let provider = Provider::start();
    world.home().use_model(&provider).unwrap();
    let gateway = world.gateway().unwrap();
    let conversation = Conversation::begin(&gateway, SESSION);
    // The first turn loads what later ones have.
    conversation.wait_for(1 + QUIET);

    let ledger = Ledger::keep(&world.home().state().join(LEDGER));
    let quiet = conversation.acknowledged().len();
    let taken: Vec<Taken> = (0..SNAPSHOTS)
        .map(|number| take(&world, &conversation, number))
        .collect();
    let beside = conversation.acknowledged().len();
    let written = ledger.stop();
    let turns = conversation.end();
    gateway.stop().unwrap();
    drop(provider);

    assert!(
        beside >= quiet + SNAPSHOTS / 4,
        "{quiet} turns, then {beside}"
    );
    let all: Vec<Duration> = turns.iter().map(|turn| turn.took).collect();
    println!(
        "snapshots: {}",
        times(taken.iter().map(|taken| taken.took).collect())
    );
    println!("turns alone: {}", times(all[1..quiet].to_vec()));
    println!(
        "turns beside {SNAPSHOTS} snapshots: {}",
        times(all[quiet..beside].to_vec())
    );
    println!("ledger: {written:?}");

    let copies = tempfile::tempdir().unwrap();
    let opened = opened();
    let mut seen = 0;
    for (number, taken) in taken.iter().enumerate() {
        let copy = copies.path().join(&taken.name);
        let transactions = check(&world, taken, &turns, &copy);
        assert!(
            seen < transactions,
            "{} is older than the one before",
            taken.name
        );
        seen = transactions;
        if is_opened(number, opened) {
            open(&world, &copy);
        }
        std::fs::remove_dir_all(&copy).unwrap();
    }
    assert!(seen <= written.transactions);
}
