//! A real OpenClaw in a prefix of its own that is upgraded and rolled back while its gateway is
//! kept.

#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that is not there is null, and reading it does not panic"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use exuvia_testkit::sandbox::{Broken, NEXT_OPENCLAW, OPENCLAW, Past, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Kept, Ran, Running, Struck, World, found, sandbox, upgrade_words, vitals_by};

/// The session in which turns are taken.
const SESSION: &str = "agent:main:main";
/// An upgrade took six minutes on a machine with much else to do.
const PATIENCE: Duration = Duration::from_mins(20);
/// Short beside the second or two for which npm leaves no package.
const GLANCE: Duration = Duration::from_micros(500);

/// Between two runs of a program that takes half a second of a processor.
const PAUSE: Duration = Duration::from_millis(500);

/// The install, its kept gateway, and the registry of a day on which its next release was new.
#[derive(Debug)]
pub struct Moulting {
    /// Its world.
    pub kept: Kept,
    sandbox: Sandbox,
    registry: Option<Past>,
    turns: u32,
    /// What belongs to each version that was seen.
    known: BTreeMap<String, Value>,
    _prefix: TempDir,
}

impl Moulting {
    /// With the sandbox's release and everything that its template has.
    pub fn start() -> Self {
        let (dir, prefix) = prefix();
        let own = sandbox().with_own(&prefix);
        let own = own.unwrap_or_else(|error| panic!("no prefix of its own: {error:#}"));
        Self::begin(own.clone(), World::fork_on(&own), dir)
    }

    /// With this release, which comes from npm, in a new home.
    pub fn start_at(version: &'static str) -> Self {
        if version == OPENCLAW {
            return Self::start();
        }
        let (dir, prefix) = prefix();
        let own = sandbox().with_own_release(&prefix, version);
        let own = own.unwrap_or_else(|error| panic!("no OpenClaw {version}: {error:#}"));
        Self::begin(own.clone(), World::bare_on(&own), dir)
    }

    fn begin(sandbox: Sandbox, world: World, prefix: TempDir) -> Self {
        let skill = world.home().workspace().join("skills/kept-skill");
        let words = "---\nname: kept-skill\ndescription: Stays what it is.\n---\n\nStay.\n";
        let written = std::fs::create_dir_all(&skill)
            .and_then(|()| std::fs::write(skill.join("SKILL.md"), words));
        written.unwrap_or_else(|error| panic!("{}: {error}", skill.display()));
        let mut moulting = Self {
            kept: Kept::start_in(world),
            sandbox,
            registry: None,
            turns: 0,
            known: BTreeMap::new(),
            _prefix: prefix,
        };
        moulting.takes_a_turn();
        let schedule = json!({ "kind": "cron", "expr": "0 7 1 1 *" });
        let payload = json!({ "kind": "agentTurn", "message": "Report." });
        let job = json!({
            "name": "kept-job", "enabled": true, "schedule": schedule, "payload": payload,
            "sessionTarget": "isolated", "wakeMode": "now",
        });
        moulting.kept.call("cron.add", &job);
        moulting
    }

    /// From now on this release is the newest that npm has.
    pub fn offer(&mut self, current: &str, latest: &str) {
        let past = Past::start(&self.sandbox, current, latest);
        self.registry = Some(past.unwrap_or_else(|error| panic!("no registry: {error:#}")));
    }

    /// From now on its newest is a release of this version, with this wrong.
    pub fn releases(&self, version: &str, broken: &Broken) {
        let registry = self.registry.as_ref();
        let registry = registry.unwrap_or_else(|| panic!("nothing was offered before"));
        let released = registry.release_broken(NEXT_OPENCLAW, version, broken);
        released.unwrap_or_else(|error| panic!("no release {version}: {error:#}"));
    }

    /// A command of `exuvia`, which asks that registry.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.kept.command(arguments);
        if let Some(registry) = &self.registry {
            command.env("npm_config_registry", registry.url());
        }
        command
    }

    /// Runs `exuvia` with these arguments.
    pub fn exuvia(&self, arguments: &[&str]) -> Ran {
        Running::start(&mut self.command(arguments)).wait_within(PATIENCE)
    }

    /// The words of an upgrade to what `exuvia check` finds now.
    pub fn upgrade_words(&self) -> Vec<String> {
        let report = self.exuvia(&["check", "--json"]).exits(0).json();
        upgrade_words(&report, "0")
    }

    /// Checks and upgrades.
    pub fn upgrade(&self) -> Ran {
        let words = self.upgrade_words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.exuvia(&words)
    }

    /// The gateway works; the version that runs, which is also the installed one.
    pub fn version(&self) -> String {
        let status = self.exuvia(&["status", "--wait", "300", "--json"]);
        let status = status.exits(0).json();
        assert_eq!(status["verdict"], "healthy", "{status:#}");
        let version = status["version"]["running"].as_str().unwrap_or_default();
        assert_eq!(status["version"]["installed"], version, "{status:#}");
        version.to_owned()
    }

    /// What the user would miss.
    pub fn belongings(&self) -> Value {
        vitals_by(&self.kept, self.kept.client())
    }

    /// The agent answers, in the session that it always had.
    pub fn takes_a_turn(&mut self) {
        self.turns += 1;
        let said = format!("turn {}", self.turns);
        let taken = self.kept.client().turn(SESSION, &said);
        taken.unwrap_or_else(|error| panic!("{said}: {error:#}"));
    }

    /// Runs `openclaw --version` from now on, over and over.
    pub fn asks_for_its_version(&self) -> Asked {
        let mut command = self.kept.openclaw_command(&["--version"]);
        // No process of the home's, which only its gateway leaves behind.
        command.env("HOME", "/nonexistent").stdin(Stdio::null());
        Asked::begin(command)
    }

    /// Looks from now on whether the package is there.
    pub fn watch(&self) -> Watch {
        Watch::begin(self.package())
    }
}

impl Struck for Moulting {
    fn name(&self) -> &'static str {
        "real"
    }

    fn span(&self) -> Duration {
        Duration::from_secs(40)
    }

    fn command(&self, words: &[&str]) -> Command {
        Self::command(self, words)
    }

    fn exuvia(&self, words: &[&str]) -> Ran {
        Self::exuvia(self, words)
    }

    fn upgrade_words(&self) -> Vec<String> {
        Self::upgrade_words(self)
    }

    fn home(&self) -> PathBuf {
        self.kept.home().path().to_owned()
    }

    fn exuvia_home(&self) -> PathBuf {
        self.kept.exuvia_home()
    }

    fn package(&self) -> PathBuf {
        self.sandbox.tools().openclaw_package()
    }

    fn is_whole(&mut self, what: &str) -> String {
        let version = self.version();
        let gateways = found::gateways(&self.home());
        assert_eq!(gateways.len(), 1, "{what}: {gateways:?}");
        let now = self.belongings();
        match self.known.get(&version) {
            Some(known) => assert_eq!(now, *known, "{what}: {version}"),
            None => drop(self.known.insert(version.clone(), now)),
        }
        self.takes_a_turn();
        version
    }

    fn is_old(&self, version: &str) -> bool {
        version == OPENCLAW
    }
}

fn prefix() -> (TempDir, PathBuf) {
    let dir = TempDir::new().and_then(|dir| dir.path().canonicalize().map(|path| (dir, path)));
    let (dir, path) = dir.unwrap_or_else(|error| panic!("no temporary directory: {error}"));
    (dir, path.join("prefix"))
}

/// Two that look without end: one at the directory of a package, one for its `package.json`.
#[derive(Debug)]
pub struct Watch {
    over: Arc<AtomicBool>,
    watchers: Vec<JoinHandle<(u64, Vec<String>)>>,
}

impl Watch {
    /// Looks at this package.
    pub fn begin(package: PathBuf) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let file = package.join("package.json");
        let watchers = [package, file].map(|path| {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let (mut looks, mut missed, began) = (0, Vec::new(), Instant::now());
                while !over.load(Ordering::Relaxed) {
                    looks += 1;
                    if let Err(error) = std::fs::metadata(&path) {
                        let at = began.elapsed();
                        missed.push(format!("{}: {error} after {at:?}", path.display()));
                    }
                    std::thread::sleep(GLANCE);
                }
                (looks, missed)
            })
        });
        Self {
            over,
            watchers: watchers.into(),
        }
    }

    /// It was there each time; how often was looked.
    pub fn saw_it_always(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let mut looks = 0;
        for watcher in self.watchers {
            let watched = watcher.join();
            let (looked, missed) =
                watched.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
            assert!(missed.is_empty(), "in {looked} looks: {missed:#?}");
            looks += looked;
        }
        looks
    }
}

/// Somebody who runs a program without end.
#[derive(Debug)]
pub struct Asked {
    over: Arc<AtomicBool>,
    asking: JoinHandle<(u64, Option<String>)>,
}

impl Asked {
    fn begin(mut command: Command) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let asking = std::thread::spawn(move || {
            let mut times = 0;
            while !until.load(Ordering::Relaxed) {
                let answer = command.output();
                let good = answer.as_ref().is_ok_and(|answer| answer.status.success());
                if !good {
                    return (times, Some(format!("{answer:?}")));
                }
                times += 1;
                std::thread::sleep(PAUSE);
            }
            (times, None)
        });
        Self { over, asking }
    }

    /// It worked each time; how often it ran.
    pub fn was_always_answered(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let asked = self.asking.join();
        let (times, failed) = asked.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
        assert_eq!(failed, None, "after {times} times that went well");
        times
    }
}
