//! Taking a real install back: what comes back, what `openclaw backup` gives back beside it, and
//! what is refused.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests look at real files, and helpers of tests fail by panicking, too"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_e2e::{Frozen, Ran, Witness, World, read_json, transcript, vitals};
use exuvia_testkit::model::Provider;
use exuvia_testkit::sandbox::{Client, Gateway};
use exuvia_testkit::tree;
use serde_json::{Value, json};

const AGENTS: [&str; 2] = ["main", "second"];

/// An install with two agents that both spoke, two cron jobs, plugins and skills of every kind.
struct Lived {
    world: World,
    provider: Provider,
}

impl Lived {
    fn new() -> (Self, Gateway) {
        let (world, provider) = (World::fork(), Provider::start());
        world.home().use_model(&provider).unwrap();
        let workspace = world.home().state().join("workspace-second");
        let workspace = workspace.display().to_string();
        let second = ["agents", "add", "second", "--workspace", &workspace];
        let _ = world
            .openclaw(&[&second[..], &["--non-interactive", "--json"]].concat())
            .exits(0);
        let gateway = world.gateway().unwrap();
        let lived = Self { world, provider };
        lived.add_job(&gateway, "morning", "main", &["--cron", "0 7 * * *"]);
        lived.add_job(&gateway, "weekly", "second", &["--every", "7d"]);
        for agent in AGENTS {
            speak(&gateway, agent, "before");
        }
        (lived, gateway)
    }

    fn add_job(&self, gateway: &Gateway, name: &str, agent: &str, schedule: &[&str]) {
        let job = ["cron", "add", "--json", "--name", name, "--agent", agent];
        let work = ["--session", "isolated", "--message", "Say what is new"];
        let _ = self
            .world
            .openclaw_beside(gateway, &[&job[..], &work, schedule].concat())
            .exits(0);
    }

    fn state(&self) -> PathBuf {
        self.world.home().state()
    }

    /// Every byte and mode of the plugins that came from git and npm.
    fn plugins(&self) -> [tree::Snapshot; 2] {
        ["git", "npm"].map(|dir| tree::Snapshot::of(&self.state().join(dir)))
    }

    /// Fails the test unless both agents answered these messages and no others, by what their
    /// databases say.
    fn answered_each(&self, messages: &[&str]) {
        for agent in AGENTS {
            let database = format!("agents/{agent}/agent/openclaw-agent.sqlite");
            let answered = transcript::answered(&self.state().join(database));
            assert!(answered.iter().eq(messages), "{agent}: {answered:?}");
        }
    }

    /// Everything that may go wrong with an install short of its package.
    fn wreck(&self, gateway: Gateway) {
        speak(&gateway, "main", "after");
        let mut client = Client::connect(&gateway).unwrap();
        let jobs = client.call("cron.list", &json!({})).unwrap();
        let jobs = jobs["jobs"].as_array().unwrap();
        let job = jobs.iter().find(|job| job["name"] == "morning").unwrap();
        let removed = client.call("cron.remove", &json!({ "id": job["id"] }));
        let _ = removed.unwrap();
        let deleted = client.call("agents.delete", &json!({ "agentId": "second" }));
        let _ = deleted.unwrap();
        gateway.stop().unwrap();

        let state = self.state();
        for gone in ["git", "npm/projects", "workspace/skills/house-style"] {
            std::fs::remove_dir_all(state.join(gone)).unwrap();
        }
        let edited = state.join("workspace/skills/unit-converter/SKILL.md");
        std::fs::write(edited, "---\nname: another\n---\n").unwrap();
        let file = state.join("openclaw.json");
        let mut config = read_json(&file);
        config["plugins"]["entries"] = json!({});
        std::fs::write(file, config.to_string()).unwrap();
    }

    /// Starts the gateway and looks at what is there; then both agents take another turn.
    fn looks(&self) -> Value {
        let gateway = self.world.gateway().unwrap();
        let vitals = vitals(&self.world, &gateway);
        for agent in AGENTS {
            speak(&gateway, agent, "again");
        }
        gateway.stop().unwrap();
        vitals
    }
}

fn speak(gateway: &Gateway, agent: &str, message: &str) {
    let mut client = Client::connect(gateway).unwrap();
    let key = format!("agent:{agent}:talk");
    client.turn(&key, message).unwrap();
}

/// Fails the test if anything below `root` but Exuvia's home is touched by what `act` does.
fn touches_nothing(root: &Path, act: impl FnOnce()) {
    let before = Witness::of(root);
    act();
    let touched = before.touched(&Witness::of(root));
    let own = |path: &&PathBuf| !path.starts_with(".exuvia");
    let touched: Vec<_> = touched.iter().filter(own).collect();
    assert!(touched.is_empty(), "{touched:?}");
}

#[test]
fn a_wrecked_install_comes_back_whole_where_openclaws_own_backup_loses_plugins() {
    let (lived, gateway) = Lived::new();
    let world = &lived.world;
    let good = vitals(world, &gateway);
    assert_eq!(good["agents"].as_array().unwrap().len(), 2, "{good:#}");
    assert_eq!(good["plugins"].as_array().unwrap().len(), 4, "{good:#}");
    let snapshot = world
        .exuvia(&["snapshot", "create", "--name", "good", "--json"])
        .exits(0);
    let (archive, archived) = archive(&lived);
    is_refused_beside_a_gateway(world);

    let plugins = lived.plugins();
    lived.wreck(gateway);
    let restored = world
        .exuvia(&["snapshot", "restore", "good", "--yes", "--json"])
        .exits(0);
    assert!(lived.plugins() == plugins, "plugins came back otherwise");
    lived.answered_each(&["before"]);
    assert_eq!(lived.looks(), good);
    lived.answered_each(&["again", "before"]);

    let unpacked = unpack(&lived, &archive);
    let native = lived.looks();
    lived.answered_each(&["again", "before"]);
    println!(
        "exuvia: {:.0?}, back in {:.0?}",
        snapshot.took, restored.took
    );
    println!("openclaw: {archived:.0?}, unpacked in {unpacked:.0?}");
    println!("good: {good:#}\nafter openclaw's restore: {native:#}");
    for kept in ["agents", "skills", "cron", "sessions"] {
        assert_eq!(native[kept], good[kept], "{kept}");
    }
    for lost in ["gitdemo 1.0.0", "irc 2026.9.4"] {
        let is_in = |vitals: &Value| vitals["plugins"].to_string().contains(lost);
        assert!(is_in(&good) && !is_in(&native), "{lost}: {native:#}");
    }
    drop(lived.provider);
}

/// Tries to restore while the gateway is there, and held still, so that only Exuvia could change
/// anything.
fn is_refused_beside_a_gateway(world: &World) {
    let frozen = Frozen::of(world.home().path());
    assert_ne!(frozen.count(), 0);
    touches_nothing(world.home().path(), || {
        let refused = world.exuvia(&["snapshot", "restore", "good", "--yes"]);
        let refused = refused.exits(3);
        assert!(refused.stderr.contains("running"), "{refused:#?}");
    });
}

/// Has OpenClaw make an archive: the file, and how long it took.
fn archive(lived: &Lived) -> (PathBuf, Duration) {
    let file = lived.world.home().path().join("archive.tar.gz");
    let to = file.display().to_string();
    let archived = lived
        .world
        .openclaw(&["backup", "create", "--verify", "--json", "--output", &to])
        .exits(0);
    (file, archived.took)
}

/// Puts what `openclaw backup` archived where the state directory was, as its documentation says.
fn unpack(lived: &Lived, archive: &Path) -> Duration {
    let (home, state) = (lived.world.home().path(), lived.state());
    let to = home.join("unpacked");
    let (archive, to) = (archive.to_str().unwrap(), to.to_str().unwrap());
    let unpacked = lived
        .world
        .openclaw(&["backup", "restore", archive, "--target", to, "--json"])
        .exits(0);
    let root = unpacked.json()["archiveRoot"].as_str().unwrap().to_owned();
    let payload = Path::new(to).join(root).join("payload/posix");
    std::fs::rename(&state, home.join("replaced")).unwrap();
    let staged = payload.join(state.strip_prefix("/").unwrap());
    std::fs::rename(staged, &state).unwrap();
    unpacked.took
}

#[test]
fn a_snapshot_of_another_install_and_a_link_as_target_are_refused_and_nothing_is_touched() {
    let (one, other) = (World::fork(), World::fork());
    let _ = one
        .exuvia(&["snapshot", "create", "--name", "of-one"])
        .exits(0);
    touches_nothing(other.home().path(), || {
        let mut restore = other.command(&["snapshot", "restore", "of-one", "--yes"]);
        let refused = Ran::of(restore.env("EXUVIA_HOME", one.exuvia_home()));
        let refused = refused.exits(3);
        assert!(refused.stderr.contains("--force"), "{refused:#?}");
    });

    let link = one.home().path().join("link");
    let target = one.home().path().join("target");
    std::fs::create_dir(&target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    touches_nothing(one.home().path(), || {
        let to = link.display().to_string();
        let refused = one.exuvia(&["snapshot", "restore", "of-one", "--to", &to]);
        let refused = refused.exits(3);
        assert!(refused.stderr.contains("link"), "{refused:#?}");
    });
}
