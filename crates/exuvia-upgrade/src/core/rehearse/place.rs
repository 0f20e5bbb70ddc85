//! Where the programs of a rehearsal find things: at the real paths of a space of their own, or,
//! where no namespaces are to be had, at those of the copy, beside everything else.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use exuvia_host::process::Processes;
use exuvia_host::space::{Bind, Fence, Isolation};
use exuvia_host::{Command, Host};
use exuvia_model::install::PackageManager;
use exuvia_openclaw::Install;
use exuvia_openclaw::config::Config;

use super::stage::{EMPTY, Life, Stage};
use crate::Trouble;

/// By this the programs of a partial rehearsal are found; its value is the run.
pub(super) const MARK: &str = "EXUVIA_REHEARSAL";
/// Where OpenClaw copies its databases to before it looks into them. Without it that is in the
/// user's home (`infra/sqlite-snapshot-staging`, 2026.9.6).
const CACHE_HOME: &str = "XDG_CACHE_HOME";
/// `$EXUVIA_HOME` in a space, where OpenClaw writes its log, as JSON (seen with 2026.9.5), and its
/// cache.
const OWN_HOME: &str = "/tmp/exuvia";
const LOGS: &str = "/tmp/openclaw";
const CACHE: &str = "/tmp/cache";
/// Where OpenClaw locks the databases of all its states, by user, whatever its environment says
/// (`resolveStateLifecycleRuntimeDirectory`, 2026.9.6).
const LOCKS: &str = "/tmp/openclaw-state-locks-";
/// The state in the home of a copy, where it does not lie in the real one.
const STATE: &str = "state";

/// What a rehearsal beside everything else has for its own.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    /// How far it is cut off.
    pub(super) isolation: Isolation,
    /// The run, which its programs are marked with.
    pub(super) mark: String,
    /// The port of the gateways.
    pub(super) port: u16,
    /// The port of the stand-in of the model.
    pub(super) model: u16,
}

impl Beside {
    /// Takes two ports that nobody has.
    pub(super) fn new(isolation: Isolation, mark: &str) -> Result<Self, Trouble> {
        let processes = Processes::new();
        let port = processes.free_port()?;
        let model = loop {
            let model = processes.free_port()?;
            if model != port {
                break model;
            }
        };
        Ok(Self {
            isolation,
            mark: mark.to_owned(),
            port,
            model,
        })
    }

    /// Whether the kernel keeps its programs from writing anywhere but in the copy.
    pub(super) fn is_fenced(&self) -> bool {
        matches!(&self.isolation, Isolation::Partial { held, .. } if held.files)
    }
}

/// Where the programs of one life find things.
pub(super) struct Place {
    /// The install as they see it.
    pub(super) install: Install,
    /// Their `$EXUVIA_HOME`, and where that lies for everybody else.
    pub(super) own_home: PathBuf,
    pub(super) home: PathBuf,
    /// Where OpenClaw's log is found.
    pub(super) logs: PathBuf,
    /// What their environment says besides.
    pub(super) env: Vec<(&'static str, OsString)>,
    /// What lies elsewhere for them.
    pub(super) binds: Vec<Bind>,
    /// What they are held to where nothing lies elsewhere.
    pub(super) fence: Option<Fence>,
}

impl Place {
    /// A program, told where it is.
    pub(super) fn told(&self, command: Command) -> Command {
        let env = self.env.iter();
        env.fold(command, |command, (name, value)| command.env(name, value))
    }
}

impl Stage {
    /// The copy of the state that a life is lived on.
    pub(super) fn state_of(&self, life: &str) -> PathBuf {
        if self.beside.is_none() {
            return self.dir.join(format!("{life}-state"));
        }
        let home = self.home_of(life);
        match self.below_home() {
            Some(below) => home.join(below),
            None => home.join(STATE),
        }
    }

    /// The home of a life beside everything else, so that `~` leads into the copy.
    pub(super) fn home_of(&self, life: &str) -> PathBuf {
        self.dir.join(life)
    }

    fn below_home(&self) -> Option<PathBuf> {
        let real = self.host.canonicalize(&self.install.home).ok()?;
        let below = self.install.state_dir.strip_prefix(real).ok()?;
        (!below.as_os_str().is_empty()).then(|| below.to_owned())
    }

    /// Where the programs of a life find things.
    pub(super) fn place(&self, life: &Life<'_>) -> Result<Place, Trouble> {
        match &self.beside {
            None => self.place_apart(life),
            Some(beside) => self.place_beside(life, beside),
        }
    }

    fn place_apart(&self, life: &Life<'_>) -> Result<Place, Trouble> {
        let (home, logs) = (self.own(life.name, "home")?, self.own(life.name, "log")?);
        let cache = self.own(life.name, "cache")?;
        // The live tree, too, may lie in a directory that is empty in there.
        let tree = life.tree.unwrap_or(&self.live);
        let mut binds = self.around();
        binds.extend([
            bind(&self.state_of(life.name), &self.install.state_dir, false),
            bind(&home, Path::new(OWN_HOME), false),
            bind(&logs, Path::new(LOGS), false),
            bind(&cache, Path::new(CACHE), false),
            bind(tree, &self.live, true),
        ]);
        binds.extend(life.also.iter().cloned());
        Ok(Place {
            install: Install {
                package_root: Some(self.package_in(&self.live)),
                ..self.install.clone()
            },
            own_home: OWN_HOME.into(),
            home,
            logs,
            env: vec![(CACHE_HOME, CACHE.into()), ("PATH", self.path(None)?)],
            binds,
            fence: None,
        })
    }

    /// What the live install leads to, where that lies in a directory that is empty in a space: of
    /// pnpm its store, and what the configuration names. It can be read, and not be written.
    fn around(&self) -> Vec<Bind> {
        let host = self.host.as_ref();
        let config = Config::read(host, &self.install);
        let named = [
            ["plugins", "load", "paths"],
            ["skills", "load", "extraDirs"],
        ];
        let named = named
            .iter()
            .flat_map(|keys| config.paths(host, &self.install, keys));
        let agents = config.agents(host, &self.install).into_iter();
        let store = match self.manager {
            PackageManager::Pnpm => self.live.ancestors().nth(3).map(Path::to_owned),
            _ => None,
        };
        let all = store
            .into_iter()
            .chain(named)
            .chain(agents.map(|agent| agent.workspace));
        // The state and the tree are bound themselves.
        let is_missing = |path: &PathBuf| {
            EMPTY.iter().any(|empty| path.starts_with(empty))
                && ![&self.install.state_dir, &self.live]
                    .iter()
                    .any(|bound| path.starts_with(bound))
                // What a link leads to would lie elsewhere; what is not there is not there.
                && host.canonicalize(path).is_ok_and(|real| real == *path)
        };
        let all: BTreeSet<PathBuf> = all.filter(is_missing).collect();
        all.iter().map(|path| readable(path)).collect()
    }

    fn place_beside(&self, life: &Life<'_>, beside: &Beside) -> Result<Place, Trouble> {
        let (own_home, logs) = (self.own(life.name, "home")?, self.own(life.name, "log")?);
        let (cache, temporary) = (self.own(life.name, "cache")?, self.own(life.name, "tmp")?);
        let locks = PathBuf::from(format!("{LOCKS}{}", user()?));
        self.host.create_private_dir(&locks)?;
        let home = self.home_of(life.name);
        let tree = life.tree.unwrap_or(&self.live);
        let install = self.moved(life.name, self.package_in(tree));
        let bin = match self.manager {
            PackageManager::Pnpm => Some(tree.join("node_modules/.bin")),
            _ => tree.ancestors().nth(3).map(|prefix| prefix.join("bin")),
        };
        let mut env = vec![
            ("HOME", home.clone().into()),
            ("OPENCLAW_HOME", home.clone().into()),
            ("OPENCLAW_STATE_DIR", install.state_dir.clone().into()),
            ("OPENCLAW_CONFIG_PATH", install.config_path.clone().into()),
            ("OPENCLAW_GATEWAY_PORT", beside.port.to_string().into()),
            // What of OpenClaw speaks to others (its docs, `gateway/embedding`).
            ("OPENCLAW_SKIP_CHANNELS", "1".into()),
            ("OPENCLAW_SKIP_CRON", "1".into()),
            ("OPENCLAW_SKIP_GMAIL_WATCHER", "1".into()),
            ("OPENCLAW_DISABLE_BONJOUR", "1".into()),
            ("OPENCLAW_NO_RESPAWN", "1".into()),
            ("TMPDIR", temporary.into()),
            (CACHE_HOME, cache.into()),
            ("PATH", self.path(bin)?),
            (MARK, beside.mark.clone().into()),
        ];
        if self.host.env("OPENCLAW_WORKSPACE_DIR").is_some() {
            let workspace = install.default_workspace.clone().into();
            env.push(("OPENCLAW_WORKSPACE_DIR", workspace));
        }
        Ok(Place {
            install,
            home: own_home.clone(),
            own_home,
            logs,
            env,
            binds: Vec::new(),
            fence: Some(Fence {
                writable: vec![self.dir.clone(), locks],
                ports: vec![beside.port, beside.model],
            }),
        })
    }

    /// The user's `PATH`, on which the Node that runs the gateway comes first: of what else is on
    /// it, some may not be there in a space.
    fn path(&self, first: Option<PathBuf>) -> Result<OsString, Trouble> {
        let path = self.host.env("PATH").unwrap_or_default();
        let node = self.install.node.as_deref().and_then(Path::parent);
        let first = first.into_iter().chain(node.map(Path::to_owned));
        let all = first.chain(std::env::split_paths(&path));
        Ok(std::env::join_paths(all)?)
    }

    /// Where scripts of the staged package may write.
    pub(super) fn place_of_scripts(&self) -> Result<Place, Trouble> {
        let own = self.own("scripts", "home")?;
        let (home, beside) = match &self.beside {
            None => (PathBuf::from("/tmp"), None),
            Some(beside) => (own.clone(), Some(beside)),
        };
        let mut env = vec![
            ("HOME", home.clone().into()),
            ("npm_config_cache", home.join("npm").into()),
        ];
        if let Some(beside) = beside {
            env.push(("TMPDIR", home.clone().into()));
            env.push((MARK, beside.mark.clone().into()));
        }
        let stage = &self.plan.beside;
        Ok(Place {
            install: self.install.clone(),
            own_home: home,
            logs: own.clone(),
            home: own.clone(),
            env,
            binds: match beside {
                None => vec![bind(stage, stage, false)],
                Some(_) => Vec::new(),
            },
            fence: beside.map(|_| Fence {
                writable: vec![own, stage.clone()],
                ports: Vec::new(),
            }),
        })
    }

    /// The install that lies in the copy of a life.
    pub(super) fn moved(&self, life: &str, package: PathBuf) -> Install {
        let home = self.home_of(life);
        let there = |path: &Path| self.in_copy(life, path);
        Install {
            state_dir: self.state_of(life),
            config_path: there(&self.install.config_path),
            default_workspace: there(&self.install.default_workspace),
            package_root: Some(package),
            home: home.clone(),
            os_home: home,
            service: None,
            ..self.install.clone()
        }
    }

    /// A path in the state, in the copy of a life; others as they are.
    fn in_copy(&self, life: &str, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.install.state_dir) {
            Ok(rest) => self.state_of(life).join(rest),
            Err(_) => path.to_owned(),
        }
    }

    /// A directory for one thing of one life.
    fn own(&self, life: &str, what: &str) -> Result<PathBuf, Trouble> {
        let dir = self.dir.join(format!("{life}-{what}"));
        self.host.create_private_dir(&dir)?;
        Ok(dir)
    }
}

pub(super) fn bind(source: &Path, target: &Path, read_only: bool) -> Bind {
    Bind {
        source: source.to_owned(),
        target: target.to_owned(),
        read_only,
    }
}

/// Something of the machine's that is to be found in a space.
pub(super) fn readable(dir: &Path) -> Bind {
    bind(dir, dir, true)
}

/// Whether the way to a path leads out of a directory.
pub(super) fn leads_out(host: &dyn Host, path: &Path, of: &Path) -> bool {
    let real = host.canonicalize(of).unwrap_or_else(|_| of.to_owned());
    // What is not there yet is made where its nearest directory leads.
    let nearest = path
        .ancestors()
        .find_map(|above| host.canonicalize(above).ok());
    nearest.is_none_or(|nearest| !nearest.starts_with(&real))
}

/// Whoever runs this, by number.
fn user() -> Result<u32, Trouble> {
    let own = Processes::new().find(std::process::id());
    own.map(|seen| seen.user)
        .ok_or_else(|| Trouble::new("it cannot be told which user this is"))
}
