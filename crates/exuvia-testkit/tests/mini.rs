//! The miniature, installed by the machine's npm: what it shares with the real one, and that each
//! flaw is what it says.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests run real programs, and helpers of tests fail by panicking, too"
)]

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use exuvia_testkit::mini::{Flaw, Mini, Schemas, World};
use rustix::process::Signal;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// 2026.9.5 with 2026.9.6 over it, which is bad in this way, and not started yet.
fn updated_to(flaw: Flaw) -> World {
    let world = World::new();
    world.publish(Mini::release("2026.9.6").broken(flaw));
    installs(&world, "2026.9.6");
    world
}

fn installs(world: &World, version: &str) {
    let npm = world.npm_install(version);
    assert!(npm.status.success(), "{npm:?}");
}

fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn json_of(world: &World, words: &[&str]) -> Value {
    let output = run(world.openclaw(words));
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn config(world: &World) -> String {
    fs::read_to_string(&world.install.config).unwrap()
}

fn prints_version(world: &World, version: &str) {
    let output = run(world.openclaw(&["--version"]));
    assert!(output.status.success(), "{output:?}");
    assert!(said(&output).contains(version), "{}", said(&output));
}

/// `gateway run` ends with this code and these words.
fn refuses_to_start(world: &World, code: i32, words: &str) {
    let (status, stderr, _) = world.run().wait();
    assert_eq!(status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
}

fn call(world: &World, method: &str) -> Value {
    json_of(world, &["gateway", "call", method, "--json"])
}

#[test]
fn npm_installs_a_package_of_the_real_layout_whose_inventory_is_true() {
    let began = Instant::now();
    let world = World::new();
    println!("a world with an install by npm: {:?}", began.elapsed());
    let package = &world.install.package;
    let read = |path: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(package.join(path)).unwrap()).unwrap()
    };
    assert_eq!(
        read("package.json")["openclaw"]["schemaVersions"]["agent"],
        21
    );
    assert_eq!(read("dist/build-info.json")["version"], "2026.9.5");
    let inventory = read("dist/postinstall-content-inventory.json");
    let listed = inventory.as_array().unwrap();
    assert!(listed.len() > 10, "{inventory}");
    for file in listed {
        let content = fs::read(package.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(file["size"], content.len(), "{file}");
        let mut digest = String::new();
        for byte in Sha256::digest(&content) {
            write!(digest, "{byte:02x}").unwrap();
        }
        assert_eq!(file["sha256"], digest, "{file}");
    }
    prints_version(&world, "2026.9.5");
}

#[test]
fn a_gateway_is_ready_soon_and_tells_what_the_databases_have() {
    let world = World::new();
    let mut gateway = world.run();
    println!("ready after {:?}", gateway.wait_until_ready());
    assert_eq!(gateway.gateway_pid(), Some(gateway.pid()));
    let (_, page) = gateway.page("/startupz").unwrap();
    assert_eq!(page["version"], "2026.9.5");
    let keys = |list: &Value, key: &str| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|item| item[key].as_str().unwrap().to_owned())
            .collect()
    };
    let sessions = call(&world, "sessions.list");
    assert_eq!(keys(&sessions["sessions"], "key"), World::SESSIONS);
    assert_eq!(keys(&call(&world, "cron.list")["jobs"], "id"), [World::JOB]);
    let plugins = keys(&call(&world, "plugins.list")["plugins"], "id");
    assert_eq!(plugins, ["demo-plugin", "a2a", "anthropic", "telegram"]);
    let skills = keys(&call(&world, "skills.status")["skills"], "name");
    assert_eq!(skills, ["demo-skill", "github", "weather"]);
    assert_eq!(
        json_of(&world, &["status", "--json"])["runtimeVersion"],
        "2026.9.5"
    );
    assert_eq!(json_of(&world, &["sessions", "--json"])["count"], 2);
    assert_eq!(json_of(&world, &["cron", "list", "--json"])["total"], 1);
    assert_eq!(
        json_of(&world, &["config", "validate", "--json"])["valid"],
        true
    );
    json_of(&world, &["plugins", "list", "--json"]);
    json_of(&world, &["update", "status", "--json"]);
    json_of(&world, &["doctor", "--lint", "--json"]);
    assert!(run(world.openclaw(&["plugins", "doctor"])).status.success());
    json_of(
        &world,
        &["agent", "--agent", "main", "--message", "hello", "--json"],
    );
    assert_eq!(world.book().count("agent:main:main", "hello"), 1);
    let fix = run(world.openclaw(&["doctor", "--fix"]));
    assert!(
        said(&fix).contains("agent-database-lease-active"),
        "{}",
        said(&fix)
    );
    assert!(gateway.stop().success());
    assert_eq!(gateway.gateway_pid(), None);
}

#[test]
fn a_turn_is_in_the_agents_database_and_goes_with_it() {
    let world = World::new();
    let agents = world.install.state.join("agents");
    let before = world.install.home.join("agents-before");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        assert!(
            Command::new("cp")
                .arg("-a")
                .arg(from)
                .arg(to)
                .status()
                .unwrap()
                .success()
        );
    };
    copy(&agents, &before);
    let mut gateway = world.run();
    gateway.wait_until_ready();
    let say = [
        "agent",
        "--session-key",
        "agent:main:later",
        "--message",
        "hello",
    ];
    assert!(run(world.openclaw(&say)).status.success());
    gateway.stop();
    assert!(world.sessions().contains(&"agent:main:later".to_owned()));
    assert!(
        agents
            .join("main/agent/openclaw-agent.sqlite-wal")
            .metadata()
            .unwrap()
            .len()
            > 0
    );
    fs::remove_dir_all(&agents).unwrap();
    copy(&before, &agents);
    assert_eq!(world.sessions(), World::SESSIONS);
    assert_eq!(world.book().count("agent:main:later", "hello"), 0);
}

#[test]
fn the_package_runs_under_a_plain_node() {
    let world = World::new();
    fs::remove_file(world.install.prefix.join("bin/node")).unwrap();
    prints_version(&world, "2026.9.5");
    let mut gateway = world.run();
    println!(
        "ready under a plain Node after {:?}",
        gateway.wait_until_ready()
    );
    gateway.signal(Signal::TERM);
    assert!(gateway.wait().0.success());
    assert_eq!(gateway.gateway_pid(), None);
}

#[test]
fn a_newer_release_takes_the_state_forward_and_an_older_one_refuses_it() {
    let world = World::with(Mini::release("2026.9.4"));
    assert_eq!(world.schemas(), [17, 19, 19]);
    let started = |version: &str| {
        let mut gateway = world.run();
        gateway.wait_until_ready();
        assert_eq!(gateway.page("/startupz").unwrap().1["version"], version);
        gateway.stop();
    };
    started("2026.9.4");
    assert!(config(&world).contains("// Mine"), "nothing moved");
    for (version, schemas) in [("2026.9.5", [17, 21, 21]), ("2026.9.6", [18, 23, 23])] {
        world.publish(Mini::release(version));
        installs(&world, version);
        started(version);
        assert_eq!(world.schemas(), schemas);
    }
    assert_eq!(world.jobs()[0]["configRevision"], 18);
    assert_eq!(world.sessions(), World::SESSIONS);
    let touched = config(&world);
    assert!(
        !touched.contains("// Mine") && touched.contains("\"lastTouchedVersion\": \"2026.9.6\"")
    );

    installs(&world, "2026.9.5");
    refuses_to_start(
        &world,
        1,
        "is older than the config last written by OpenClaw 2026.9.6",
    );
    let sessions = run(world.openclaw(&["sessions", "--json"]));
    assert_eq!(sessions.status.code(), Some(1));
    let words = "This OpenClaw build cannot open your existing data.";
    assert!(said(&sessions).contains(words), "{}", said(&sessions));
    assert!(said(&sessions).contains("newer schema version 18; this build supports 17"));
    assert_eq!(run(world.openclaw(&["doctor"])).status.code(), Some(2));
    fs::write(
        &world.install.config,
        touched.replace("2026.9.6", "2026.9.5"),
    )
    .unwrap();
    refuses_to_start(&world, 78, "uses schema 18; this build supports 17");
    assert_eq!(world.schemas(), [18, 23, 23]);
}

#[test]
fn doctor_migrates_as_a_start_does() {
    let world = World::new();
    world.publish(Mini::release("2026.9.6"));
    installs(&world, "2026.9.6");
    assert!(run(world.openclaw(&["doctor", "--fix"])).status.success());
    assert_eq!(world.schemas(), [18, 23, 23]);
}

#[test]
fn a_gateway_that_cannot_run_has_a_version_all_the_same() {
    let world = updated_to(Flaw::GatewayRunBroken);
    prints_version(&world, "2026.9.6");
    refuses_to_start(&world, 1, "Cannot find module");
    assert_eq!(world.schemas(), [17, 21, 21]);
}

#[test]
fn a_gateway_that_dies_was_ready_before() {
    let world = updated_to(Flaw::DiesAfter(Duration::from_secs(5)));
    let mut gateway = world.run();
    gateway.wait_until_ready();
    let (status, _, lived) = gateway.wait();
    assert!(!status.success());
    assert!(lived >= Duration::from_secs(5), "{lived:?}");
}

#[test]
fn plugins_that_throw_are_seen_by_plugins_doctor_alone() {
    let world = updated_to(Flaw::PluginsThrow);
    let mut gateway = world.run();
    gateway.wait_until_ready();
    let doctor = run(world.openclaw(&["plugins", "doctor"]));
    assert_eq!(doctor.status.code(), Some(1));
    assert!(
        said(&doctor).contains("demo-plugin: Error: boom"),
        "{}",
        said(&doctor)
    );
    let listed = json_of(&world, &["plugins", "list", "--json"]);
    assert_eq!(listed["plugins"][0]["status"], "loaded");
}

#[test]
fn a_migration_that_loses_a_job_or_a_key_starts_well() {
    let world = World::new();
    let bad = Mini::release("2026.9.6").broken(Flaw::LosesCronJob);
    world.publish(bad.broken(Flaw::DropsConfigKey("messages.prefix".to_owned())));
    installs(&world, "2026.9.6");
    world.run().wait_until_ready();
    assert!(world.jobs().is_empty());
    assert!(!config(&world).contains("prefix") && config(&world).contains("suffix"));
}

#[test]
fn a_migration_that_throws_leaves_one_database_new_and_the_others_old() {
    let world = updated_to(Flaw::MigrationThrows);
    refuses_to_start(&world, 1, "migration of agent");
    assert_eq!(world.schemas(), [18, 21, 21]);
    assert!(config(&world).contains("// Mine"));
}

#[test]
fn a_slow_start_and_a_big_one_are_as_slow_and_as_big_as_they_say() {
    let world = World::new();
    let bad = Mini::release("2026.9.6").broken(Flaw::StartsAfter(Duration::from_millis(700)));
    world.publish(bad.broken(Flaw::EatsMemory(64 << 20)));
    installs(&world, "2026.9.6");
    let mut gateway = world.run();
    assert!(gateway.wait_until_ready() >= Duration::from_millis(700));
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let resident: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(resident >= 64 << 10, "{resident} kB");
}

#[test]
fn a_gateway_that_says_a_wrong_version_is_of_a_package_that_says_the_right_one() {
    let world = updated_to(Flaw::SaysVersion("2026.9.5".to_owned()));
    prints_version(&world, "2026.9.6");
    let mut gateway = world.run();
    gateway.wait_until_ready();
    assert_eq!(gateway.page("/startupz").unwrap().1["version"], "2026.9.5");
    assert_eq!(call(&world, "status")["runtimeVersion"], "2026.9.5");
}

#[test]
fn npm_refuses_bytes_that_are_not_those_of_the_registry() {
    let world = World::new();
    world.publish(Mini::release("2026.9.6").broken(Flaw::WrongIntegrity));
    let npm = world.npm_install("2026.9.6");
    assert!(said(&npm).contains("EINTEGRITY"), "{npm:?}");
    prints_version(&world, "2026.9.5");
}

#[test]
fn npm_takes_a_lower_version_under_a_higher_name() {
    let world = updated_to(Flaw::IsVersion("2026.9.3".to_owned()));
    prints_version(&world, "2026.9.3");
}

#[test]
fn a_release_for_a_newer_node_installs_and_does_not_run() {
    let world = updated_to(Flaw::NeedsNewerNode);
    refuses_to_start(&world, 1, "Node.js >=99.0.0 is required");
}

#[test]
fn an_install_script_writes_and_phones_where_it_was_told() {
    let world = World::new();
    let url = world.channel.url();
    let bad = Mini::release("2026.9.6").broken(Flaw::PostinstallPhonesHome(url));
    world.publish(bad.broken(Flaw::PostinstallWritesHome("planted".to_owned())));
    assert_eq!(world.channel.messages().count(), 0);
    installs(&world, "2026.9.6");
    assert!(world.install.home.join("planted").is_file());
    assert_eq!(world.channel.messages().count(), 1);
}

#[test]
fn a_release_that_writes_to_the_channel_has_done_so_once_it_is_ready() {
    let world = updated_to(Flaw::MessagesChannel);
    assert_eq!(world.channel.messages().count(), 0);
    world.run().wait_until_ready();
    assert_eq!(world.channel.messages().count(), 1);
}

#[test]
fn other_schemas_can_be_chosen() {
    let world = World::new();
    let schemas = Schemas {
        state: 30,
        agent: 31,
    };
    world.publish(Mini::release("2026.10.1").schemas(schemas));
    installs(&world, "2026.10.1");
    world.run().wait_until_ready();
    assert_eq!(world.schemas(), [30, 31, 31]);
}
