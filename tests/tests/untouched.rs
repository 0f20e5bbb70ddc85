//! A check changes nothing.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use exuvia_e2e::{Built, Frozen, Ran, Witness, World, read_json, sandbox};
use exuvia_testkit::model::Provider;
use serde_json::Value;

/// The only two files outside of its own home that a check may write.
const DOCUMENTS: [&str; 2] = [".openclaw/inventory.json", ".openclaw/scan-result.json"];

/// Those that a gateway writes to in a turn.
const DATABASES: [&str; 2] = [
    "state/openclaw.sqlite",
    "agents/main/agent/openclaw-agent.sqlite",
];

/// Checks, and fails if anything below `home` was touched but the two documents and `.exuvia`.
fn check_touches_only_its_own(world: &World) {
    let home = world.home().path();
    let before = Witness::of(home);
    let mut check = world.command(&["check"]);
    // npm, which is asked for its registry, shall find its own home and no other.
    let _ = Ran::of(check.env_remove("npm_config_cache")).exits(0);
    let touched: Vec<PathBuf> = before
        .touched(&Witness::of(home))
        .into_iter()
        .filter(|path| !path.starts_with(".exuvia"))
        .collect();
    assert_eq!(touched, DOCUMENTS.map(PathBuf::from));
}

fn size(file: &Path) -> u64 {
    file.metadata().map_or(0, |meta| meta.len())
}

/// The inventory that the last check left, without what differs from scan to scan.
fn inventory(state: &Path) -> Value {
    let mut inventory = read_json(&state.join("inventory.json"));
    for key in ["scanTime", "inventoryId"] {
        inventory[key] = Value::Null;
    }
    inventory
}

/// Fails with the lines that only one of the two has.
fn assert_same(one: &Value, other: &Value, when: &str) {
    let [one, other] = [one, other].map(|value| format!("{value:#}"));
    let only = |of: &str, not: &str| {
        let there: HashSet<&str> = not.lines().collect();
        let lines = of.lines().filter(|line| !there.contains(line));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    let (gone, new) = (only(&one, &other), only(&other, &one));
    assert!(one == other, "{when}, without {gone:?}, with {new:?}");
}

/// Merges a database's log into it, as a gateway that ends by itself does.
fn merge_log(database: &Path) {
    let connection = rusqlite::Connection::open(database).unwrap();
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!(busy, 0, "{}", database.display());
}

#[test]
fn a_check_touches_nothing_beside_a_live_gateway_nor_without_one() {
    let world = World::fork();
    let provider = Provider::start();
    world.home().use_model(&provider).unwrap();
    let around = [
        sandbox().tools().openclaw_package(),
        sandbox().root().join("remotes"),
        sandbox().root().join("linked"),
    ];
    let before = around.each_ref().map(|path| Witness::of(path));

    let gateway = world.gateway().unwrap();
    let _ = world.turn(&gateway).exits(0);
    let state = world.home().state();
    for database in DATABASES {
        assert_ne!(
            size(&state.join(format!("{database}-wal"))),
            0,
            "{database} has no log"
        );
    }
    let _ = world.exuvia(&["check"]).exits(0);
    // Whatever changes while the gateway holds still was not the gateway.
    let frozen = Frozen::of(world.home().path());
    assert_ne!(frozen.count(), 0);
    check_touches_only_its_own(&world);
    let beside = inventory(&state);

    // Killed where it stood, it leaves its logs, and not a byte more than there was beside it.
    drop(gateway);
    drop(frozen);
    check_touches_only_its_own(&world);
    assert_same(&beside, &inventory(&state), "after the gateway's death");

    for database in DATABASES {
        merge_log(&state.join(database));
    }
    check_touches_only_its_own(&world);
    assert_same(&beside, &inventory(&state), "with the logs merged");

    let gateway = world.gateway().unwrap();
    let _ = world.turn(&gateway).exits(0);
    gateway.stop().unwrap();
    check_touches_only_its_own(&world);
    for (path, before) in around.iter().zip(before) {
        assert_eq!(
            before.touched(&Witness::of(path)),
            [] as [PathBuf; 0],
            "{}",
            path.display()
        );
    }
}

#[test]
fn what_is_still_in_the_write_ahead_log_is_read_without_a_checkpoint() {
    let built = Built::plain();
    let writer = built.install.open_state();
    let rows = |sql: &str| {
        writer
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(rows("SELECT count(*) FROM config_machine_state"), 1);
    let before = Witness::of(&built.install.home);
    built.check();
    let touched = before.touched(&Witness::of(&built.install.home));
    assert_eq!(touched, DOCUMENTS.map(PathBuf::from));
}

#[test]
fn a_check_does_not_wait_for_a_writer_nor_make_one_wait() {
    let built = Built::plain();
    let writer = built.install.open_state();
    writer
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM config_machine_state")
        .unwrap();
    built.check();
    writer.execute_batch("ROLLBACK; BEGIN EXCLUSIVE").unwrap();
    built.check();
    writer.execute_batch("COMMIT").unwrap();
}
