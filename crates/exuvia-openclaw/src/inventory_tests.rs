use std::path::Path;

use exuvia_host::testing::TestHost;
use exuvia_testkit::install::{Builder, Plugin, Skill};
use exuvia_testkit::tree::Snapshot;

use super::*;
use crate::{LocateOptions, locate};

fn take(home: &Path) -> Inventory {
    let host = TestHost::new().with_env("HOME", home);
    let install = locate(&host, &LocateOptions::default()).unwrap();
    take_inventory(&host, &install)
}

fn full(home: &Path) -> Builder {
    Builder::new(home)
        .plugin(Plugin::npm("msteams", "@openclaw/msteams", "2026.9.4"))
        .skill(Skill::clawhub("acme", "demo", "1.0.0"))
        .skill(Skill::local("own", "own"))
}

#[test]
fn an_inventory_names_each_thing_once_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let built = full(dir.path()).build();
    let before = (Snapshot::of(&built.state), Snapshot::of(&built.prefix));

    let inventory = take(dir.path());

    assert!(before.0.changed(&Snapshot::of(&built.state)).is_empty());
    assert!(before.1.changed(&Snapshot::of(&built.prefix)).is_empty());
    let mut ids: Vec<&str> = inventory
        .assets
        .iter()
        .map(|asset| asset.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "core:openclaw",
            "builtin:_builtin_skills",
            "builtin:_builtin_extensions",
            "extension:msteams",
            "skill:workspace/demo",
            "skill:workspace/own",
        ]
    );
    ids.dedup();
    assert_eq!(ids.len(), inventory.total_assets);
    let core = &inventory.assets[0];
    assert_eq!(core.current_version, Some("2026.9.5".into()));
    assert_eq!(inventory.assets[1].count.as_deref(), Some("3"));
    assert_eq!(inventory.assets[2].count.as_deref(), Some("3"));
    assert!(inventory.inventory_id.starts_with("inv_") && inventory.inventory_id.len() == 20);
    assert!(inventory.warnings.is_empty(), "{:?}", inventory.warnings);
    let databases = &inventory.install.databases;
    assert_eq!(databases.len(), 2);
    assert!(
        databases.iter().all(|database| database.known_schema),
        "{databases:?}"
    );
    let scratch = std::fs::read_dir(dir.path().join(".exuvia/tmp")).unwrap();
    assert_eq!(scratch.count(), 0, "the private copies are gone");
}

#[test]
fn the_same_install_at_the_same_time_gives_the_same_inventory() {
    let dir = tempfile::tempdir().unwrap();
    full(dir.path()).build();
    assert_eq!(take(dir.path()), take(dir.path()));
}

#[test]
fn a_config_that_cannot_be_read_costs_a_warning_and_not_the_rest() {
    let huge = format!("{{\"x\": \"{}\"}} trailing", "y".repeat(20 << 20));
    for config in [
        b"{ \"agents\": {".as_slice(),
        b"\xff\xfe\x00",
        b"[]",
        huge.as_bytes(),
    ] {
        let dir = tempfile::tempdir().unwrap();
        full(dir.path()).raw_config(config).build();
        let inventory = take(dir.path());
        assert_eq!(inventory.total_assets, 6);
        assert_eq!(inventory.warnings.len(), 1, "{:?}", inventory.warnings);
        assert!(
            inventory.warnings[0].contains("openclaw.json"),
            "{:?}",
            inventory.warnings
        );
        assert!(inventory.warnings[0].len() < 1000);
    }
}

#[test]
fn a_huge_config_with_comments_and_repeated_keys_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let filler = "// a comment that takes room\n".repeat(700_000);
    let config =
        format!("{{ {filler} skills: {{}}, skills: {{ load: {{ extraDirs: ['~/more'] }} }}, }}");
    full(dir.path()).raw_config(config).build();
    let extra = dir.path().join("more/skill");
    std::fs::create_dir_all(&extra).unwrap();
    std::fs::write(
        extra.join("SKILL.md"),
        "---\nname: n\ndescription: d\n---\n",
    )
    .unwrap();
    let inventory = take(dir.path());
    assert!(
        inventory
            .assets
            .iter()
            .any(|asset| asset.id.as_str() == "skill:extra-1/skill")
    );
    assert!(inventory.warnings[0].contains("\"skills\" is there more than once"));
}

#[test]
fn a_database_of_an_unknown_schema_is_read_by_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    full(dir.path()).schema(99, 21).build();
    let inventory = take(dir.path());
    assert!(inventory.assets.iter().any(|asset| asset.name == "msteams"));
    let state = &inventory.install.databases[0];
    assert_eq!((state.user_version, state.known_schema), (Some(99), false));
    assert!(
        inventory.warnings[0].contains("schema version 99"),
        "{:?}",
        inventory.warnings
    );
}

#[test]
fn a_broken_database_costs_its_records_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let built = full(dir.path()).build();
    for name in ["openclaw.sqlite-wal", "openclaw.sqlite-shm"] {
        std::fs::remove_file(built.state.join("state").join(name)).ok();
    }
    std::fs::write(built.state.join("state/openclaw.sqlite"), [7; 9000]).unwrap();
    let inventory = take(dir.path());
    assert!(inventory.assets.iter().any(|asset| asset.name == "demo"));
    let warnings = inventory.warnings.join("\n");
    assert!(
        warnings.contains("records of plugins are not known"),
        "{warnings}"
    );
}

#[test]
fn ids_that_would_be_equal_are_made_different() {
    let asset = |path: &str| {
        let provenance = exuvia_model::asset::Provenance::Bundled;
        Asset::new(
            exuvia_model::AssetKind::SkillLocal,
            "demo",
            path,
            provenance,
        )
    };
    let mut assets = [asset("/a"), asset("/b"), asset("/c")];
    make_ids_unique(&mut assets);
    let ids: HashSet<_> = assets.iter().map(|asset| asset.id.clone()).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(assets[0].id.as_str(), "skill:demo");
}
