//! An install on disk, Exuvia's own directory, and what to compare of them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_host::disk::{Disk, File};
use exuvia_host::points::Points;
use exuvia_host::testing::TestHost;
use exuvia_host::{Home, Host};
use exuvia_openclaw::{Install, LocateOptions, locate};
use exuvia_recovery::{
    AgentId, Recovery, RecoveryError, RestoreRequest, Restored, Scope, TakeOptions, Taken,
};
use exuvia_store::Snapshot;
use exuvia_testkit::install::{self, Builder, Plugin, Skill};
use exuvia_testkit::tree;

/// The unit of the default install, below its home.
pub const UNIT: &str = ".config/systemd/user/openclaw-gateway.service";
/// What the unit says in the snapshot; the token is a secret. It names no Node: asking one for its
/// version starts a process, which holds the locks of all tests until it runs.
pub const UNIT_TEXT: &str = "[Service]\nExecStart=/x/openclaw gateway\n\
                             Environment=OPENCLAW_GATEWAY_TOKEN=very-secret\n";

/// An install, and Exuvia beside it.
pub struct Lab {
    pub directory: tempfile::TempDir,
    pub built: install::Install,
    pub host: Arc<TestHost>,
}

/// The points of a host, for what does not go through it.
#[derive(Debug)]
struct Shared(Arc<TestHost>);

impl Points for Shared {
    fn reach(&self, point: &'static str, path: &Path) -> io::Result<()> {
        self.0.faults().reach(point, path)
    }
}

impl Lab {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let builder = Builder::new(&directory.path().join("home"))
            .plugin(Plugin::npm("msteams", "@openclaw/msteams", "2026.9.4"))
            .skill(Skill::clawhub("acme", "demo", "1.0.0"));
        let built = change(builder).build();
        let lab = Self {
            host: Arc::new(host(directory.path(), &built)),
            directory,
            built,
        };
        fs::create_dir_all(lab.unit().parent().unwrap()).unwrap();
        lab.write("workspace/MEMORY.md", "what it knows");
        lab.write("agents/main/sessions/1.jsonl", "{}\n");
        lab.write("agents/other/sessions/2.jsonl", "{}\n");
        lab.write("logs/gateway.log", "a line\n");
        lab.write("cache/control-ui-assets/x.js", "made anew");
        lab.write("tmp/skill-upload", "half");
        lab
    }

    /// The same install for another machine: one whose faults are planned apart.
    pub fn again(&self) -> Arc<TestHost> {
        Arc::new(host(self.directory.path(), &self.built))
    }

    pub fn state(&self) -> PathBuf {
        self.built.state.clone()
    }

    pub fn write(&self, path: &str, content: &str) {
        write_at(&self.state().join(path), content);
    }

    pub fn unit(&self) -> PathBuf {
        self.built.home.join(UNIT)
    }

    pub fn drop_in(&self, name: &str) -> PathBuf {
        self.built.home.join(format!("{UNIT}.d")).join(name)
    }

    pub fn exuvia(&self) -> PathBuf {
        self.directory.path().join("exuvia")
    }

    pub fn install(&self) -> Install {
        locate(self.host.as_ref(), &LocateOptions::default()).unwrap()
    }

    pub fn recovery(&self) -> Recovery {
        open(&self.host).unwrap()
    }

    pub fn take(&self, name: &str) -> Taken {
        let options = TakeOptions {
            name: Some(name.to_owned()),
            ..TakeOptions::of(Scope::Install)
        };
        self.recovery().take(&self.install(), options).unwrap()
    }

    pub fn take_agent(&self, id: &str) -> Result<Taken, RecoveryError> {
        let scope = Scope::Agent(AgentId::new(id).unwrap());
        self.recovery()
            .take(&self.install(), TakeOptions::of(scope))
    }

    pub fn restore(&self, snapshot: &Snapshot) -> Result<Restored, RecoveryError> {
        restore(&self.recovery(), &self.install(), snapshot, false)
    }

    pub fn force(&self, snapshot: &Snapshot) -> Result<Restored, RecoveryError> {
        restore(&self.recovery(), &self.install(), snapshot, true)
    }

    /// Everything of the install, its service included; the index of a log is nobody's.
    pub fn facts(&self) -> Facts {
        Facts {
            state: tree::Snapshot::of(&self.state()),
            config: tree::Snapshot::of(&self.built.home.join(".config")),
        }
    }

    /// Changes something of everything.
    pub fn go_mad(&self, seed: usize) {
        self.write("openclaw.json", &format!("{{\"mad\":{seed}}}"));
        self.write("workspace/MEMORY.md", &format!("nothing {seed}"));
        self.write(&format!("agents/main/sessions/{seed}-new.jsonl"), "{}\n");
        let _ = fs::remove_file(self.state().join("agents/other/sessions/2.jsonl"));
        let _ = fs::remove_dir_all(self.state().join("npm"));
        let state = self.built.open_state();
        let sql = "UPDATE config_machine_state SET value_json = ?1";
        state.execute(sql, [format!("{{\"mad\":{seed}}}")]).unwrap();
        drop(state);
        write_at(&self.unit(), &format!("[Service]\nExecStart=/mad/{seed}\n"));
        write_at(&self.drop_in(&format!("mad{seed}.conf")), "[Service]\n");
    }

    pub fn with_service(self) -> Self {
        write_at(&self.unit(), UNIT_TEXT);
        write_at(&self.drop_in("10-memory.conf"), "[Service]\nMemoryMax=1G\n");
        self
    }

    /// Somebody who holds the lock of a gateway.
    pub fn running(&self) -> File {
        self.write(
            "tmp/openclaw-0/gateway.state.lock",
            "{\"pid\":7,\"port\":19100}",
        );
        self.write("tmp/openclaw-0/gateway.state.lock.sqlite", "");
        let locks = self.state().join("tmp/openclaw-0");
        let locks = Disk::new().open_dir(&locks).unwrap();
        let file = locks.open_to_lock("gateway.state.lock.sqlite".as_ref());
        let file = file.unwrap();
        assert!(file.try_lock_records().unwrap());
        file
    }
}

/// What there is of an install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    state: tree::Snapshot,
    config: tree::Snapshot,
}

impl Facts {
    /// What differs, but for what snapshots leave out.
    pub fn changed(&self, later: &Self) -> Vec<PathBuf> {
        let mut changed = self.state.changed(&later.state);
        changed.extend(self.config.changed(&later.config));
        changed.retain(|path| {
            let text = path.to_string_lossy();
            !text.ends_with("-shm") && !text.starts_with("tmp/") && !text.starts_with("cache/")
        });
        changed
    }
}

/// Writes a file, and makes the directories above it.
pub fn write_at(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[track_caller]
pub fn assert_same(now: &Facts, was: &Facts) {
    let changed = was.changed(now);
    assert!(changed.is_empty(), "{changed:?}");
}

pub fn host(directory: &Path, built: &install::Install) -> TestHost {
    TestHost::new()
        .with_env("HOME", &built.home)
        .with_env("PATH", built.prefix.join("bin"))
        .with_env("EXUVIA_HOME", directory.join("exuvia"))
}

pub fn open(host: &Arc<TestHost>) -> Result<Recovery, RecoveryError> {
    let home = Home::locate(host.as_ref()).unwrap();
    let disk = Disk::with_points(Arc::new(Shared(host.clone())));
    let host: Arc<dyn Host> = host.clone();
    Recovery::open(host, disk, &home, None)
}

pub fn restore(
    recovery: &Recovery,
    install: &Install,
    snapshot: &Snapshot,
    force: bool,
) -> Result<Restored, RecoveryError> {
    recovery
        .plan_restore(install, snapshot, RestoreRequest { force })?
        .apply()
}
