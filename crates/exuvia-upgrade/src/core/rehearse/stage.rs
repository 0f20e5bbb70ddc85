//! The spaces of a rehearsal, and the gateways that live in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exuvia_host::process::{Signal, Sink};
use exuvia_host::space::{self, Bind, Isolation, Space, SpaceError, SpaceSpec};
use exuvia_host::{Host, Links, read_limited};
use exuvia_model::Version;
use exuvia_model::install::PackageManager;
use exuvia_model::text;
use exuvia_openclaw::{Install, package_in};
use tokio::time::Instant;

use super::ask::{GLANCE, Question, Turn};
use super::judge::{Doubt, Seen};
use super::limits::Limits;
use super::logged;
use super::place::{Beside, Place, readable};
use crate::core::manager;
use crate::core::recipe::{self, Recipe};
use crate::{Plan, Trouble};

/// How long a gateway may take to stop, and the scripts of its installation to run.
const STOP: Duration = Duration::from_secs(30);
const SCRIPTS: Duration = Duration::from_mins(5);
/// How long a space may be there beyond what a gateway may take to be ready.
const REST: Duration = Duration::from_mins(10);
/// The names of the two lives.
pub(super) const NEW: &str = "new";
pub(super) const OLD: &str = "old";
/// Directories that are empty in a space.
pub(super) const EMPTY: [&str; 3] = ["/tmp", "/var/tmp", "/run"];
/// How often a gateway is asked that gives too few answers.
const TRIES: usize = 3;
/// The most that is read of a log.
const MAX_LOG: u64 = 64 << 20;

/// Where the parts of a rehearsal are.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) host: Arc<dyn Host>,
    pub(super) install: Install,
    pub(super) plan: Arc<Plan>,
    /// The live tree, and what made it.
    pub(super) live: PathBuf,
    pub(super) manager: PackageManager,
    pub(super) from: Version,
    pub(super) to: Version,
    pub(super) limits: Limits,
    /// What it has for its own where it is not at the real paths.
    pub(super) beside: Option<Beside>,
    /// All of it; holds secrets.
    pub(super) dir: PathBuf,
    /// What gateways print, kept with the run.
    pub(super) log: PathBuf,
    /// How the new version is brought to run.
    pub(super) recipe: Recipe,
    /// Set when nobody waits for what is found out any more.
    pub(super) given_up: Arc<AtomicBool>,
}

/// A gateway that lives for the time of a question.
pub(super) struct Life<'l> {
    /// A name of its own for what it leaves.
    pub(super) name: &'l str,
    /// The tree that it is of, where that is not the live one.
    pub(super) tree: Option<&'l Path>,
    /// How it is brought to run.
    pub(super) recipe: Recipe,
    /// Whether OpenClaw's own checks are asked, too, which take longer than all the rest.
    pub(super) whole: bool,
    /// What lies elsewhere besides.
    pub(super) also: Vec<Bind>,
    /// The turn that is taken, if one is.
    pub(super) turn: Option<&'l Turn>,
    /// How long it must be there from when it is ready.
    pub(super) hold_out: Duration,
}

/// What was seen of it.
pub(super) struct Lived {
    pub(super) seen: Seen,
    pub(super) errors: Vec<String>,
    pub(super) isolation: Isolation,
}

impl Stage {
    /// Starts a gateway in a space, asks it, and stops it.
    pub(super) fn live(&self, life: &Life<'_>) -> Result<Lived, Trouble> {
        let place = self.place(life)?;
        let space = self.open(&place)?;
        let said = self.dir.join(format!("{}-model.log", life.name));
        let model = life
            .turn
            .map(|turn| self.start_model(&space, turn, &place, &said));
        let model = model.transpose()?;
        if life.recipe == Recipe::DoctorThenStart {
            let doctor = place.told(recipe::doctor(&place.install)?);
            let ran = space.run(&doctor).map_err(|error| self.fault(error))?;
            recipe::succeeded(&ran).map_err(|why| self.with_log(&why))?;
        }
        let command = place
            .install
            .openclaw(["gateway", "run"])?
            .env("OPENCLAW_NO_AUTO_UPDATE", "1")
            .env("NO_COLOR", "1");
        let command = place.told(command);
        let began = Instant::now();
        let gateway = space.spawn(&command, &Sink::Append(self.log.clone()));
        let gateway = gateway.map_err(|error| self.fault(error))?;
        let ask = |number, whole, turn| {
            let question = Question {
                number,
                whole,
                place: &place,
                turn,
            };
            self.ask(&space, &gateway, &question)
        };
        let mut seen = ask(0, life.whole, life.turn)?;
        for number in 1..TRIES {
            if seen.says_too_little() {
                let whole = !seen.knows_the_checks();
                // A turn is taken once.
                seen = seen.again(ask(number, whole, None)?);
            }
        }
        let ready_at = seen.ready().map(|after| began + after);
        while ready_at.is_some_and(|at| at.elapsed() < life.hold_out) {
            self.is_waited_for()?;
            let ending = gateway.wait(GLANCE).map_err(|error| self.fault(error))?;
            if let (Some(ending), Some(at)) = (ending, ready_at) {
                let after = at.elapsed().as_secs();
                let words = format!("it was ready, and ended {after} s later ({ending:?})");
                return Err(self.with_log(&words));
            }
        }
        gateway.signal(Signal::Terminate)?;
        let ended = gateway.wait(STOP).map_err(|error| self.fault(error))?;
        let isolation = space.isolation().clone();
        drop(model);
        space.close()?;
        if ended.is_none() {
            let words = format!("it did not stop within {} s", STOP.as_secs());
            return Err(self.with_log(&words));
        }
        Ok(Lived {
            seen,
            isolation,
            errors: logged::errors(self.host.as_ref(), &place.logs),
        })
    }

    /// The package in a tree.
    pub(super) fn package_in(&self, tree: &Path) -> PathBuf {
        package_in(self.manager, tree)
    }

    /// The scripts that the package manager would have run, where they reach nothing but the staged
    /// tree.
    pub(super) fn run_scripts(&self) -> Result<(), Trouble> {
        let place = self.place_of_scripts()?;
        let commands = manager::scripts(self.host.as_ref(), &self.install, &self.plan)?;
        let space = self.open(&place)?;
        for command in commands {
            let command = place.told(command.timeout(SCRIPTS));
            let output = space.run(&command).map_err(|error| self.fault(error))?;
            if !output.status.success() {
                return Err(Trouble::of_release(format!(
                    "in the rehearsal a script of its installation failed where it may write nowhere \
                     but in the package: {}",
                    text::one_line(&String::from_utf8_lossy(&output.stderr), 600)
                )));
            }
        }
        Ok(space.close()?)
    }

    /// Opens a space in which the Node that runs the gateway is found, too, where it lies in a
    /// directory that is empty in there.
    fn open(&self, place: &Place) -> Result<Space, Trouble> {
        let node = self.install.node.as_deref().and_then(Path::parent);
        let node = node.filter(|dir| EMPTY.iter().any(|empty| dir.starts_with(empty)));
        let mut binds = place.binds.clone();
        if self.beside.is_none() {
            binds.extend(node.map(readable));
        }
        let space = Space::open(&SpaceSpec {
            binds,
            fence: place.fence.clone(),
            limits: space::Limits {
                memory_bytes: self.limits.memory,
                ..space::Limits::default()
            },
            deadline: self.limits.ready + REST * 2,
            ..SpaceSpec::default()
        })?;
        // Prepared for one and in the other, it would write where it must not.
        let is_as_thought = match (&self.beside, space.isolation()) {
            (None, Isolation::Full { .. }) => true,
            (Some(beside), Isolation::Partial { held, .. }) => held.files || !beside.is_fenced(),
            _ => false,
        };
        if is_as_thought {
            return Ok(space);
        }
        Err(Trouble::new(format!(
            "it cannot be rehearsed: how far it is cut off has changed, and is now {}; try again; \
             nothing was changed",
            space.isolation()
        )))
    }

    /// Fails once nobody waits for what is found out.
    pub(super) fn is_waited_for(&self) -> Result<(), Trouble> {
        if self.given_up.load(Ordering::Relaxed) {
            return Err(Trouble::new("it was given up"));
        }
        Ok(())
    }

    /// What a space says when it is at its end: whoever used more than is given is to blame.
    pub(super) fn fault(&self, error: SpaceError) -> Trouble {
        match error {
            SpaceError::Over(why) => self.with_log(&why),
            other => other.into(),
        }
    }

    /// Whose fault it is that it is not known to work.
    pub(super) fn trouble(&self, doubt: Doubt) -> Trouble {
        match doubt {
            Doubt::Fails(why) => self.with_log(&why),
            Doubt::Late(why) => Trouble::new(self.in_words(&why)),
            Doubt::Unknown(why) => Trouble::new(format!("in the rehearsal {why}")),
        }
    }

    /// The release's fault, with the last words that it printed.
    pub(super) fn with_log(&self, why: &str) -> Trouble {
        Trouble::of_release(self.in_words(why))
    }

    /// What happened, and the last lines of the log.
    pub(super) fn in_words(&self, why: &str) -> String {
        const LINES: usize = 3;
        let bytes = read_limited(self.host.as_ref(), &self.log, MAX_LOG, Links::Refuse);
        let log = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.iter().rev().take(LINES).rev().copied();
        let last = text::one_line(&last.collect::<Vec<_>>().join(" / "), 500);
        format!(
            "in the rehearsal {why}; the last that it printed: {last} (all of it: {})",
            self.log.display()
        )
    }
}
