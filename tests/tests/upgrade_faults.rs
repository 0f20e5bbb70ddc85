//! Upgrades and rollbacks of the miniature that fail, die or run out of room in each of their
//! phases.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use exuvia_e2e::found::{self, Found};
use exuvia_e2e::{Belongings, Ran, belongings, binary, failpoints, until, upgrade_words};
use exuvia_testkit::gateway::Behaviour;
use exuvia_testkit::mini::{Flaw, Gateway, Mini, World};
use rustix::process::Signal;

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";

/// The phases on the way forth of an upgrade and of a rollback, and those of the way back of both.
const UPGRADE: [&str; 9] = [
    "check", "stage", "rehearse", "quiesce", "preserve", "swap", "start", "prove", "commit",
];
const ROLLBACK: [&str; 8] = [
    "check", "quiesce", "preserve", "swap", "adopt", "start", "prove", "commit",
];
const WAY_BACK: [&str; 6] = ["halt", "keep", "unswap", "restore", "relaunch", "verify"];
/// What follows on a failure before the exchange.
const UNDONE: [(&str, &str); 2] = [("stage", "discard"), ("preserve", "revive")];

/// A world whose upgrades stop at a program between their phases.
struct Ground {
    /// Ends before the world that it runs in.
    _kept: Gateway,
    world: World,
    program: PathBuf,
    old: Belongings,
    new: Belongings,
}

impl Ground {
    fn new() -> Self {
        Self::in_world(World::new(), Mini::release(NEW))
    }

    fn in_world(world: World, release: Mini) -> Self {
        world.publish(release);
        let mut kept = world.keep(&binary());
        kept.wait_until_ready();
        let program = world.install.prefix.join("failpoint");
        let old = belongings(&world);
        let mut ground = Self {
            _kept: kept,
            program,
            new: belongings(&world),
            old,
            world,
        };
        // Once whole, so that a rollback can be killed and both states are known.
        ground.does("exit 0");
        let _ = ground.upgrade().exits(0);
        ground.new = belongings(&ground.world);
        assert_ne!(ground.new.2, ground.old.2);
        let _ = ground.exuvia(&["rollback", "--json"]).exits(0);
        ground
    }

    /// What happens between the phases; `$*` is `before swap`, `$PPID` the driver.
    fn does(&self, script: &str) {
        std::fs::write(&self.program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&self.program, executable).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.exuvia_command(&failpoints(), words);
        command.env("EXUVIA_FAILPOINT", &self.program);
        command
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.command(words)).bears_it()
    }

    fn upgrade_command(&self) -> Command {
        let report = self.exuvia(&["check", "--json"]).exits(0).json();
        let words = upgrade_words(&report, "0");
        self.command(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn upgrade(&self) -> Ran {
        Ran::of(&mut self.upgrade_command()).bears_it()
    }

    /// From the old version to the new one, or back.
    fn runs(&self, kind: &str) -> Ran {
        match kind {
            "upgrade" => self.upgrade(),
            _ => self.exuvia(&["rollback", "--json"]),
        }
    }

    /// The install is whole in one version or the other, nothing is left, and no run is open.
    fn is_whole(&self, what: &str) -> String {
        self.does("exit 0");
        let healed = self.exuvia(&["resume", "--json"]);
        assert!(
            matches!(healed.code, Some(0 | 1 | 4)),
            "{what}: {healed:#?}"
        );
        let status = self.exuvia(&["status", "--wait", "60", "--json"]).json();
        assert_eq!(status["verdict"], "healthy", "{what}: {status:#}");
        let version = status["version"]["running"].as_str().unwrap().to_owned();
        assert_eq!(status["version"]["installed"], version.as_str(), "{what}");
        let wanted = if version == OLD { &self.old } else { &self.new };
        assert_eq!(belongings(&self.world), *wanted, "{what}: {version}");
        let answers = Ran::of(&mut self.world.openclaw(&["--version"]));
        assert!(answers.stdout.contains(&version), "{what}: {answers:?}");
        let rehearsals = names(&self.world.exuvia_home().join("rehearsals"));
        assert!(rehearsals.is_empty(), "{what}: {rehearsals:?}");
        let kept = self.generations();
        let beside = names(&self.world.install.package.with_file_name(".exuvia"));
        assert!(
            beside.iter().all(|name| kept.contains(name)),
            "{what}: {beside:?}, and kept are {kept}"
        );
        version
    }

    /// What can be gone back to.
    fn generations(&self) -> String {
        let dir = exuvia_e2e::own_dir(&self.world.exuvia_home());
        std::fs::read_to_string(dir.join("generations.json")).unwrap_or_default()
    }

    /// Makes it the version that a run of this kind begins with.
    fn stands_before(&self, kind: &str, version: &str) {
        let from = if kind == "upgrade" { OLD } else { NEW };
        if version == from {
            return;
        }
        let back = if kind == "upgrade" {
            "rollback"
        } else {
            "upgrade"
        };
        let _ = self.runs(back).exits(0);
    }

    /// One run of each kind for each script, each followed by the next command.
    fn survives(&self, kind: &str, cases: &[(String, String)]) -> Vec<String> {
        self.does("exit 0");
        let status = self.exuvia(&["status", "--json"]).json();
        let version = status["version"]["installed"].as_str().unwrap();
        self.stands_before(kind, version);
        let mut healed = Vec::new();
        for (what, script) in cases {
            self.does(script);
            let ran = self.runs(kind);
            assert_ne!(ran.code, Some(0), "{kind}, {what}: nothing happened");
            assert_ne!(ran.code, Some(5), "{kind}, {what}: {ran:#?}");
            let version = self.is_whole(&format!("{kind}, {what}"));
            println!("{kind}, {what}: {:?}, healed to {version}", ran.code);
            self.stands_before(kind, &version);
            healed.push(version);
        }
        healed
    }
}

fn names(dir: &std::path::Path) -> Vec<String> {
    let listed = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = listed.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

/// A script that does this at a point, and fails at others so that the way leads there.
fn at(point: &str, effect: &str, fails: Option<&str>) -> String {
    let fails = fails.map_or_else(String::new, |point| format!("'{point}') exit 1;;\n"));
    format!("case \"$*\" in\n'{point}') {effect};;\n{fails}esac\nexit 0")
}

/// An effect before and after each phase of a kind, its way back included.
fn everywhere(forth: &[&str], effect: &str) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    let mut add = |when: &str, phase: &str, fails: Option<&str>| {
        let point = format!("{when} {phase}");
        cases.push((point.clone(), at(&point, effect, fails)));
    };
    for when in ["before", "after"] {
        for phase in forth {
            add(when, phase, None);
        }
        for phase in WAY_BACK {
            add(when, phase, Some("after prove"));
        }
        for (failing, phase) in UNDONE {
            if forth.contains(&failing) && (phase != "discard" || forth.contains(&"stage")) {
                add(when, phase, Some(&format!("after {failing}")));
            }
        }
    }
    cases
}

const DIES: &str = "kill -9 $PPID; exit 0";

#[test]
fn an_upgrade_killed_in_any_phase_is_finished_or_undone_by_the_next_command() {
    let ground = Ground::new();
    let healed = ground.survives("upgrade", &everywhere(&UPGRADE, DIES));
    assert!(healed.iter().any(|version| version == OLD));
    assert!(healed.iter().any(|version| version == NEW));
}

#[test]
fn a_rollback_killed_in_any_phase_is_finished_or_undone_by_the_next_command() {
    let ground = Ground::new();
    let healed = ground.survives("rollback", &everywhere(&ROLLBACK, DIES));
    assert!(healed.iter().any(|version| version == OLD));
    assert!(healed.iter().any(|version| version == NEW));
}

/// Where a step of the way back fails once, it is tried again.
fn fails_once(forth: &[&str], marker: &str) -> Vec<(String, String)> {
    let once = format!("test -e {marker} && exit 0; touch {marker}; exit 1");
    everywhere(forth, &once)
}

#[test]
fn an_upgrade_that_fails_in_any_phase_puts_everything_back() {
    let ground = Ground::new();
    fails_everywhere(&ground, "upgrade", &UPGRADE, OLD);
}

#[test]
fn a_rollback_that_fails_in_any_phase_puts_everything_back() {
    let ground = Ground::new();
    fails_everywhere(&ground, "rollback", &ROLLBACK, NEW);
}

fn fails_everywhere(ground: &Ground, kind: &str, forth: &[&str], from: &str) {
    let marker = ground.program.with_extension("failed");
    for case in fails_once(forth, &marker.display().to_string()) {
        let _ = std::fs::remove_file(&marker);
        let healed = ground.survives(kind, std::slice::from_ref(&case));
        assert_eq!(healed, [from], "{}", case.0);
    }
}

#[test]
fn a_way_back_that_was_given_up_is_taken_up_by_the_next_command() {
    let ground = Ground::new();
    for phase in WAY_BACK {
        let point = format!("before {phase}");
        ground.does(&at(&point, "exit 1", Some("after prove")));
        let ran = ground.upgrade().exits(5);
        assert!(ran.stdout.contains("\"stuck\""), "{phase}: {ran:#?}");
        ground.does("exit 0");
        let healed = ground.exuvia(&["resume", "--json"]).exits(4);
        assert_eq!(
            healed.json()["state"]["phase"]["ended"],
            "rolled-back",
            "{phase}"
        );
        assert_eq!(ground.is_whole(phase), OLD);
    }
}

/// Where a start alone does not migrate, the doctor of the new version does: killed there with
/// everything, or left behind by a driver that was killed alone, when the next command ends it
/// before it touches what the doctor writes to.
#[test]
fn a_kill_while_the_doctor_migrates_is_healed_by_the_next_command() {
    let release = Mini::release(NEW).broken(Flaw::NeedsDoctor);
    let ground = Ground::in_world(World::new(), release);
    let home = &ground.world.install.home;
    let behaviour = ground.world.install.state.join(Behaviour::FILE);
    let hangs = format!(
        "echo '{{\"hanging\":[\"doctor --fix\"]}}' >'{}'",
        behaviour.display()
    );
    for whole_tree in [true, false] {
        ground.does(&at("before start", &hangs, None));
        let mut upgrade = ground.upgrade_command();
        let driver = upgrade.stdout(Stdio::null()).stderr(Stdio::null());
        let mut driver = driver.spawn().unwrap();
        let doctor = until("the live doctor has migrated", || {
            let told = behaviour.exists() && ground.world.schemas() == ground.new.2;
            let mut doctors = found::processes_of(home);
            doctors.retain(|it| it.words.iter().any(|word| word == "--fix"));
            let launchers: Vec<u32> = doctors.iter().map(|it| it.pid).collect();
            let started = |it: &Found| launchers.contains(&it.parent);
            doctors.into_iter().find(started).filter(|_| told)
        });
        if whole_tree {
            found::kill_tree(driver.id());
        } else {
            driver.kill().unwrap();
        }
        assert_eq!(driver.wait().unwrap().code(), None, "it was not killed");
        let is_left = || {
            let all = found::processes_of(home);
            all.iter().any(|it| it.pid == doctor.pid)
        };
        assert_eq!(is_left(), !whole_tree, "the doctor");
        // It holds the state, and comes to no end by itself.
        found::signal(doctor.pid, Signal::STOP);
        std::fs::remove_file(&behaviour).unwrap();
        let version = ground.is_whole(&format!("killed in the doctor, tree: {whole_tree}"));
        println!("killed in the doctor, tree: {whole_tree}: healed to {version}");
        assert!(!is_left(), "the doctor was left");
        ground.stands_before("upgrade", &version);
    }
}

/// A file system of the test's own, which is soon full.
struct Disk(tempfile::TempDir);

impl Disk {
    /// A little more room than an upgrade wants to see free.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1700m", "exuvia-test"]);
        let mounted = mount.arg(dir.path()).status().unwrap();
        assert!(mounted.success(), "a file system of its own takes root");
        Self(dir)
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be taken away goes with the machine.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_fills_up_in_any_phase_leaves_one_version_or_the_other() {
    let disk = Disk::new();
    let world = World::within(disk.0.path(), Mini::release(OLD));
    let ground = Ground::in_world(world, Mini::release(NEW));
    for (kind, phases) in [("upgrade", &UPGRADE[..]), ("rollback", &ROLLBACK)] {
        ground.stands_before(kind, OLD);
        for phase in phases {
            let filler = disk.filler();
            let (full, free) = (
                format!("cat /dev/zero >{} 2>/dev/null", filler.display()),
                format!("rm -f {}", filler.display()),
            );
            // A keeper on a full disk starts nothing: it could not remember what it started.
            ground.does(&format!(
                "case \"$*\" in\n'before {phase}') {full};;\n\
                 'before revive'|'before relaunch') {free};;\nesac\nexit 0"
            ));
            let ran = ground.runs(kind);
            let what = format!("{kind} with a full disk from {phase} on");
            println!("{what}: {:?} {}", ran.code, ran.stderr);
            // It may have been made room already.
            let _ = std::fs::remove_file(filler);
            let version = ground.is_whole(&what);
            println!("{what}: {:?}, healed to {version}", ran.code);
            ground.stands_before(kind, &version);
        }
    }
}
