//! What a snapshot of an install or of an agent holds, and what it says.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::{Lab, UNIT_TEXT};
use exuvia_host::Host;
use exuvia_recovery::{AgentId, Context, RecoveryError, Scope, TakeOptions};
use exuvia_store::StoreError;
use exuvia_testkit::install::Plugin;
use serde_json::json;

fn copy(lab: &Lab, taken: &exuvia_recovery::Taken) -> tempfile::TempDir {
    let target = tempfile::tempdir_in(lab.directory.path()).unwrap();
    lab.recovery()
        .restore_to(&taken.snapshot, target.path())
        .unwrap();
    target
}

#[test]
fn an_install_is_held_whole_but_for_what_is_made_anew() {
    let lab = Lab::new();
    let taken = lab.take("before");
    let copy = copy(&lab, &taken);
    for path in [
        "openclaw.json",
        "workspace/MEMORY.md",
        "agents/main/sessions/1.jsonl",
        "logs/gateway.log",
        "state/openclaw.sqlite",
        "state/openclaw.sqlite-wal",
        "npm",
        "tmp",
    ] {
        assert!(copy.path().join(path).exists(), "{path}");
    }
    for path in ["cache/control-ui-assets", "tmp/skill-upload"] {
        assert!(!copy.path().join(path).exists(), "{path}");
    }
}

#[test]
fn what_belongs_to_it_is_remembered_and_read_back() {
    let lab = Lab::with(|builder| {
        builder.config(
            "agents",
            json!({ "list": [{ "id": "main" }, { "id": "other" }] }),
        )
    })
    .with_service();
    let taken = lab.take("before");
    let kept = lab.recovery().store().get("before").unwrap();
    let context = Context::of(&kept).unwrap();
    assert_eq!(Some(&context), Context::of(&taken.snapshot).as_ref());
    assert_eq!(context.install, lab.install().id());
    assert_eq!(context.state_dir, lab.state().canonicalize().unwrap());
    assert_eq!(context.agents, ["main", "other"]);
    let package = context.package.unwrap();
    assert_eq!(package.name, "openclaw");
    assert_eq!(package.version.as_deref(), Some("2026.9.5"));
    assert_eq!(package.schema_versions["state"], 17);
    assert_eq!(package.manifest_sha256.len(), 64);
    let services: Vec<_> = context.services.iter().map(|file| &file.path).collect();
    assert_eq!(services, [&lab.unit(), &lab.drop_in("10-memory.conf")]);
    assert_eq!(context.services[0].content, UNIT_TEXT.as_bytes());
    assert_eq!(Scope::of(&kept), Some(Scope::Install));
}

#[test]
fn secrets_in_a_service_are_in_no_document_that_is_shown() {
    let lab = Lab::new().with_service();
    let taken = lab.take("before");
    let shown = serde_json::to_string(&taken.snapshot).unwrap();
    assert!(!shown.contains("services"), "{shown}");
    assert!(!format!("{:?}", Context::of(&taken.snapshot)).contains("secret"));
    let kept = serde_json::to_string(&taken.snapshot.record()).unwrap();
    assert!(kept.contains("services"), "the record has them");
}

#[test]
fn what_lies_elsewhere_is_named_and_not_held() {
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().canonicalize().unwrap();
    let (workspace, linked) = (real.join("work"), real.join("linked"));
    let (skills, in_state) = (real.join("skills"), real.join("through"));
    fs::create_dir_all(&workspace).unwrap();
    fs::create_dir_all(&skills).unwrap();
    fs::create_dir_all(&in_state).unwrap();
    let lab = Lab::with(|builder| {
        builder
            .config(
                "agents",
                json!({ "list": [
                    { "id": "main", "workspace": workspace },
                    { "id": "other", "workspace": "~/.openclaw/linked-workspace" },
                    { "id": "third", "workspace": "/nowhere/at/all" },
                ] }),
            )
            .config("skills", json!({ "load": { "extraDirs": [skills] } }))
            .plugin(Plugin::linked("localdemo", &linked))
    });
    symlink(&in_state, lab.state().join("linked-workspace")).unwrap();
    let taken = lab.take("before");
    let mut expected = [workspace, linked, skills, in_state];
    expected.sort();
    assert_eq!(taken.outside, expected);
    assert_eq!(Context::of(&taken.snapshot).unwrap().outside, expected);
}

#[test]
fn a_config_file_elsewhere_is_held_and_a_link_is_named() {
    let lab = Lab::new();
    let config = lab.directory.path().join("elsewhere.json");
    fs::write(&config, "{}").unwrap();
    let mut install = lab.install();
    install.config_path.clone_from(&config);
    let options = || TakeOptions::of(Scope::Install);
    let taken = lab.recovery().take(&install, options()).unwrap();
    let context = Context::of(&taken.snapshot).unwrap();
    assert_eq!(context.config.unwrap().content, b"{}");
    let held = lab.recovery().config_of(&install, &taken.snapshot).unwrap();
    assert_eq!(held.as_deref(), Some(&b"{}"[..]));
    let link = lab.directory.path().join("link.json");
    symlink(&config, &link).unwrap();
    install.config_path = link;
    let taken = lab.recovery().take(&install, options()).unwrap();
    assert_eq!(Context::of(&taken.snapshot).unwrap().config, None);
    assert_eq!(taken.outside, [config.canonicalize().unwrap()]);
}

#[test]
fn the_config_file_is_read_out_of_a_snapshot_as_it_was() {
    let lab = Lab::new();
    let (install, taken) = (lab.install(), lab.take("before"));
    let before = fs::read(&install.config_path).unwrap();
    fs::write(&install.config_path, "{}").unwrap();
    let held = |taken: &exuvia_recovery::Taken| {
        let recovery = lab.recovery();
        recovery.config_of(&install, &taken.snapshot).unwrap()
    };
    assert_eq!(held(&taken), Some(before));
    fs::remove_file(&install.config_path).unwrap();
    symlink("elsewhere.json", &install.config_path).unwrap();
    assert_eq!(held(&lab.take("link")), None);
}

#[test]
fn a_service_that_is_a_link_is_named_and_one_of_another_install_is_not_ours() {
    let lab = Lab::new();
    let real = lab.directory.path().join("real.service");
    fs::write(&real, UNIT_TEXT).unwrap();
    fs::create_dir_all(lab.unit().parent().unwrap()).unwrap();
    symlink(&real, lab.unit()).unwrap();
    let taken = lab.take("link");
    assert_eq!(taken.outside, [lab.unit()]);
    fs::remove_file(lab.unit()).unwrap();
    fs::write(lab.unit(), UNIT_TEXT).unwrap();
    let mut install = lab.install();
    install.is_default = false;
    let options = || TakeOptions::of(Scope::Install);
    let taken = lab.recovery().take(&install, options()).unwrap();
    assert_eq!(Context::of(&taken.snapshot).unwrap().services, []);
    let named = format!("[Service]\nEnvironment=X={}\n", install.state_dir.display());
    fs::write(lab.unit(), named).unwrap();
    let taken = lab.recovery().take(&install, options()).unwrap();
    assert_eq!(Context::of(&taken.snapshot).unwrap().services.len(), 1);
}

#[test]
fn exuvias_own_directory_is_never_in_a_snapshot_whatever_the_list_says() {
    let lab = Lab::new();
    let inside = lab.state().join("own [x]");
    let host = common::host(lab.directory.path(), &lab.built).with_env("EXUVIA_HOME", &inside);
    let host = std::sync::Arc::new(host);
    let recovery = common::open(&host).unwrap();
    fs::write(inside.join("snapshot-excludes"), "/logs/\n!/own*\n!*\n").unwrap();
    let install = lab.install();
    let taken = recovery
        .take(&install, TakeOptions::of(Scope::Install))
        .unwrap();
    let target = lab.directory.path().join("copy");
    recovery.restore_to(&taken.snapshot, &target).unwrap();
    assert!(!target.join("own [x]").exists());
    assert!(target.join("openclaw.json").exists());
}

#[test]
fn a_list_of_ones_own_is_used_and_a_bad_line_is_named() {
    let lab = Lab::new();
    lab.recovery();
    let file = lab.exuvia().join("snapshot-excludes");
    fs::write(&file, "# mine\n/logs/\n").unwrap();
    let taken = lab.take("mine");
    assert_eq!(taken.snapshot.excludes, ["/logs/"]);
    let copy = copy(&lab, &taken);
    assert!(!copy.path().join("logs").exists());
    assert!(copy.path().join("tmp/skill-upload").exists());
    fs::write(&file, "/logs/\n[x\n").unwrap();
    let options = TakeOptions::of(Scope::Install);
    let error = lab.recovery().take(&lab.install(), options).unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn names_that_could_not_be_shown_or_told_from_an_id_are_refused() {
    let lab = Lab::new();
    for name in [
        "",
        "a\nb",
        "snap_0000000000000000",
        "00ff00ff",
        &"x".repeat(200),
    ] {
        let options = TakeOptions {
            name: Some(name.to_owned()),
            ..TakeOptions::of(Scope::Install)
        };
        let error = lab.recovery().take(&lab.install(), options).unwrap_err();
        assert!(matches!(error, RecoveryError::Name(_)), "{name:?}: {error}");
    }
    assert_eq!(lab.recovery().list(None).unwrap().0, []);
}

#[test]
fn an_agent_is_held_with_its_workspaces_and_nothing_else() {
    let lab = Lab::with(|builder| {
        builder.config(
            "agents",
            json!({ "list": [
                { "id": "main" },
                { "id": "other", "workspace": "~/.openclaw/odd [*]{a,b}!" },
            ] }),
        )
    });
    lab.write("odd [*]{a,b}!/SOUL.md", "its own");
    lab.write("odd x/SOUL.md", "not its own");
    lab.write("workspace-other/AGENTS.md", "seen to be used as well");
    let taken = lab.take_agent("other").unwrap();
    assert_eq!(
        Scope::of(&taken.snapshot).unwrap().to_string(),
        "agent other"
    );
    let copy = copy(&lab, &taken);
    let mut names: Vec<String> = fs::read_dir(copy.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["agents", "odd [*]{a,b}!", "workspace-other"]);
    let agents: Vec<_> = fs::read_dir(copy.path().join("agents")).unwrap().collect();
    assert_eq!(agents.len(), 1);
    assert!(copy.path().join("agents/other/sessions/2.jsonl").exists());
    assert!(copy.path().join("odd [*]{a,b}!/SOUL.md").exists());
}

#[test]
fn a_workspace_that_holds_more_than_one_agent_is_named_and_not_held() {
    let lab = Lab::with(|builder| {
        builder.config(
            "agents",
            json!({ "list": [
                { "id": "main", "workspace": "~/.openclaw/agents" },
                { "id": "other", "workspace": "~/.openclaw" },
            ] }),
        )
    });
    let real = lab.state().canonicalize().unwrap();
    let taken = lab.take_agent("main").unwrap();
    assert_eq!(taken.outside, [real.join("agents")]);
    assert!(!copy(&lab, &taken).path().join("agents/other").exists());
    let taken = lab.take_agent("other").unwrap();
    assert_eq!(taken.outside, [real]);
    assert!(!copy(&lab, &taken).path().join("state").exists());
}

#[test]
fn hostile_and_unknown_agents_are_refused() {
    for hostile in ["../../etc", "*", "{a,b}", "[a-z]", "!x", "a\nb", "", ".."] {
        assert!(AgentId::new(hostile).is_err(), "{hostile:?}");
    }
    let lab = Lab::new();
    let error = lab.take_agent("nobody").unwrap_err();
    assert!(
        matches!(&error, RecoveryError::NoAgent { known, .. } if known == &["main"]),
        "{error}"
    );
}

#[test]
fn an_unchanged_install_is_not_read_again_though_an_agent_was_taken_between() {
    let lab = Lab::new();
    lab.take("first");
    lab.take("settled");
    lab.take_agent("main").unwrap();
    // Files younger than 20 ms at the first snapshot are read once more, and no others.
    let again = lab.take("again");
    assert_eq!(again.snapshot.stats.added_bytes, 0);
    assert!(again.snapshot.stats.read_files <= lab.take("last").snapshot.stats.read_files + 1);
}

#[test]
fn a_list_of_one_install_does_not_show_those_of_another() {
    let lab = Lab::new();
    let own = lab.take("own");
    let later = lab.host.now() + jiff::SignedDuration::from_secs(1);
    lab.host.set_now(later);
    let mut other = lab.install();
    other.state_dir = lab.directory.path().join("home/.npm-global");
    let foreign = lab.recovery().take(&other, TakeOptions::of(Scope::Install));
    let foreign = foreign.unwrap();
    let recovery = lab.recovery();
    let ids = |install: Option<&exuvia_openclaw::Install>| {
        let (snapshots, damaged) = recovery.list(install).unwrap();
        assert!(damaged.is_empty());
        snapshots.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(
        ids(Some(&lab.install())),
        std::slice::from_ref(&own.snapshot.id)
    );
    assert_eq!(
        ids(Some(&other)),
        std::slice::from_ref(&foreign.snapshot.id)
    );
    assert_eq!(ids(None), [own.snapshot.id, foreign.snapshot.id]);
}

#[test]
fn a_state_directory_that_is_not_there_is_an_error_and_leaves_a_failed_run() {
    let lab = Lab::new();
    let mut install = lab.install();
    install.state_dir = Path::new("/nowhere/at/all").to_owned();
    let taken = lab
        .recovery()
        .take(&install, TakeOptions::of(Scope::Install));
    let error = taken.unwrap_err();
    assert!(
        matches!(error, RecoveryError::Store(StoreError::Host(_))),
        "{error}"
    );
}
