//! Upgrades of plugins from npm and their undoing, on the miniature: a real npm, real namespaces,
//! OpenClaw's own index of plugins.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use exuvia_e2e::{Ran, Struck, binary, entry, failpoints, strike, wanted_kills};
use exuvia_testkit::mini::{Gateway, Mini, THROWS, World, throws_where};
use exuvia_testkit::npm;
use exuvia_testkit::tree::Snapshot;
use serde_json::{Value, json};

const ID: &str = World::PLUGIN.0;
const PACKAGE: &str = World::PLUGIN.1;

/// A world with a report that offers a newer version of the plugin.
struct Ground {
    /// Ends before the world that it runs in.
    kept: Option<Gateway>,
    world: World,
    report: Value,
}

/// What the index says of the plugin, and what lies where it says.
#[derive(Debug, PartialEq)]
struct Live {
    record: Value,
    entry: Value,
    files: Snapshot,
}

impl Ground {
    /// With a gateway that is kept.
    fn running(offered: npm::Release) -> Self {
        Self::of(World::new(), offered, true)
    }

    /// With no gateway.
    fn still(offered: npm::Release) -> Self {
        Self::of(World::new(), offered, false)
    }

    fn of(world: World, offered: npm::Release, runs: bool) -> Self {
        world.publish_plugin(&[offered]);
        let kept = runs.then(|| {
            let mut kept = world.keep(&binary());
            kept.wait_until_ready();
            kept
        });
        let mut ground = Self {
            kept,
            world,
            report: Value::Null,
        };
        ground.report = ground.check();
        ground
    }

    fn check(&self) -> Value {
        self.exuvia(&["check", "--json"]).exits(0).json()
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.world.exuvia_command(&binary(), words)).bears_it()
    }

    fn words(&self) -> Vec<String> {
        let report = self.report["reportId"].as_str().unwrap();
        let words = ["upgrade", "extension:demo-plugin", "--report", report];
        let rest = ["--confirm", ID, "--soak", "0", "--json"];
        words.into_iter().chain(rest).map(str::to_owned).collect()
    }

    fn upgrade(&self) -> Ran {
        let words = self.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.exuvia(&words)
    }

    fn live(&self) -> Live {
        live(&self.world)
    }

    /// The versions that are kept.
    fn kept(&self) -> Vec<String> {
        names(&self.world.install.state.join("extensions-backup").join(ID))
    }

    /// The directories that OpenClaw looks through for plugins of npm.
    fn projects(&self) -> Vec<String> {
        names(&self.world.install.state.join("npm/projects"))
    }

    /// The plugin's version, as the gateway tells it, and as the index has it.
    fn versions(&self) -> [Value; 2] {
        let version = self.live().record["version"].clone();
        if self.kept.is_none() {
            return [version.clone(), version];
        }
        let status = self.exuvia(&["status", "--wait", "60", "--vitals", "--json"]);
        let status = status.exits(0).json();
        assert_eq!(status["verdict"], "healthy", "{status:#}");
        let plugins = &status["vitals"]["plugins"];
        let found = plugins
            .pointer(&format!("/value/{ID}/version"))
            .or_else(|| plugins.pointer(&format!("/known/{ID}/version")));
        [
            found.cloned().unwrap_or_else(|| panic!("{plugins:#}")),
            version,
        ]
    }

    /// Upgrades, and fails unless that ends so, with these words, and all is as it was.
    fn comes_to_nothing(&self, code: i32, words: &str) {
        let (before, projects) = (self.live(), self.projects());
        let pid = self.kept.as_ref().and_then(Gateway::gateway_pid);
        let ran = self.upgrade();
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains(words), "{words:?} is not told: {ran:#?}");
        let _ = ran.exits(code);
        assert_eq!(self.live(), before);
        assert_eq!(self.projects(), projects);
        assert_eq!(self.kept(), [] as [String; 0]);
        assert_eq!(
            names(&self.world.exuvia_home().join("rehearsals")),
            [] as [String; 0]
        );
        if code != 4 {
            assert_eq!(pid, self.kept.as_ref().and_then(Gateway::gateway_pid));
        }
        assert_eq!(self.versions(), ["1.0.0", "1.0.0"]);
    }
}

fn names(dir: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = listed.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn live(world: &World) -> Live {
    let index: String = world
        .install
        .open_state()
        .query_row(
            "SELECT value_json FROM config_machine_state WHERE state_key = 'plugins.installedIndex'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let index: Value = serde_json::from_str(&index).unwrap();
    let record = index["index"]["installRecords"][ID].clone();
    let mut entries = index["index"]["plugins"].as_array().unwrap().iter();
    let path = PathBuf::from(record["installPath"].as_str().unwrap());
    Live {
        entry: entries
            .find(|entry| entry["pluginId"] == ID)
            .unwrap()
            .clone(),
        files: Snapshot::of(path.ancestors().nth(3).unwrap()),
        record,
    }
}

/// Files, record and what was derived from both are of one version; tells it.
fn is_whole(world: &World) -> String {
    let live = live(world);
    let path = live.record["installPath"].as_str().unwrap();
    let package = std::fs::read_to_string(Path::new(path).join("package.json")).unwrap();
    let package: Value = serde_json::from_str(&package).unwrap();
    let version = package["version"].clone();
    assert_eq!(live.record["version"], version, "{live:#?}");
    assert_eq!(live.record["resolvedVersion"], version, "{live:#?}");
    assert_eq!(live.entry["packageVersion"], version, "{live:#?}");
    assert_eq!(live.entry["rootDir"], path, "{live:#?}");
    version.as_str().unwrap().to_owned()
}

fn second() -> npm::Release {
    World::plugin("1.1.0")
}

#[test]
fn a_plugin_is_upgraded_and_undone_and_the_undoing_too() {
    for ground in [Ground::running(second()), Ground::still(second())] {
        let before = ground.live();
        let sessions = ground.world.sessions();
        let done = ground.upgrade().exits(0).json();
        assert_eq!(ground.versions(), ["1.1.0", "1.1.0"], "{done:#}");
        let after = ground.live();
        let path = after.record["installPath"].as_str().unwrap();
        assert!(path.contains("__openclaw-generation__g-"), "{path}");
        assert_eq!(after.record["spec"], format!("{PACKAGE}@1.1.0"));
        let project = Path::new(path)
            .ancestors()
            .nth(3)
            .unwrap()
            .join("package.json");
        let project: Value =
            serde_json::from_str(&std::fs::read_to_string(project).unwrap()).unwrap();
        assert_eq!(project["dependencies"], json!({ PACKAGE: "1.1.0" }));
        assert_eq!(
            project["overrides"]["qs"], "6.16.0",
            "what OpenClaw pins stays"
        );
        assert_eq!(is_whole(&ground.world), "1.1.0");
        assert_eq!(ground.projects().len(), 1, "{:?}", ground.projects());
        let kept = ground.kept();
        assert!(kept[0].starts_with("1.0.0-"), "{kept:?}");
        let shelf = ground
            .world
            .install
            .state
            .join("extensions-backup")
            .join(ID);
        let nothing: [PathBuf; 0] = [];
        assert_eq!(
            before.files.changed(&Snapshot::of(&shelf.join(&kept[0]))),
            nothing
        );

        let back = ground.exuvia(&["rollback", "--json"]).exits(0).json();
        assert_eq!(ground.versions(), ["1.0.0", "1.0.0"], "{back:#}");
        assert_eq!(ground.live(), before);
        let run = done["run"].as_str().unwrap();
        let _ = ground.exuvia(&["rollback", run]).exits(3);

        let run = back["run"].as_str().unwrap();
        let _ = ground.exuvia(&["rollback", run, "--json"]).exits(0);
        assert_eq!(ground.versions(), ["1.1.0", "1.1.0"]);
        assert_eq!(ground.live(), after);
        assert_eq!(ground.kept().len(), 1);
        assert_eq!(ground.world.sessions(), sessions);
        let report = ground.check();
        let listed = exuvia_e2e::listed(&report, "upToDate", ID);
        assert_eq!(listed["version"], "1.1.0");
    }
}

#[test]
fn bytes_that_are_not_those_of_the_report_are_refused() {
    let ground = Ground::still(second());
    ground
        .world
        .publish_plugin(&[second().file("more.js", "more")]);
    ground.comes_to_nothing(3, "promises other bytes");
    let ground = Ground::still(second());
    ground.world.publish_plugin(&[]);
    ground.comes_to_nothing(3, "no longer has");
}

#[test]
fn an_archive_that_would_write_elsewhere_or_inflates_without_end_is_refused() {
    for name in ["package/../../../../escaped", "/tmp/exuvia-plugin-was-here"] {
        let ground = Ground::still(second().raw_entry(name, "bad"));
        ground.comes_to_nothing(3, "is blocked");
        assert!(!ground.world.install.state.join("escaped").exists());
        assert!(!Path::new("/tmp/exuvia-plugin-was-here").exists());
    }
    let ground = Ground::still(second().file("zeros.bin", vec![0; 1100 << 20]));
    ground.comes_to_nothing(3, "is blocked");
}

#[test]
fn a_plugin_in_other_hands_is_blocked() {
    let eve = || second().with("_npmUser", json!({ "name": "eve" }));
    let ground = Ground::still(eve());
    ground.comes_to_nothing(3, "is blocked");
    // The same, where it was told after the report.
    let ground = Ground::still(second());
    ground.world.publish_plugin(&[eve()]);
    ground.comes_to_nothing(3, "this version is by eve");
}

#[test]
fn a_new_script_needs_consent_and_is_not_run() {
    let script = json!({ "postinstall": "touch $HOME/plugin-script-ran" });
    let ground = Ground::still(second().with("scripts", script));
    let words = ground.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let unconfirmed: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| *word != "--confirm" && *word != ID)
        .collect();
    let refused = ground.exuvia(&unconfirmed).exits(3);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("must be confirmed by name"), "{told}");
    assert_eq!(is_whole(&ground.world), "1.0.0");
    let _ = ground.upgrade().exits(0);
    assert_eq!(is_whole(&ground.world), "1.1.0");
    assert!(!ground.world.install.home.join("plugin-script-ran").exists());
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_staged() {
    let other = npm::Release::new("1.1.0")
        .with("_npmUser", json!({ "name": "acme" }))
        .file("openclaw.plugin.json", r#"{"id":"telegram"}"#);
    Ground::still(other).comes_to_nothing(3, "calls itself \"telegram\"");
    let node = second().with("engines", json!({ "node": ">=99.0.0" }));
    Ground::still(node).comes_to_nothing(3, "is blocked");
    let peers = second().with(
        "peerDependencies",
        json!({ "openclaw": "*", "react": "^19" }),
    );
    Ground::still(peers).comes_to_nothing(3, "it wants react beside it");
    let host = json!({ "extensions": ["./index.js"], "compat": { "pluginApi": ">=2030.1.1" } });
    Ground::still(second().with("openclaw", host)).comes_to_nothing(3, "needs OpenClaw >=2030.1.1");
}

#[test]
fn a_plugin_that_was_edited_here_is_not_overwritten() {
    let ground = Ground::still(second());
    let path = ground.live().record["installPath"]
        .as_str()
        .unwrap()
        .to_owned();
    std::fs::write(Path::new(&path).join("index.js"), "// mine\n").unwrap();
    ground.comes_to_nothing(3, "it was edited here since 1.0.0: index.js");
}

#[test]
fn a_plugin_that_throws_is_stopped_by_the_rehearsal_and_without_one_rolled_back() {
    let bad = || World::plugin_of("1.1.0", THROWS);
    let ground = Ground::running(bad());
    ground.comes_to_nothing(1, "boom at import");
    let report = ground.check();
    let entry = entry(&report, ID);
    assert_eq!(entry["assessment"]["risk"], "blocked", "{entry:#}");
    Ground::still(bad()).comes_to_nothing(4, "boom at import");
}

#[test]
fn a_plugin_that_throws_only_in_the_real_world_is_rolled_back() {
    let there = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    let ground = Ground::running(World::plugin_of("1.1.0", &throws_where(there.path())));
    ground.comes_to_nothing(4, "boom at import");
}

#[test]
fn a_plugin_that_brings_anothers_id_along_is_stopped_or_rolled_back() {
    let bad = || second().file("more/openclaw.plugin.json", r#"{"id":"telegram"}"#);
    Ground::running(bad()).comes_to_nothing(1, "duplicate plugin id");
    Ground::still(bad()).comes_to_nothing(4, "duplicate plugin id");
}

#[test]
fn what_a_plugin_depends_on_comes_with_it() {
    let ground = Ground::still(second().with("dependencies", json!({ "helper": "^2.0.0" })));
    let helper = npm::Package::new("helper").release(npm::Release::new("2.3.0"));
    ground.world.npm.publish(helper);
    let _ = ground.upgrade().exits(0);
    let path = ground.live().record["installPath"]
        .as_str()
        .unwrap()
        .to_owned();
    let modules = Path::new(&path).ancestors().nth(2).unwrap();
    assert!(modules.join("helper/package.json").exists());
}

#[test]
fn core_and_plugin_are_done_one_after_the_other() {
    let world = World::new();
    world.publish(Mini::release("2026.9.6"));
    let ground = Ground::of(world, second(), true);
    let number = |name| entry(&ground.report, name)["number"].to_string();
    let (core, plugin) = (number("openclaw"), number(ID));
    let report = ground.report["reportId"].as_str().unwrap();
    let words = [
        "upgrade",
        &core,
        &plugin,
        "--report",
        report,
        "--confirm",
        ID,
    ];
    let rest = ["--confirm", "openclaw", "--soak", "0", "--json"];
    let done = ground.exuvia(&[&words[..], &rest].concat()).exits(0).json();
    assert_eq!(done["runs"].as_array().unwrap().len(), 2, "{done:#}");
    assert_eq!(ground.versions(), ["1.1.0", "1.1.0"]);
    let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
    assert_eq!(ground.versions(), ["1.0.0", "1.0.0"]);
    let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
    let status = ground
        .exuvia(&["status", "--wait", "60", "--json"])
        .exits(0)
        .json();
    assert_eq!(status["version"]["running"], "2026.9.5");
    assert_eq!(is_whole(&ground.world), "1.0.0");
}

/// The phases on the way forth that a plugin's upgrade and its rollback have something to do in.
const UPGRADE: [&str; 9] = [
    "check", "stage", "rehearse", "quiesce", "preserve", "swap", "start", "prove", "commit",
];
const ROLLBACK: [&str; 7] = [
    "check", "quiesce", "preserve", "swap", "start", "prove", "commit",
];

#[test]
fn whatever_ends_or_fails_after_any_phase_leaves_files_and_index_of_one_version() {
    let ground = Ground::still(second());
    let program = ground.world.install.prefix.join("failpoint");
    let does = |script: &str| {
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let run = |words: &[&str]| {
        let mut command = ground.world.exuvia_command(&failpoints(), words);
        Ran::of(command.env("EXUVIA_FAILPOINT", &program)).bears_it()
    };
    let old = ground.live();
    let words = Stricken::upgrade_words_of(&ground);
    let upgrade: Vec<&str> = words.iter().map(String::as_str).collect();
    let rollback = ["rollback", "--json"];
    let goes = |is_upgrade: bool| {
        if is_upgrade {
            &upgrade[..]
        } else {
            &rollback[..]
        }
    };
    let (mut kept, mut stands_at) = (0, "1.0.0".to_owned());
    for (is_upgrade, phases) in [(true, &UPGRADE[..]), (false, &ROLLBACK[..])] {
        for phase in phases {
            for does_it in ["kill -9 $PPID", "exit 1"] {
                let what = format!("{does_it} after {phase}, upgrade: {is_upgrade}");
                if (stands_at == "1.0.0") != is_upgrade {
                    does("exit 0");
                    let _ = run(goes(!is_upgrade)).exits(0);
                    kept = ground.kept().len();
                }
                does(&format!(
                    "if [ \"$*\" = \"after {phase}\" ]; then {does_it}; fi"
                ));
                let ran = run(goes(is_upgrade));
                assert!(
                    ran.code != Some(0) && ran.code != Some(5),
                    "{what}: {ran:#?}"
                );
                does("exit 0");
                let healed = run(&["resume", "--json"]);
                assert!(
                    matches!(healed.code, Some(0 | 1 | 4)),
                    "{what}: {healed:#?}"
                );
                stands_at = is_whole(&ground.world);
                println!("{what}: {stands_at}");
                assert_eq!(
                    ground.projects().len(),
                    1,
                    "{what}: {:?}",
                    ground.projects()
                );
                if stands_at == "1.0.0" {
                    assert_eq!(ground.live(), old, "{what}");
                }
                let is_done = (stands_at == "1.1.0") == is_upgrade;
                assert!(
                    is_done || ground.kept().len() == kept,
                    "{what}: {:?}",
                    ground.kept()
                );
            }
        }
    }
}

/// Kills upgrades and rollbacks at some moment of their course, over and over: files and index are of
/// one version afterwards, and the gateway runs with it.
#[test]
fn a_kill_at_any_moment_leaves_files_and_index_of_one_version() {
    let ground = Ground::running(second());
    strike(&mut Stricken(ground), wanted_kills(8));
}

struct Stricken(Ground);

impl Stricken {
    fn upgrade_words_of(ground: &Ground) -> Vec<String> {
        let report = ground.check();
        let report = report["reportId"].as_str().unwrap();
        let words = ["upgrade", "extension:demo-plugin", "--report", report];
        let rest = ["--confirm", ID, "--soak", "0", "--json"];
        words.into_iter().chain(rest).map(str::to_owned).collect()
    }
}

impl Struck for Stricken {
    fn name(&self) -> &'static str {
        "plugin"
    }

    fn span(&self) -> Duration {
        Duration::from_millis(1500)
    }

    fn command(&self, words: &[&str]) -> Command {
        self.0.world.exuvia_command(&binary(), words)
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        self.0.exuvia(words)
    }

    fn upgrade_words(&self) -> Vec<String> {
        Self::upgrade_words_of(&self.0)
    }

    fn home(&self) -> PathBuf {
        self.0.world.install.home.clone()
    }

    fn exuvia_home(&self) -> PathBuf {
        self.0.world.exuvia_home()
    }

    fn package(&self) -> PathBuf {
        self.0.world.install.package.clone()
    }

    fn is_whole(&mut self, what: &str) -> String {
        let version = is_whole(&self.0.world);
        assert_eq!(self.0.versions(), [version.as_str(); 2], "{what}");
        let projects = self.0.projects();
        assert_eq!(projects.len(), 1, "{what}: {projects:?}");
        let staged = self.0.kept();
        assert!(
            !staged.iter().any(|name| name.starts_with(".staged")),
            "{what}: {staged:?}"
        );
        version
    }

    fn is_old(&self, version: &str) -> bool {
        version == "1.0.0"
    }
}
