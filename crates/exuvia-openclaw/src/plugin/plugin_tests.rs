use std::path::Path;

use exuvia_host::testing::TestHost;
use exuvia_model::asset::{ClonedBy, Provenance, ScriptSign};
use exuvia_model::{Asset, AssetKind, Inventory};
use exuvia_testkit::install::{Builder, Install as Built, Plugin, Records};
use serde_json::json;

use super::{NewVersion, RecordText, put_record, record_text};
use crate::{LocateOptions, locate, take_inventory};

const COMMIT: &str = "b269b9029b4cec35cfefa19344148bd3ab32f3a0";

fn inventory(home: &Path) -> Inventory {
    let host = TestHost::new().with_env("HOME", home);
    let install = locate(&host, &LocateOptions::default()).unwrap();
    take_inventory(&host, &install)
}

fn build(builder: impl FnOnce(Builder) -> Builder) -> (tempfile::TempDir, Built) {
    let dir = tempfile::tempdir().unwrap();
    let built = builder(Builder::new(dir.path())).build();
    (dir, built)
}

fn plugin<'i>(inventory: &'i Inventory, id: &str) -> &'i Asset {
    let ids: Vec<&str> = inventory
        .assets
        .iter()
        .map(|asset| asset.id.as_str())
        .collect();
    let found = inventory
        .assets
        .iter()
        .find(|asset| asset.id.as_str() == id);
    found.unwrap_or_else(|| panic!("{id} is not among {ids:?}; {:?}", inventory.warnings))
}

fn add_plugin(dir: &Path, id: &str) {
    std::fs::create_dir_all(dir).unwrap();
    let manifest = json!({ "id": id }).to_string();
    std::fs::write(dir.join("openclaw.plugin.json"), manifest).unwrap();
}

#[test]
fn every_source_of_plugins_is_told_apart() {
    let linked = tempfile::tempdir().unwrap();
    let (dir, _) = build(|builder| {
        builder
            .plugin(Plugin::npm("msteams", "@openclaw/msteams", "2026.9.4"))
            .plugin(Plugin::git("gitdemo", "https://example.org/g.git", COMMIT))
            .plugin(Plugin::linked("localdemo", linked.path()))
            .plugin(Plugin::archive("packed", Path::new("/tmp/x.tgz"), "1.0.0"))
    });
    let inventory = inventory(dir.path());

    let npm = plugin(&inventory, "extension:msteams");
    assert_eq!(npm.kind, AssetKind::ExtensionNpm);
    assert_eq!(npm.npm_package.as_deref(), Some("@openclaw/msteams"));
    assert_eq!(npm.current_version, Some("2026.9.4".into()));
    assert!(matches!(
        &npm.provenance,
        Provenance::Npm {
            integrity: Some(_),
            ..
        }
    ));
    assert!(
        npm.content_digest.is_some() && npm.problems.is_empty(),
        "{:?}",
        npm.problems
    );

    let git = plugin(&inventory, "extension:gitdemo");
    assert_eq!(git.kind, AssetKind::ExtensionGithub);
    assert_eq!(git.current_commit.as_deref(), Some(COMMIT));
    assert!(matches!(
        &git.provenance,
        Provenance::Git {
            cloned_by: ClonedBy::OpenClaw,
            ..
        }
    ));

    let local = plugin(&inventory, "extension:localdemo");
    assert_eq!(local.kind, AssetKind::ExtensionLocal);
    assert!(matches!(
        &local.provenance,
        Provenance::Local { linked: true, .. }
    ));
    let packed = plugin(&inventory, "extension:packed");
    assert!(matches!(
        &packed.provenance,
        Provenance::Local { linked: false, .. }
    ));
    let extensions = inventory
        .assets
        .iter()
        .filter(|asset| asset.id.as_str().starts_with("extension:"));
    assert_eq!(extensions.count(), 4);
}

#[test]
fn older_records_are_used_only_where_there_is_no_present_index() {
    for records in [Records::ConfigKey, Records::File] {
        let (dir, _) = build(|builder| {
            let npm = Plugin::npm("msteams", "@openclaw/msteams", "2026.9.4");
            builder.records(records).plugin(npm)
        });
        assert_eq!(
            plugin(&inventory(dir.path()), "extension:msteams").kind,
            AssetKind::ExtensionNpm
        );
    }
    let (dir, built) = build(|builder| {
        builder.config(
            "plugins",
            json!({ "installs": { "stale": { "source": "npm" } } }),
        )
    });
    std::fs::create_dir(built.state.join("plugins")).unwrap();
    let stale = json!({ "installRecords": { "stale2": { "source": "npm" } } }).to_string();
    std::fs::write(built.state.join("plugins/installs.json"), stale).unwrap();
    let inventory = inventory(dir.path());
    assert!(
        !inventory
            .assets
            .iter()
            .any(|asset| asset.name.starts_with("stale"))
    );
}

#[test]
fn plugins_that_only_lie_there_are_untracked_and_weaker_than_all_others() {
    let (dir, built) =
        build(|builder| builder.plugin(Plugin::npm("msteams", "@openclaw/msteams", "1.0.0")));
    add_plugin(&built.state.join("extensions/own"), "own");
    add_plugin(&built.state.join("extensions/telegram"), "telegram");
    add_plugin(&built.state.join("extensions/copy"), "msteams");
    add_plugin(&built.state.join("extensions/old.bak"), "old");
    add_plugin(&built.workspace.join(".openclaw/extensions/ws"), "ws");
    let inventory = inventory(dir.path());

    for id in ["extension:extensions/own", "extension:workspace/ws"] {
        let loose = plugin(&inventory, id);
        assert!(matches!(loose.provenance, Provenance::Untracked { .. }));
        assert!(!loose.has_conflict(), "{id}");
    }
    assert!(!inventory.assets.iter().any(|asset| asset.name == "old.bak"));
    let shadowed = plugin(&inventory, "extension:extensions/telegram");
    assert!(!shadowed.conflicts[0].wins);
    assert!(
        shadowed.conflicts[0]
            .other_path
            .ends_with("dist/extensions/telegram")
    );
    assert!(plugin(&inventory, "extension:msteams").conflicts[0].wins);
    assert!(!plugin(&inventory, "extension:extensions/copy").conflicts[0].wins);
}

#[test]
fn an_installed_plugin_before_the_bundled_one_of_its_id_is_no_conflict() {
    let (dir, _) = build(|b| b.plugin(Plugin::npm("telegram", "@openclaw/telegram", "2026.9.6")));
    assert!(!plugin(&inventory(dir.path()), "extension:telegram").has_conflict());
}

#[test]
fn what_a_record_says_is_compared_with_what_is_there() {
    let (dir, built) = build(|builder| {
        let hook = json!({ "name": "p", "version": "3.0.0", "scripts": { "postinstall": "x" } });
        builder
            .plugin(Plugin::npm("moved", "moved", "1.0.0").file("package.json", hook.to_string()))
            .plugin(Plugin::npm("gone", "gone", "1.0.0"))
            .plugin(Plugin::npm("shop", "shop", "1.0.0").with("source", json!("clawhub")))
            .plugin(Plugin::npm("odd", "odd", "1.0.0").with("installPath", json!(7)))
    });
    let gone = plugin(&inventory(dir.path()), "extension:gone")
        .path
        .clone();
    std::fs::remove_dir_all(&gone).unwrap();
    let inventory = inventory(dir.path());

    let moved = plugin(&inventory, "extension:moved");
    assert_eq!(moved.current_version, Some("3.0.0".into()));
    assert!(moved.problems[0].contains("its record says version 1.0.0"));
    assert!(
        moved
            .scripts
            .iter()
            .any(|script| script.why == ScriptSign::InstallHook)
    );
    assert!(plugin(&inventory, "extension:gone").problems[0].contains("is not there"));
    let shop = plugin(&inventory, "extension:shop");
    assert!(
        matches!(&shop.provenance, Provenance::Untracked { reason } if reason.contains("clawhub"))
    );
    assert!(!plugin(&inventory, "extension:odd").problems.is_empty());
    assert!(built.state.exists());
}

/// The record of `demo`, the text of the whole row, and the install.
fn recorded(built: &Built, dir: &Path) -> (RecordText, String, crate::Install) {
    let host = TestHost::new().with_env("HOME", dir);
    let install = locate(&host, &LocateOptions::default()).unwrap();
    let record = record_text(&host, &install, "demo").unwrap();
    let row = "SELECT value_json FROM config_machine_state";
    let row = built.open_state().query_row(row, [], |row| row.get(0));
    (record, row.unwrap(), install)
}

fn newer(record: &RecordText) -> RecordText {
    let new = NewVersion {
        package: "@acme/demo",
        version: "1.1.0",
        integrity: "sha512-new",
        shasum: Some("abc"),
        path: Path::new("/elsewhere/node_modules/@acme/demo"),
        at: "2026-11-21T20:00:00.1234Z".parse().unwrap(),
    };
    record.at_version("demo", &new).unwrap()
}

#[test]
fn a_record_of_another_version_differs_in_what_openclaws_own_update_writes() {
    let (dir, built) = build(|builder| {
        let accepted = json!({ "channels": [] });
        let demo = Plugin::npm("demo", "@acme/demo", "1.0.0");
        let demo = demo
            .with("acceptedSurface", accepted)
            .with("mine", json!(7));
        builder.plugin(demo)
    });
    let (record, _, _) = recorded(&built, dir.path());
    let (old, new) = (record.value().unwrap(), newer(&record).value().unwrap());
    for (key, value) in [
        ("spec", "@acme/demo@1.1.0"),
        ("resolvedSpec", "@acme/demo@1.1.0"),
        ("version", "1.1.0"),
        ("resolvedVersion", "1.1.0"),
        ("integrity", "sha512-new"),
        ("shasum", "abc"),
        ("installPath", "/elsewhere/node_modules/@acme/demo"),
        ("installedAt", "2026-11-21T20:00:00.123Z"),
        ("resolvedAt", "2026-11-21T20:00:00.123Z"),
        ("acceptedSurfaceIntegrity", "sha512-new"),
    ] {
        assert_eq!(new[key], value, "{key}");
    }
    for key in ["source", "resolvedName", "acceptedSurface", "mine"] {
        assert_eq!(new[key], old[key], "{key}");
    }
}

#[test]
fn a_record_that_follows_a_tag_follows_it_still() {
    let (dir, built) = build(|builder| {
        let demo = Plugin::npm("demo", "@acme/demo", "1.0.0");
        builder.plugin(demo.with("spec", json!("@acme/demo@beta")))
    });
    let (record, _, _) = recorded(&built, dir.path());
    assert_eq!(newer(&record).text("spec").unwrap(), "@acme/demo@beta");
}

#[test]
fn a_record_is_put_back_to_the_byte_and_nothing_else_of_the_index_is_touched() {
    let (dir, built) = build(|builder| {
        builder
            .plugin(Plugin::npm("demo", "@acme/demo", "1.0.0"))
            .plugin(Plugin::npm("other", "other", "1.0.0"))
    });
    let (old, before, install) = recorded(&built, dir.path());
    let (new, state) = (newer(&old), &install.state_dir);
    let at = "2026-11-21T20:00:00Z".parse().unwrap();
    put_record(state, "demo", &old, &new, at).unwrap();
    let (found, after, _) = recorded(&built, dir.path());
    assert_eq!(found, new);
    let after: serde_json::Value = serde_json::from_str(&after).unwrap();
    let mut entries = after["index"]["plugins"].as_array().unwrap().iter();
    let demo = entries.find(|entry| entry["pluginId"] == "demo").unwrap();
    assert_eq!(demo["rootDir"], "/elsewhere/node_modules/@acme/demo");
    let source = "/elsewhere/node_modules/@acme/demo/index.js";
    assert_eq!(demo["source"], source);

    // Twice is once, and what somebody else wrote is not overwritten.
    put_record(state, "demo", &old, &new, at).unwrap();
    assert!(put_record(state, "demo", &old, &old, at).is_err());
    assert!(put_record(state, "gone", &old, &new, at).is_err());

    put_record(state, "demo", &new, &old, at).unwrap();
    let (_, back, _) = recorded(&built, dir.path());
    let plain = |row: &str| {
        let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
        row["revision"].take();
        row["index"]["generatedAtMs"].take();
        row
    };
    assert_eq!(plain(&back), plain(&before));
    let keys = |row: &str| row.find("installRecords").zip(row.find("\"plugins\""));
    assert_eq!(keys(&back), keys(&before), "the order of its keys");
}
