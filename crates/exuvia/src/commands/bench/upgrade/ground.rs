//! A real install that may be upgraded, and its kept gateway.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use exuvia_testkit::model::Provider;
use exuvia_testkit::sandbox::{Client, NEXT_OPENCLAW, OPENCLAW, Past, Sandbox, World};
use serde_json::{Value, json};

use crate::commands::bench::numbers::Numbers;

/// For what takes a gateway seconds.
const PATIENCE: Duration = Duration::from_mins(5);
const GLANCE: Duration = Duration::from_millis(50);
/// The session in which a turn is taken.
const SESSION: &str = "agent:main:main";
/// The state is made large by files of this size, as pictures are.
const MEDIUM: u64 = 1_000_000;

/// An install in a prefix of its own, and the registry of a day on which its next release was new.
pub(super) struct Ground {
    sandbox: Sandbox,
    world: World,
    registry: Past,
    port: u16,
    _model: Provider,
    _scratch: Scratch,
}

/// A directory that goes when this does.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of a benchmark harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The same with its gateway, which ends with this.
pub(super) struct Kept<'g> {
    ground: &'g Ground,
    keeper: Child,
}

impl Ground {
    pub(super) fn build(sandbox: &Sandbox, state_mb: u64) -> Result<Self> {
        // Beside the sandbox: where temporary files are may be another kind of file system.
        let dir = sandbox.root().join(format!("bench-{}", std::process::id()));
        fs::create_dir(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let scratch = Scratch(dir.clone());
        let sandbox = sandbox.with_own(&dir.join("prefix"))?;
        let home = sandbox.template().fork(&dir.join("home"))?;
        let world = World::start(&sandbox, home)?;
        let model = Provider::start();
        world.home().use_model(&model)?;
        let media = world.home().state().join("media/inbound");
        fs::create_dir_all(&media)?;
        let mut numbers = Numbers::new(1);
        for number in 0..state_mb * 1_000_000 / MEDIUM {
            let file = media.join(format!("picture-{number}.jpg"));
            fs::write(file, numbers.noise(MEDIUM))?;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let file = world.home().state().join("openclaw.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let settings = config.as_object_mut().context("the config is no object")?;
        let gateway = json!({ "mode": "local", "bind": "loopback", "port": port,
            "auth": { "mode": "token", "token": "sandbox" } });
        settings.insert("gateway".to_owned(), gateway);
        fs::write(&file, config.to_string())?;
        Ok(Self {
            registry: Past::start(&sandbox, OPENCLAW, NEXT_OPENCLAW)?,
            sandbox,
            world,
            port,
            _model: model,
            _scratch: scratch,
        })
    }

    pub(super) fn package(&self) -> PathBuf {
        self.sandbox.tools().openclaw_package()
    }

    /// The real `openclaw`, which asks the same registry.
    pub(super) fn openclaw(&self) -> Command {
        let mut openclaw = self.world.openclaw();
        openclaw
            .env("npm_config_registry", self.registry.url())
            .stdin(Stdio::null());
        openclaw
    }

    fn exuvia(&self, words: &[&str]) -> Result<Command> {
        let mut exuvia = self.world.exuvia(&std::env::current_exe()?);
        exuvia
            .args(words)
            .env("npm_config_registry", self.registry.url())
            .stdin(Stdio::null());
        Ok(exuvia)
    }

    /// Has a keeper start the gateway, and an agent take a turn.
    pub(super) fn keep(&self) -> Result<Kept<'_>> {
        let mut run = self.exuvia(&["gateway", "run", "--quiet"])?;
        let keeper = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let kept = Kept {
            ground: self,
            keeper: keeper.context("the keeper does not start")?,
        };
        let end = Instant::now() + PATIENCE;
        // The keeper listens before its gateway does.
        while !self.is_started()? {
            ensure!(Instant::now() < end, "the gateway does not start");
            std::thread::sleep(GLANCE);
        }
        Client::at(self.port)?.turn(SESSION, "Hello.")?;
        Ok(kept)
    }

    fn is_started(&self) -> Result<bool> {
        let mut start = self.exuvia(&["gateway", "start", "--quiet"])?;
        let ended = start.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        Ok(ended.success())
    }
}

impl Kept<'_> {
    pub(super) fn port(&self) -> u16 {
        self.ground.port
    }

    /// A report of now.
    pub(super) fn check(&self) -> Result<Value> {
        let checked = self.ground.exuvia(&["check", "--json"])?.output()?;
        serde_json::from_slice(&checked.stdout).context("the check has no report")
    }

    /// Runs `exuvia`, which must succeed; the phases that it went through.
    pub(super) fn expect(&self, words: &[&str]) -> Result<Vec<String>> {
        let ran = self.ground.exuvia(words)?.output()?;
        let said = String::from_utf8_lossy(&ran.stderr);
        if ran.status.success() {
            let phases = said.lines().filter(|line| line.contains('✓'));
            return Ok(phases.map(|line| line.trim().to_owned()).collect());
        }
        bail!(
            "`exuvia {}` ended with {}: {said}",
            words.join(" "),
            ran.status
        )
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        // The gateway goes with its keeper's orderly end.
        let pid = self.keeper.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.keeper.wait();
    }
}
