//! What the builder writes.
#![allow(
    clippy::disallowed_methods,
    reason = "looks at what was written to the disk"
)]

use exuvia_testkit::git::{Repo, git};
use exuvia_testkit::install::{Builder, Place, Plugin, Records, Skill};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

#[test]
fn the_plugin_index_is_in_the_wal_and_not_in_the_database_file() {
    let home = tempfile::tempdir().unwrap();
    let install = Builder::new(home.path())
        .plugin(Plugin::npm("msteams", "@openclaw/msteams", "2026.9.4"))
        .build();

    let database = install.state.join("state/openclaw.sqlite");
    let alone = home.path().join("alone.sqlite");
    std::fs::copy(&database, &alone).unwrap();
    let alone = Connection::open(alone).unwrap();
    let count = "SELECT count(*) FROM sqlite_master";
    let tables: i64 = alone.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);

    let both = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let value: String = both
        .query_row(
            "SELECT value_json FROM config_machine_state WHERE state_key = 'plugins.installedIndex'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let value: Value = serde_json::from_str(&value).unwrap();
    let record = &value["index"]["installRecords"]["msteams"];
    assert_eq!(record["resolvedVersion"], "2026.9.4");
    let path = record["installPath"].as_str().unwrap();
    assert!(
        std::path::Path::new(path)
            .join("openclaw.plugin.json")
            .is_file()
    );
    let version: i64 = both
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 17);
}

#[test]
fn older_releases_records_are_where_those_kept_them() {
    for (records, file, pointer) in [
        (
            Records::ConfigKey,
            "openclaw.json",
            "/plugins/installs/demo/source",
        ),
        (
            Records::File,
            "plugins/installs.json",
            "/installRecords/demo/source",
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let plugin = Plugin::git("demo", "https://example.invalid/demo.git", "0123");
        let install = Builder::new(home.path())
            .records(records)
            .plugin(plugin)
            .build();
        let text = std::fs::read_to_string(install.state.join(file)).unwrap();
        let json = text
            .lines()
            .filter(|line| !line.starts_with("//"))
            .collect::<String>();
        let value: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value.pointer(pointer).unwrap(), "git", "{records:?}");
    }
}

#[test]
fn skills_of_every_origin_lie_where_openclaw_looks_for_them() {
    let repo = Repo::new();
    let first = repo.commit("first", &[("SKILL.md", "---\nname: cloned\n---\n")]);
    repo.commit("second", &[("SKILL.md", "---\nname: cloned\n---\nMore.\n")]);
    let home = tempfile::tempdir().unwrap();
    let install = Builder::new(home.path())
        .skill(Skill::clawhub("acme", "demo", "1.0.0"))
        .skill(Skill::clawhub_cli("acme", "demo", "1.0.0"))
        .skill(Skill::git("from-git", &repo.url(), &first))
        .skill(Skill::clone_of("cloned", &repo.url()).at(&first))
        .skill(Skill::local("$(id) a'b\"c\n", "odd"))
        .skill(Skill::local("managed", "odd").place(Place::Managed))
        .build();

    let skills = install.workspace.join("skills");
    for path in [
        skills.join("demo/.clawhub/origin.json"),
        skills.join("@acme/demo/.clawhub/origin.json"),
        skills.join("from-git/.openclaw/source-origin.json"),
        skills.join("$(id) a'b\"c\n/SKILL.md"),
        install.state.join("skills/managed/SKILL.md"),
    ] {
        assert!(path.is_file(), "{}", path.display());
    }
    assert_eq!(git(&skills.join("cloned"), &["rev-parse", "HEAD"]), first);
    let lock = std::fs::read_to_string(install.workspace.join(".clawhub/lock.json")).unwrap();
    let lock: Value = serde_json::from_str(&lock).unwrap();
    let keys: Vec<_> = lock["skills"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["@acme/demo", "demo"]);
}
