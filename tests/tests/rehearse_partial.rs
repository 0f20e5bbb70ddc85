//! Rehearsals where an ordinary user is given no namespaces: beside everything else, on a copy at
//! its own place.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a JSON value that is not there is null, and tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use exuvia_e2e::{
    Moulting, Ran, Running, belongings, binary, entry, found, leaves_nothing, until, upgrade_words,
};
use exuvia_testkit::mini::{Flaw, Gateway, Mini, World};
use exuvia_testkit::sandbox::{NEXT_OPENCLAW, OPENCLAW};
use rustix::process::Signal;
use serde_json::Value;

const OLD: &str = "2026.9.5";
const NEW: &str = "2026.9.6";
/// By this whatever a rehearsal starts is marked.
const MARK: &str = "EXUVIA_REHEARSAL";

/// The home of a user who is not root, and a program that runs Exuvia as that user, below a changed
/// root: there the kernel gives no user namespaces (`user_namespaces(7)`), and needs them for all
/// others.
struct Ground {
    kept: Option<Gateway>,
    world: World,
    exuvia: PathBuf,
    user: u32,
    _dir: tempfile::TempDir,
}

impl Ground {
    fn of(user: u32, release: Mini) -> Self {
        let world = World::new();
        world.publish(release);
        let dir = tempfile::tempdir().unwrap();
        let (program, root) = (dir.path().join("exuvia"), dir.path().join("root"));
        std::fs::copy(binary(), &program).unwrap();
        std::fs::create_dir(&root).unwrap();
        let exuvia = dir.path().join("as-user");
        let become_user = format!("setpriv --reuid={user} --regid={user} --clear-groups");
        write_script(&exuvia, &root, &become_user, &program);
        let mut ground = Self {
            kept: None,
            world,
            exuvia,
            user,
            _dir: dir,
        };
        let mut chown = Command::new("chown");
        chown.arg("-R").arg(format!("{user}:{user}"));
        let done = chown.arg(ground.root()).status().unwrap();
        assert!(done.success(), "giving a home to a user takes root");
        let mut kept = ground.world.keep(&ground.exuvia);
        kept.wait_until_ready();
        ground.kept = Some(kept);
        ground
    }

    fn root(&self) -> &Path {
        self.world.install.home.parent().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        self.world.exuvia_command(&self.exuvia, words)
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Ran::of(&mut self.command(words)).bears_it()
    }

    fn upgrade_words(&self) -> Vec<String> {
        let report = self.exuvia(&["check", "--json"]).exits(0).json();
        upgrade_words(&report, "0")
    }

    fn upgrade(&self) -> Ran {
        let words = self.upgrade_words();
        self.exuvia(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn runs(&self, version: &str) {
        let status = self.exuvia(&["status", "--wait", "60", "--json"]);
        let status = status.exits(0).json();
        assert_eq!(status["version"]["running"], version, "{status:#}");
        assert_eq!(status["version"]["installed"], version, "{status:#}");
    }

    /// Nothing of a rehearsal is left: no copy, no package, no process.
    fn is_clean(&self) {
        assert!(listed(&self.world.exuvia_home().join("rehearsals")).is_empty());
        let beside = self.world.install.package.with_file_name(".exuvia");
        assert!(listed(&beside).is_empty());
        until("nobody of a rehearsal is left", || {
            self.marked().is_empty().then_some(())
        });
    }

    /// The processes of this user that a rehearsal started.
    fn marked(&self) -> Vec<u32> {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| {
            let dir = PathBuf::from(format!("/proc/{pid}"));
            let is_ours = std::fs::metadata(&dir).is_ok_and(|meta| meta.uid() == self.user);
            let environment = std::fs::read(dir.join("environ")).unwrap_or_default();
            let marked = format!("{MARK}=");
            is_ours
                && environment
                    .split(|byte| *byte == 0)
                    .any(|one| one.starts_with(marked.as_bytes()))
        })
        .collect()
    }

    /// Everything outside of Exuvia's home, npm's cache and the stage, as it is: kind, mode, size,
    /// and when what is in a file was changed.
    fn everything_else(&self) -> BTreeMap<PathBuf, (u32, u64, i64, i64)> {
        let mut seen = BTreeMap::new();
        let mut left = vec![self.root().to_owned()];
        while let Some(dir) = left.pop() {
            for entry in std::fs::read_dir(&dir).unwrap().flatten() {
                let path = entry.path();
                let stages = self.world.install.package.with_file_name(".exuvia");
                let npm = self.world.install.home.join(".npm");
                if [self.world.exuvia_home(), stages, npm].contains(&path) {
                    continue;
                }
                let meta = std::fs::symlink_metadata(&path).unwrap();
                if meta.is_dir() {
                    left.push(path.clone());
                }
                let seen_as = if meta.is_dir() {
                    (meta.mode(), 0, 0, 0)
                } else {
                    let (seconds, more) = (meta.mtime(), meta.mtime_nsec());
                    (meta.mode(), meta.len(), seconds, more)
                };
                seen.insert(path, seen_as);
            }
        }
        seen
    }
}

impl Drop for Ground {
    /// Its gateway would outlive a keeper that is not ended in order.
    fn drop(&mut self) {
        let _ = Ran::of(&mut self.command(&["gateway", "stop", "--json"]));
    }
}

/// A script that runs a program below a changed root, after this: nobody is given a user namespace
/// there.
fn write_script(script: &Path, root: &Path, first: &str, program: &Path) {
    let text = format!(
        "#!/bin/sh\nexec unshare -m sh -c 'mount --rbind / \"$0\" && exec chroot \"$0\" {first} env \
         --chdir=\"$PWD\" \"$@\"' '{}' '{}' \"$@\"\n",
        root.display(),
        program.display()
    );
    std::fs::write(script, text).unwrap();
    for path in [script.parent().unwrap(), script] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn listed(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// What was rehearsed says that it was so in part, and what was not cut off.
fn says_partial(told: &Value) {
    let rehearsed = &told["rehearsed"];
    let isolation = rehearsed["isolation"].as_str().unwrap();
    assert!(isolation.starts_with("partial ("), "{told:#}");
    let open = rehearsed["notIsolated"].to_string();
    for words in ["namespaces", "can be read", "network", "processes"] {
        assert!(open.contains(words), "{words}: {told:#}");
    }
    assert_eq!(rehearsed["turn"]["state"], "works", "{told:#}");
    assert_eq!(rehearsed["wayBack"]["state"], "works", "{told:#}");
}

#[test]
fn without_namespaces_an_upgrade_says_partial_and_works_and_so_does_the_way_back() {
    let ground = Ground::of(61_241, Mini::release(NEW));
    let before = belongings(&ground.world);
    let told = ground.upgrade().exits(0).json();
    says_partial(&told);
    ground.runs(NEW);
    let kept = ground.exuvia(&["rollback", "--json"]).exits(0);
    drop(kept);
    ground.runs(OLD);
    assert_eq!(belongings(&ground.world), before);
    assert!(listed(&ground.world.exuvia_home().join("rehearsals")).is_empty());
    assert_eq!(ground.marked(), Vec::<u32>::new());
}

#[test]
fn a_partial_rehearsal_changes_nothing_outside_of_the_copy_and_warns_a_person() {
    let release = Mini::release(NEW)
        .broken(Flaw::MessagesChannel)
        .broken(Flaw::PostinstallWritesHome("was-here".to_owned()));
    let ground = Ground::of(61_242, release);
    let report = ground.exuvia(&["check", "--json"]).exits(0).json();
    let report = report["reportId"].as_str().unwrap().to_owned();
    let before = ground.everything_else();
    let told = ground.exuvia(&["rehearse", "--report", &report, "--soak", "0"]);
    let told = told.exits(0);
    assert!(told.stdout.contains("! isolation: partial"), "{told:#?}");
    assert!(told.stdout.contains("no namespaces"), "{told:#?}");
    let after = ground.everything_else();
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    // What the live gateway does itself while it is asked: it reads its databases, and its stand-in
    // keeps a book.
    let its_own = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".sqlite-shm") || name.starts_with("standin.sqlite")
    };
    let changed: Vec<_> = paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path) && !its_own(path))
        .collect();
    assert!(
        changed.is_empty(),
        "the rehearsal wrote elsewhere: {changed:#?}"
    );
    assert!(ground.world.channel.messages().all().is_empty());
    ground.is_clean();
    ground.runs(OLD);
}

#[test]
fn a_bad_release_is_stopped_by_a_partial_rehearsal_and_not_offered_again() {
    let ground = Ground::of(61_243, Mini::release(NEW).broken(Flaw::LosesCronJob));
    let before = belongings(&ground.world);
    let failed = ground.upgrade().exits(1).json();
    let failure = &failed["state"]["failure"];
    assert_eq!(failure["during"], "rehearse", "{failed:#}");
    assert_eq!(belongings(&ground.world), before);
    ground.is_clean();
    ground.runs(OLD);
    let report = ground.exuvia(&["check", "--json"]).exits(0).json();
    let core = entry(&report, "openclaw");
    assert_eq!(core["assessment"]["risk"], "blocked", "{core:#}");
}

#[test]
fn a_kill_in_a_partial_rehearsal_leaves_nothing_after_the_next_command() {
    let slow = Flaw::StartsAfter(Duration::from_mins(4));
    let ground = Ground::of(61_244, Mini::release(NEW).broken(slow));
    let words = ground.upgrade_words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut upgrade = Spawned(
        ground
            .command(&words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let copy = until("the new version runs on the copy", || {
        let copies = listed(&ground.world.exuvia_home().join("rehearsals"));
        let [copy] = copies.as_slice() else {
            return None;
        };
        // The log is there as soon as the gateway is about to be started.
        copy.join("new-log").is_dir().then(|| copy.clone())
    });
    until("it has been started", || {
        (ground.marked().len() >= 2).then_some(())
    });
    let mode = std::fs::metadata(&copy).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700, "others can read the copy");
    // One that left everybody else, as a daemon does.
    let run = copy.file_name().unwrap().to_str().unwrap();
    let user = ground.user.to_string();
    let mut daemon = Command::new("setpriv");
    daemon
        .args(["--reuid", &user, "--regid", &user, "--clear-groups"])
        .args([
            "sh",
            "-c",
            "trap '' TERM INT HUP; while :; do sleep 1; done",
        ])
        .env(MARK, run);
    let mut daemon = Spawned(daemon.spawn().unwrap());
    found::kill_tree(upgrade.0.id());
    upgrade.0.wait().unwrap();
    assert!(copy.is_dir(), "it was killed too late");
    let _ = ground.exuvia(&["resume", "--json"]).exits(1);
    assert!(daemon.0.wait().unwrap().code().is_none());
    ground.is_clean();
    ground.runs(OLD);
}

/// Ended with the test.
struct Spawned(Child);

impl Drop for Spawned {
    fn drop(&mut self) {
        // It has ended already where all went well.
        found::signal(self.0.id(), Signal::KILL);
        let _ = self.0.wait();
    }
}

#[test]
fn who_wants_full_isolation_is_refused_without_namespaces() {
    let ground = Ground::of(61_245, Mini::release(NEW));
    let config = ground.world.exuvia_home().join("config.toml");
    std::fs::write(&config, "[rehearsal]\nrequire-isolation = \"full\"\n").unwrap();
    let failed = ground.upgrade().exits(1).json();
    let why = failed["state"]["failure"]["why"].as_str().unwrap();
    assert!(why.contains("require-isolation"), "{failed:#}");
    assert!(why.contains("no namespaces"), "{failed:#}");
    ground.is_clean();
    ground.runs(OLD);
}

/// As in a container: root, who may make no namespaces.
#[test]
#[ignore = "minutes, a quarter of an hour on a busy machine; `cargo xtask soak --long` runs it"]
fn the_real_openclaw_is_rehearsed_in_part() {
    let mut moulting = Moulting::start();
    moulting.offer(OPENCLAW, NEXT_OPENCLAW);
    let report = moulting.exuvia(&["check", "--json"]).exits(0).json();
    let report = report["reportId"].as_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (script, root) = (dir.path().join("in-part"), dir.path().join("root"));
    std::fs::create_dir(&root).unwrap();
    let lessen = "setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin";
    let plain = moulting.command(&["rehearse", "--report", report, "--soak", "0", "--json"]);
    write_script(&script, &root, lessen, Path::new(plain.get_program()));
    let mut rehearse = Command::new(&script);
    rehearse.args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => rehearse.env(name, value),
            None => rehearse.env_remove(name),
        };
    }
    let before = moulting.belongings();
    let ran = Running::start(&mut rehearse).wait_within(Duration::from_mins(20));
    println!("{:.0?}\n{}\n{}", ran.took, ran.stderr, ran.stdout);
    let told = ran.exits(0).json();
    says_partial(&told);
    assert_eq!(moulting.belongings(), before);
    assert_eq!(moulting.version(), OPENCLAW);
    leaves_nothing(&moulting, "a partial rehearsal");
}
