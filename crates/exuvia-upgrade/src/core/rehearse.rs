//! Gate 2: the upgrade, carried out whole on a copy, cut off from the world.
//!
//! A copy of the state lies at the real path and the staged package at that of the live one, in a
//! [`Space`] with no network but its own loopback. There the new version starts, migrates, and is
//! asked everything that a gateway is asked; what it has is compared with what the live one had.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::process::{Signal, Sink};
use exuvia_host::space::{Bind, Child, Isolation, Limits, Space, SpaceSpec};
use exuvia_host::{Command, Host, Links, read_limited};
use exuvia_model::probe::{Probed, verdict};
use exuvia_model::text;
use exuvia_model::vitals::{Aspect, Comparison, Vitals};
use exuvia_openclaw::Install;
use exuvia_recovery::{Scope, TakeOptions, automatic_name};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Core, npm, prove};
use crate::{Plan, Trouble};

/// How long everything in it may take, and how long the gateway until it is ready. OpenClaw 2026.9.6
/// on the state of 2026.9.5 was ready after 20 s on 2 cores.
const WHOLE: Duration = Duration::from_mins(12);
const READY: Duration = Duration::from_mins(5);
/// How long it may take to stop, and the scripts of its installation to run.
const STOP: Duration = Duration::from_secs(30);
const SCRIPTS: Duration = Duration::from_mins(5);
/// How much memory all of it may hold: the gateway takes 0.7 GB, a check of its plugins 0.6 more.
const MEMORY: u64 = 3 << 30;

/// Directories that are empty in a space.
const EMPTY: [&str; 3] = ["/tmp", "/var/tmp", "/run"];
/// How often it is looked whether the gateway still runs.
const GLANCE: Duration = Duration::from_millis(200);
/// The most that is read of what a program said.
const MAX_ANSWERS: u64 = 64 << 20;

/// What a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsed {
    /// How far it was cut off, in words.
    pub isolation: String,
    /// From the start until everything was answered.
    pub took: Duration,
}

/// Where the parts of a rehearsal are.
struct Stage {
    host: Arc<dyn Host>,
    install: Install,
    plan: Arc<Plan>,
    /// All of it; holds secrets.
    dir: PathBuf,
    log: PathBuf,
}

impl Core {
    pub(super) async fn rehearse(&mut self) -> Result<(), Trouble> {
        let before = self.facts.before.clone();
        let before = before.ok_or_else(|| Trouble::new("the vitals before were not kept"))?;
        let stage = Stage {
            host: Arc::clone(&self.upgrades.host),
            install: self.upgrades.install.clone(),
            plan: Arc::clone(&self.plan),
            dir: self.rehearsal_dir(),
            log: self.dir.join("rehearsal.log"),
        };
        let (copying, dir) = (stage.host.clone(), stage.dir.clone());
        copying.remove_tree(&dir)?;
        self.copy_state(dir.join("state")).await?;
        let rehearsed = tokio::task::spawn_blocking(move || stage.play(&before)).await?;
        copying.remove_tree(&dir)?;
        let rehearsed = rehearsed?;
        self.learn(|facts| facts.rehearsed = Some(rehearsed))
    }

    /// Holds secrets, for as long as the rehearsal lasts.
    pub(super) fn rehearsal_dir(&self) -> PathBuf {
        let dir = self.upgrades.home.root().join("rehearsals");
        dir.join(self.run.as_str())
    }

    /// A copy of the state as it is at one moment, while the gateway goes on.
    async fn copy_state(&self, to: PathBuf) -> Result<(), Trouble> {
        let install = self.upgrades.install.clone();
        let name = automatic_name("rehearsal", self.upgrades.host.now());
        let words = format!("what {} was rehearsed on ({})", self.plan.to, self.run);
        self.with_store(move |recovery| {
            let options = TakeOptions {
                name: Some(name),
                description: Some(words),
                ..TakeOptions::of(Scope::Install)
            };
            let taken = recovery.take(&install, options)?;
            let restored = recovery.restore_to(&taken.snapshot, &to);
            // Only what it was copied for needed it.
            recovery.delete(&taken.snapshot.id)?;
            restored.map(drop)
        })
        .await
    }
}

impl Stage {
    /// Runs the scripts of the installation, starts the new version, asks it, and stops it.
    fn play(&self, before: &Vitals) -> Result<Rehearsed, Trouble> {
        let began = Instant::now();
        let isolation = self.run_scripts()?;
        let space = self.open(vec![
            Self::bind(&self.dir.join("state"), &self.install.state_dir, false),
            Self::bind(&self.plan.other(), &self.plan.live, true),
        ])?;
        let gateway = self
            .install
            .openclaw(["gateway", "run"])?
            .env("OPENCLAW_NO_AUTO_UPDATE", "1");
        let gateway = space.spawn(&gateway, &Sink::Append(self.log.clone()))?;
        let seen = self.ask(&space, &gateway);
        gateway.signal(Signal::Terminate)?;
        let ended = gateway.wait(STOP)?;
        space.close()?;
        judge(&seen?, before).map_err(|why| self.with_log(&why))?;
        if ended.is_none() {
            let words = format!("it did not stop within {} s", STOP.as_secs());
            return Err(self.with_log(&words));
        }
        Ok(Rehearsed {
            isolation: isolation.to_string(),
            took: began.elapsed(),
        })
    }

    /// The scripts that npm would have run, where they reach nothing but the staged tree.
    fn run_scripts(&self) -> Result<Isolation, Trouble> {
        let beside = &self.plan.beside;
        let space = self.open(vec![Self::bind(beside, beside, false)])?;
        let isolation = space.isolation().clone();
        let command = npm::command(self.host.as_ref(), &self.install, beside, &["rebuild"])?;
        let output = space.run(
            &command
                .timeout(SCRIPTS)
                .env("HOME", "/tmp")
                .env("npm_config_cache", "/tmp/npm"),
        )?;
        space.close()?;
        if output.status.success() {
            return Ok(isolation);
        }
        Err(Trouble::of_release(format!(
            "a script of its installation failed where it may write nowhere but in the package: {}",
            text::one_line(&String::from_utf8_lossy(&output.stderr), 600)
        )))
    }

    /// Opens a space in which the Node that runs the gateway is found, too, where it lies in a
    /// directory that is empty in there.
    fn open(&self, mut binds: Vec<Bind>) -> Result<Space, Trouble> {
        let node = self.install.node.as_deref().and_then(Path::parent);
        let node = node.filter(|dir| EMPTY.iter().any(|empty| dir.starts_with(empty)));
        binds.extend(node.map(|dir| Self::bind(dir, dir, true)));
        let space = Space::open(&SpaceSpec {
            binds,
            limits: Limits {
                memory_bytes: MEMORY,
                ..Limits::default()
            },
            deadline: WHOLE,
            ..SpaceSpec::default()
        })?;
        match space.isolation() {
            Isolation::Full { .. } => Ok(space),
            // Beside everything else it would speak to the real channels.
            partial @ Isolation::Partial { .. } => Err(Trouble::new(format!(
                "it cannot be rehearsed here: isolation {partial}; nothing was changed"
            ))),
        }
    }

    fn bind(source: &Path, target: &Path, read_only: bool) -> Bind {
        Bind {
            source: source.to_owned(),
            target: target.to_owned(),
            read_only,
        }
    }

    /// Everything that a gateway is asked, by this very program inside of the space.
    fn ask(&self, space: &Space, gateway: &Child) -> Result<Seen, Trouble> {
        let wait = READY.as_secs().to_string();
        let words = ["status", "--json", "--vitals", "--quiet", "--wait", &wait];
        let command = Command::new("/proc/self/exe")
            .args(words)
            .arg("--install")
            .arg(&self.install.state_dir)
            .env("EXUVIA_HOME", "/tmp/exuvia");
        let answers = self.dir.join("seen.json");
        let asking = space.spawn(&command, &Sink::Append(answers.clone()))?;
        let end = Instant::now() + READY * 2;
        while asking.wait(GLANCE)?.is_none() {
            if let Some(ending) = gateway.ended()? {
                return Err(self.with_log(&format!("it ended ({ending:?})")));
            }
            if Instant::now() >= end {
                return Err(self.with_log("it did not answer in time"));
            }
        }
        let host = self.host.as_ref();
        let said = read_limited(host, &answers, MAX_ANSWERS, Links::Refuse)?;
        serde_json::from_slice(&said).map_err(|_| {
            let said = String::from_utf8_lossy(&said);
            self.with_log(&format!(
                "it could not be asked ({})",
                text::one_line(&said, 300)
            ))
        })
    }

    /// With the last words that it printed.
    fn with_log(&self, why: &str) -> Trouble {
        const LINES: usize = 3;
        let bytes = read_limited(self.host.as_ref(), &self.log, MAX_ANSWERS, Links::Refuse);
        let log = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.iter().rev().take(LINES).rev().copied();
        let last = text::one_line(&last.collect::<Vec<_>>().join(" / "), 500);
        Trouble::of_release(format!(
            "in the rehearsal {why}; the last that it printed: {last} (all of it: {})",
            self.log.display()
        ))
    }
}

/// What `exuvia status --json --vitals` says.
#[derive(Debug, Deserialize)]
struct Seen {
    probes: Vec<Probed>,
    vitals: Vitals,
}

/// Whether it works, and has everything that the live one has. Channels cannot be reached from in
/// there, and it is another process.
fn judge(seen: &Seen, before: &Vitals) -> Result<(), String> {
    let verdict = verdict(&seen.probes);
    if !verdict.is_good() {
        return Err(format!("it does not work: {verdict}"));
    }
    let compared = Vitals::compare(before, &seen.vitals);
    let matters = |aspect: Aspect| !matches!(aspect, Aspect::Channel | Aspect::Gateway);
    let compared = Comparison {
        losses: compared
            .losses
            .into_iter()
            .filter(|loss| matters(loss.aspect))
            .collect(),
        unknown: compared
            .unknown
            .into_iter()
            .filter(|unknown| matters(unknown.aspect))
            .collect(),
        ..Comparison::default()
    };
    if compared.is_clean() {
        Ok(())
    } else {
        Err(format!("it is {}", prove::words(&compared)))
    }
}
