//! The miniature, as `exuvia` sees it: no real OpenClaw, but a real npm.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that is not there is null, and reading it does not panic"
)]

use exuvia_e2e::{Ran, binary, entry};
use exuvia_testkit::mini::{Mini, World};
use serde_json::Value;

fn exuvia(world: &World, arguments: &[&str]) -> Ran {
    Ran::of(&mut world.exuvia_command(&binary(), arguments)).bears_it()
}

#[test]
fn a_check_finds_the_update_with_its_evidence() {
    let world = World::new();
    world.publish(Mini::release("2026.9.6"));
    let report = exuvia(&world, &["check", "--json"]).exits(0).json();
    let core = entry(&report, "openclaw");
    assert_eq!(core["update"]["current"], "2026.9.5", "{core:#}");
    assert_eq!(core["update"]["latest"], "2026.9.6", "{core:#}");
    assert_eq!(core["evidence"]["state"], "available", "{core:#}");
    let unreachable = report["unreachable"].as_array();
    assert_eq!(unreachable.map(Vec::len), Some(0), "{report:#}");
}

#[test]
fn a_kept_gateway_is_good() {
    let world = World::new();
    let mut kept = world.keep(&binary());
    kept.wait_until_ready();
    let status = exuvia(&world, &["status", "--wait", "60", "--json"]);
    let status = status.exits(0).json();
    assert_eq!(status["version"]["running"], "2026.9.5", "{status:#}");
    assert_eq!(status["version"]["installed"], "2026.9.5", "{status:#}");
    assert_eq!(status["process"]["pid"], Value::from(kept.gateway_pid()));
    assert!(status["counts"]["plugins"].as_u64() > Some(0), "{status:#}");
    assert_eq!(status["counts"]["sessions"], 2, "{status:#}");
    assert!(kept.stop().success());
    assert_eq!(kept.gateway_pid(), None);
}
