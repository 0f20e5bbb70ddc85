//! Upgrades and rollbacks of the real OpenClaw, while its gateway is kept.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use exuvia_e2e::{Moulting, leaves_nothing, strike, wanted_kills};
use exuvia_testkit::sandbox::{NEXT_OPENCLAW, OPENCLAW};
use serde_json::Value;

/// The releases that are gone through.
const WAY: [&str; 3] = ["2026.9.4", OPENCLAW, NEXT_OPENCLAW];
/// What the user wrote above the configuration, which OpenClaw's own writes take away.
const MINE: &str = "// Mine.\n";

#[test]
#[ignore = "a quarter of an hour on a machine that does nothing else; `cargo xtask soak --long` runs it"]
fn every_upgrade_can_be_gone_back_from_with_everything_as_it_was() {
    let mut moulting = Moulting::start_at(WAY[0]);
    let config = moulting.kept.home().state().join("openclaw.json");
    let read = || std::fs::read_to_string(&config).unwrap();
    // It says the same, so that the gateway goes on.
    std::fs::write(&config, format!("{MINE}{}", read())).unwrap();
    let mut texts = vec![read()];
    let mut before: Vec<Value> = vec![moulting.belongings()];
    println!("{:#}", before[0]);
    let watch = moulting.watch();
    for pair in WAY.windows(2) {
        moulting.offer(pair[0], pair[1]);
        let upgraded = moulting.upgrade();
        println!(
            "{} -> {}: {:.0?}\n{}",
            pair[0], pair[1], upgraded.took, upgraded.stderr
        );
        let _ = upgraded.exits(0);
        assert_eq!(moulting.version(), pair[1]);
        moulting.takes_a_turn();
        let after = moulting.belongings();
        lost_nothing(before.last().unwrap(), &after);
        leaves_nothing(&moulting, pair[1]);
        before.push(after);
        assert!(read().starts_with(MINE), "{}", read());
        texts.push(read());
    }
    for (version, before) in WAY.iter().zip(&before).rev().skip(1) {
        let back = moulting.exuvia(&["rollback", "--json"]);
        println!("back to {version}: {:.0?}\n{}", back.took, back.stderr);
        let _ = back.exits(0);
        assert_eq!(moulting.version(), *version);
        assert_eq!(moulting.belongings(), *before);
        texts.pop();
        assert_eq!(Some(&read()), texts.last());
        moulting.takes_a_turn();
    }
    leaves_nothing(&moulting, WAY[0]);
    println!("looked {} times", watch.saw_it_always());
}

/// A newer version may bring more; it may lose nothing.
fn lost_nothing(before: &Value, after: &Value) {
    for part in ["agents", "cron", "sessions"] {
        assert_eq!(before[part], after[part], "{part}");
    }
    for (agent, skills) in before["skills"].as_object().unwrap() {
        let now = after["skills"][agent].as_array().unwrap();
        for skill in skills.as_array().unwrap() {
            assert!(now.contains(skill), "{agent} lost {skill}");
        }
    }
}

/// Kills upgrades and rollbacks at some moment of their course. `openclaw --version` works at every
/// moment, and the next command leaves the install whole in one version or the other.
#[test]
fn a_kill_at_any_moment_leaves_a_working_openclaw() {
    let mut moulting = Moulting::start();
    moulting.offer(OPENCLAW, NEXT_OPENCLAW);
    let (watch, asked) = (moulting.watch(), moulting.asks_for_its_version());
    strike(&mut moulting, wanted_kills(3));
    println!(
        "looked {} times, asked {} times",
        watch.saw_it_always(),
        asked.was_always_answered()
    );
}
