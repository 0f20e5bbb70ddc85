//! A stand-in install, and the processes that are killed in these tests: a keeper, a driver, a
//! caller. Each is this very test program, run with one test's name and the ground's path.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests' own ground is the machine, and they may panic; no test uses all of it"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exuvia_gateway::keeper::{Asked, Client, Keeper, KeeperOptions, Places};
use exuvia_gateway::restart::{Ask, Carrier, Pace, RestartOptions, Restarts};
use exuvia_gateway::running::{Presence, presence};
use exuvia_host::disk::Holder;
use exuvia_host::process::{Processes, Signal, Sink};
use exuvia_host::testing::TestHost;
use exuvia_host::{Command, Home, Host, SystemHost};
use exuvia_model::install::PackageManager;
use exuvia_model::restart::{Kind, Millis, Policy, RequestId};
use exuvia_model::sentinel::{Note, Outcome, Sentinel};
use exuvia_model::supervision::Terms;
use exuvia_openclaw::Install;
use exuvia_testkit::gateway::Installed;
use tempfile::TempDir;

pub const DEADLINE: Duration = Duration::from_mins(1);
pub const SESSION: &str = "agent:main:main";
pub const VERSION: &str = "2026.9.5";

/// Where everything of one test lies. The install is at `root`.
pub struct Ground {
    pub installed: Installed,
    pub place: Place,
    _dir: TempDir,
}

/// The same, for a process that only knows the path.
#[derive(Clone)]
pub struct Place {
    pub root: PathBuf,
    pub install: Install,
    pub home: Home,
}

impl std::ops::Deref for Ground {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Ground {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let installed = Installed::at(dir.path());
        installed.behave(|behaviour| behaviour.sessions = vec![SESSION.to_owned()]);
        Self {
            place: Place::at(installed.root()),
            installed,
            _dir: dir,
        }
    }

    /// With a keeper, and its gateway listening.
    pub async fn kept() -> Self {
        let ground = Self::new();
        ground.start_keeper();
        ground.until_running().await;
        ground
    }

    /// How many messages of the session hold this.
    pub fn told(&self, what: &str) -> usize {
        self.installed.book().count(SESSION, what)
    }

    pub fn starts(&self) -> usize {
        self.installed.book().starts().len()
    }
}

impl Place {
    pub fn at(root: &Path) -> Self {
        let host = TestHost::new().with_env("EXUVIA_HOME", root.join("exuvia"));
        Self {
            root: root.to_owned(),
            install: install(root),
            home: Home::locate(&host).unwrap(),
        }
    }

    /// A host that a test can break.
    pub fn host(&self) -> Arc<TestHost> {
        Arc::new(TestHost::new().with_env("EXUVIA_HOME", self.home.root()))
    }

    pub fn restarts(&self) -> Restarts {
        self.restarts_on(self.host(), policy())
    }

    pub fn restarts_on(&self, host: Arc<dyn Host>, policy: Policy) -> Restarts {
        let (home, install) = (self.home.clone(), self.install.clone());
        Restarts::new(host, home, install, Processes::new(), self.options(policy))
    }

    pub fn options(&self, policy: Policy) -> RestartOptions {
        RestartOptions {
            policy,
            pace: Pace {
                inbox: Duration::from_millis(20),
                work: Duration::from_millis(20),
                gateway: Duration::from_millis(10),
            },
            carrier: Carrier {
                program: std::env::current_exe().unwrap(),
                arguments: self.role("role_driver"),
            },
        }
    }

    /// The words that make this program play a part.
    pub fn role(&self, name: &str) -> Vec<OsString> {
        let root = self.root.clone().into_os_string();
        vec!["--exact".into(), name.into(), "--nocapture".into(), root]
    }

    /// Starts a process that plays a part.
    pub fn start(&self, name: &str) -> Holder {
        let command = Command::new(std::env::current_exe().unwrap()).args(self.role(name));
        let log = self.root.join(format!("{name}.log"));
        let child = Processes::new().spawn(&command, &Sink::Append(log));
        child.unwrap().id().clone()
    }

    pub fn start_keeper(&self) -> Holder {
        self.start("role_keeper")
    }

    /// The keeper's process, if one answers.
    pub async fn keeper(&self) -> Option<Holder> {
        let client = Client::at(Places::of(&self.home, &self.install).socket());
        let told = client.ask(Asked::Status, DEADLINE).await.ok()??;
        Processes::new().find(told.keeper).map(|seen| seen.id)
    }

    pub fn gateway(&self) -> Option<Holder> {
        match presence(&*self.host(), &self.install, &Processes::new()) {
            Presence::Runs(seen) => Some(seen.id),
            _ => None,
        }
    }

    /// Waits until the gateway has started, and says which it is.
    pub async fn until_running(&self) -> Holder {
        until(async || {
            let host: Arc<dyn Host> = self.host();
            let look = exuvia_gateway::running::look(&host, &self.install, &Processes::new()).await;
            let seen = look.presence.process()?;
            look.has_started.then(|| seen.id.clone())
        })
        .await
    }

    /// Every gateway of this install that runs, however it was started.
    pub fn gateways(&self) -> Vec<Holder> {
        let script = self
            .install
            .package_root
            .as_ref()
            .unwrap()
            .join("openclaw.mjs");
        let all = Processes::new().all().into_iter();
        let runs = |words: &[OsString]| {
            words.iter().any(|word| word == script.as_os_str())
                && words.ends_with(&["gateway".into(), "run".into()])
        };
        all.filter(|seen| runs(&seen.words))
            .map(|seen| seen.id)
            .collect()
    }

    pub fn journal_outcomes(&self) -> Vec<Option<exuvia_model::journal::Outcome>> {
        let journal = exuvia_store::journal::Journal::open(self.host(), &self.home).unwrap();
        let runs = journal
            .runs(&exuvia_store::journal::Filter::default())
            .unwrap();
        runs.into_iter().map(|run| run.outcome).collect()
    }
}

impl Drop for Ground {
    /// Everything that was started here has its path in its words or its environment.
    fn drop(&mut self) {
        let processes = Processes::new();
        let root = self.root.to_str().unwrap().to_owned();
        let ours = |words: &[OsString]| words.iter().any(|w| w.to_string_lossy().contains(&root));
        // The keeper first: it starts again what ends.
        let mut all = processes.all();
        all.sort_by_key(|seen| seen.words.ends_with(&["gateway".into(), "run".into()]));
        for seen in all.iter().filter(|seen| ours(&seen.words)) {
            processes.signal(&seen.id, Signal::Kill).unwrap();
        }
        let state = self.install.state_dir.to_str().unwrap();
        let ended = processes.end_with_variable("OPENCLAW_STATE_DIR", state, DEADLINE);
        ended.unwrap();
    }
}

pub fn policy() -> Policy {
    Policy {
        longest_delay: Millis::from_secs(60),
        deferral: Millis::from_secs(30),
        cooldown: Millis::new(1),
        hooks: Millis::from_secs(10),
        one_try: Millis::from_secs(30),
        tries: 3,
    }
}

pub fn ask() -> Ask {
    Ask {
        kind: Kind::Restart,
        reason: "test".to_owned(),
        actor: "test".to_owned(),
        force: false,
        patience: None,
        delay: Millis::ZERO,
        session: Some(SESSION.parse().unwrap()),
        note: Some(Note::new("MARK done").unwrap()),
        expected: VERSION.parse().unwrap(),
    }
}

pub fn forced() -> Ask {
    Ask {
        force: true,
        ..ask()
    }
}

pub async fn ask_and_wait(restarts: &Restarts, ask: Ask) -> Sentinel {
    let run = restarts.ask(ask).await.unwrap();
    wait(restarts, &run).await
}

pub async fn wait(restarts: &Restarts, run: &RequestId) -> Sentinel {
    let waited = tokio::time::timeout(DEADLINE, restarts.wait(run, |_| ()));
    waited.await.unwrap().unwrap()
}

pub fn is_restarted(sentinel: &Sentinel) -> bool {
    sentinel.outcome == Outcome::Restarted
}

/// Asks again and again, until there is an answer or it is late.
pub async fn until<T>(look: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap()
}

/// The ground that this process was started to play a part on; none in an ordinary test run.
pub fn part() -> Option<Place> {
    let last = PathBuf::from(std::env::args_os().next_back()?);
    let is_ground = last.is_absolute() && std::env::args().any(|word| word.starts_with("role_"));
    is_ground.then(|| Place::at(&last))
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

pub fn play_keeper() {
    let Some(place) = part() else { return };
    let options = KeeperOptions {
        terms: Terms {
            grace: Duration::from_secs(5),
        },
        ..KeeperOptions::default()
    };
    let host: Arc<dyn Host> = Arc::new(SystemHost::new());
    let keeper = Keeper::new(
        host,
        &place.home,
        place.install.clone(),
        options,
        Command::new("/no/such/program"),
        |notice| eprintln!("{notice:?}"),
    );
    let code = block_on(keeper.run()).unwrap();
    std::process::exit(code);
}

pub fn play_driver() {
    let Some(place) = part() else { return };
    let restarts = place.restarts_on(Arc::new(SystemHost::new()), policy());
    let drove = block_on(restarts.drive());
    eprintln!("{drove:?}");
    std::process::exit(i32::from(drove.is_err()));
}

fn install(root: &Path) -> Install {
    let state = root.join(".openclaw");
    // A test may put a script in front of it.
    let wrapped = root.join("bin/wrapped");
    let node = if wrapped.exists() {
        wrapped
    } else {
        root.join("bin/node")
    };
    Install {
        config_path: state.join("openclaw.json"),
        default_workspace: state.join("workspace"),
        state_dir: state,
        package_root: Some(root.join("lib/node_modules/openclaw")),
        package_manager: PackageManager::Npm,
        package_writable: true,
        profile: None,
        home: root.to_owned(),
        os_home: root.to_owned(),
        is_default: false,
        service: None,
        node: Some(node),
        scratch_dir: root.join("tmp"),
    }
}
