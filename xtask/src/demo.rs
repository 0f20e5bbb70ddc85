//! A real install with every kind of asset: checked, upgraded, offered a broken release, and taken
//! back.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value that is not there is null, and one that is set is made"
)]

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use exuvia_testkit::model::Provider;
use exuvia_testkit::sandbox::{Broken, Client, NEXT_OPENCLAW, OPENCLAW, Past, Sandbox, World};
use serde_json::{Value, json};

use crate::workspace;

/// The release that does not work.
const BROKEN: &str = "2026.9.7";
/// The session in which somebody talks with the agent.
const SESSION: &str = "agent:main:main";
/// How long the new version is watched, in seconds.
const SOAK: &str = "5";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only the check
    #[arg(long)]
    check_only: bool,
    /// Further arguments for `exuvia check`, after `--`
    #[arg(last = true)]
    check: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let dir = workspace::target().join("demo");
    eprintln!(
        "Preparing a real OpenClaw in {} (the first time takes minutes)",
        dir.display()
    );
    let sandbox = Sandbox::prepare(&dir)?;
    let exuvia = workspace::build_exuvia()?;
    if arguments.check_only {
        let world = World::start(&sandbox, sandbox.home()?)?;
        let words: Vec<&str> = arguments.check.iter().map(String::as_str).collect();
        return show(&mut person(&world, &exuvia), "check", &words);
    }
    let own = dir.join("own-prefix");
    if own.exists() {
        std::fs::remove_dir_all(&own).context("cannot remove the last demo's package")?;
    }
    let sandbox = sandbox.with_own(&own)?;
    let demo = Demo::start(&sandbox, exuvia)?;
    let ended = demo.play(&arguments.check);
    demo.end()?;
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// A kept gateway, and the registry of a day on which its next release was new.
struct Demo {
    exuvia: PathBuf,
    world: World,
    registry: Past,
    keeper: Child,
    /// Where the gateway listens.
    port: u16,
    /// What its agents think with.
    _model: Provider,
}

impl Demo {
    fn start(sandbox: &Sandbox, exuvia: PathBuf) -> Result<Self> {
        let home = sandbox.root().join("demo-home");
        if home.exists() {
            std::fs::remove_dir_all(&home).context("cannot remove the last demo's home")?;
        }
        let world = World::start(sandbox, sandbox.template().fork(&home)?)?;
        let model = Provider::start();
        world.home().use_model(&model)?;
        let port = configure(&world)?;
        let registry = Past::start(sandbox, OPENCLAW, NEXT_OPENCLAW)?;
        eprintln!("→ exuvia gateway run &");
        let keeper = world
            .exuvia(&exuvia)
            .args(["gateway", "run", "--quiet"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the keeper does not start")?;
        Ok(Self {
            exuvia,
            world,
            registry,
            keeper,
            port,
            _model: model,
        })
    }

    fn play(&self, check: &[String]) -> Result<()> {
        let began = Instant::now();
        self.wait_until_started()?;
        say("Somebody talks with its agent");
        Client::at(self.port)?.turn(SESSION, "My umbrella is the green one.")?;
        let check: Vec<&str> = check.iter().map(String::as_str).collect();
        self.expect(0, "check", &[&["--no-input"], check.as_slice()].concat())?;
        say("The newest OpenClaw, installed and proved");
        self.upgrade(0)?;
        say(&format!("{BROKEN} comes out. Its gateway does not start"));
        self.registry
            .release_broken(NEXT_OPENCLAW, BROKEN, &Broken::gateway())?;
        self.upgrade(1)?;
        say(&format!("Back to {OPENCLAW}, with its state"));
        self.expect(0, "rollback", &[])?;
        self.expect(0, "history", &[])?;
        self.expect(0, "status", &[])?;
        eprintln!("\nAll of it in {} s.", began.elapsed().as_secs());
        Ok(())
    }

    fn wait_until_started(&self) -> Result<()> {
        const PATIENCE: Duration = Duration::from_mins(5);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let mut start = self.exuvia();
            start.args(["gateway", "start", "--quiet"]);
            let started = start.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
            if started.success() {
                return Ok(());
            }
        }
        bail!("the gateway does not start")
    }

    /// Upgrades OpenClaw by the newest report, which is made for it.
    fn upgrade(&self, code: i32) -> Result<()> {
        let checked = self.exuvia().args(["check", "--json"]).output()?;
        let report: Value =
            serde_json::from_slice(&checked.stdout).context("the check has no report")?;
        let entries = report["entries"].as_array().map_or(&[][..], Vec::as_slice);
        let openclaw = entries
            .iter()
            .find(|entry| entry["update"]["name"] == "openclaw");
        let number = openclaw.context("there is no newer OpenClaw")?["number"].to_string();
        let words = [&number, "--confirm", "openclaw", "--soak", SOAK];
        self.expect(code, "upgrade", &words)
    }

    fn expect(&self, code: i32, command: &str, words: &[&str]) -> Result<()> {
        let ended = show(&mut self.exuvia(), command, words)?;
        if ended != ExitCode::from(u8::try_from(code)?) {
            bail!("`exuvia {command}` should have ended with {code}");
        }
        Ok(())
    }

    fn exuvia(&self) -> Command {
        let mut command = person(&self.world, &self.exuvia);
        command.env("npm_config_registry", self.registry.url());
        command
    }

    /// The gateway goes with its keeper's orderly end.
    fn end(mut self) -> Result<()> {
        let pid = self.keeper.id().to_string();
        Command::new("kill").arg(pid).status()?;
        self.keeper.wait()?;
        Ok(())
    }
}

fn say(words: &str) {
    eprintln!("\n── {words} ──");
}

/// As a person runs it: their language, their terminal.
fn person(world: &World, exuvia: &Path) -> Command {
    let mut command = world.exuvia(exuvia);
    for name in ["LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}

fn show(exuvia: &mut Command, command: &str, words: &[&str]) -> Result<ExitCode> {
    eprintln!("\n→ exuvia {command} {}\n", words.join(" "));
    let status = exuvia.arg(command).args(words).status();
    let code = status.context("cannot run exuvia")?.code();
    let code = code.and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A port that nobody uses, which is told, and the token that every client knows.
fn configure(world: &World) -> Result<u16> {
    let file = world.home().state().join("openclaw.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port();
    config["gateway"] = json!({
        "mode": "local", "bind": "loopback", "port": port,
        "auth": { "mode": "token", "token": "sandbox" },
    });
    std::fs::write(&file, config.to_string())?;
    Ok(port)
}
