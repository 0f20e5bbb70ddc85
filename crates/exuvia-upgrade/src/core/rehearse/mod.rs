//! Gate 2: the upgrade, carried out whole on a copy, cut off from the world.
//!
//! A copy of the state lies at the real path and the staged package at that of the live one, in a
//! space with no network but its own loopback. There the new version starts, migrates, is asked
//! everything that a gateway is asked, and an agent takes a turn against a stand-in of its model;
//! what it has is compared with what the live one had. Beside it the live version is started on
//! the state as it was, which is where going back leads.
//!
//! Where no namespaces are to be had the copy is one of its own place, which is told by the
//! environment, and a fence of the kernel's holds what runs there to it, if there is one. What fails
//! there may fail because of the place: so the live version is started in it first, and only where
//! that works is the new one to blame.

mod ask;
mod found;
mod guest;
mod judge;
mod limits;
mod logged;
mod place;
mod relocate;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use exuvia_host::process::Processes;
use exuvia_host::space::{Isolation, Space, SpaceSpec};
use exuvia_host::{Home, Host, HostError, machine};
use exuvia_model::install::PackageManager;
use exuvia_model::journal::RunId;
use exuvia_model::vitals::Vitals;
use exuvia_recovery::{Scope, TakeOptions, automatic_name};
use tokio::time::Instant;

use super::Core;
use super::recipe::Recipe;
use crate::Trouble;
use ask::Turn;
use judge::Doubt;
use limits::Limits;
use place::{Beside, MARK};
use stage::{Life, Lived, NEW, OLD, Stage};

pub use found::{Proof, Rehearsed};
pub(crate) use guest::Guest;

/// How long a new version must be there from when it is ready, at most: what dies later is caught
/// by the soak. A shorter soak shortens this, too.
const HOLD_OUT: Duration = Duration::from_secs(25);
/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(30);
/// How many errors are told.
const TOLD: usize = 10;

/// Where the rehearsal of a run keeps its copies.
pub(crate) fn rehearsal_dir(home: &Home, run: &RunId) -> PathBuf {
    home.root().join("rehearsals").join(run.as_str())
}

/// Ends what a rehearsal started and removes its copies, which hold secrets.
pub(crate) fn clear(host: &dyn Host, home: &Home, run: &RunId) -> Result<(), HostError> {
    Processes::new().end_with_variable(MARK, run.as_str(), GONE)?;
    host.remove_tree(&rehearsal_dir(home, run))
}

/// How far programs can be cut off here.
fn isolation() -> Result<Isolation, Trouble> {
    let space = Space::open(&SpaceSpec {
        fence: Some(exuvia_host::space::Fence::default()),
        ..SpaceSpec::default()
    })?;
    let isolation = space.isolation().clone();
    space.close()?;
    Ok(isolation)
}

impl Core {
    /// Finds the shortest recipe that works: a start alone, or, where the new version asks for it,
    /// its doctor before that.
    pub(super) async fn rehearse(&mut self) -> Result<(), Trouble> {
        let mut rehearsed = self.rehearse_by(Recipe::Start).await;
        let is_to_blame = rehearsed.as_ref().is_err_and(Trouble::is_of_release);
        if is_to_blame && self.wants_its_doctor() {
            rehearsed = self.rehearse_by(Recipe::DoctorThenStart).await;
        }
        let rehearsed = rehearsed?;
        self.learn(|facts| facts.rehearsed = Some(rehearsed))
    }

    async fn rehearse_by(&self, recipe: Recipe) -> Result<Rehearsed, Trouble> {
        let before = self.facts.before.clone();
        let before = before.ok_or_else(|| Trouble::new("the vitals before were not kept"))?;
        let host = Arc::clone(&self.upgrades.host);
        let (live, manager) = (self.plan.live.clone(), self.plan.manager());
        let stage = Stage {
            recipe,
            ..self.rehearsal_stage(live, manager).await?
        };
        self.clear()?;
        host.create_private_dir(&stage.dir)?;
        for life in [NEW, OLD] {
            host.create_private_dir(&stage.home_of(life))?;
        }
        self.copy_state(vec![stage.state_of(NEW), stage.state_of(OLD)])
            .await?;
        let answer = self.run.as_str().to_owned();
        let rehearsed = tokio::task::spawn_blocking(move || stage.play(&before, answer)).await?;
        self.clear()?;
        rehearsed
    }

    /// The stage of a rehearsal, with the tree that holds OpenClaw's package.
    async fn rehearsal_stage(
        &self,
        live: PathBuf,
        manager: PackageManager,
    ) -> Result<Stage, Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        let limits = Limits::read(host.as_ref(), &self.upgrades.home)?;
        Ok(Stage {
            beside: self.beside(limits).await?,
            limits,
            host,
            install: self.upgrades.install.clone(),
            plan: Arc::clone(&self.plan),
            live,
            manager,
            from: self.from.clone(),
            to: self.to.clone(),
            dir: self.rehearsal_dir(),
            log: self.dir.join("rehearsal.log"),
            recipe: Recipe::Start,
            given_up: Arc::default(),
        })
    }

    /// What a rehearsal has for its own where it cannot be cut off as a whole.
    async fn beside(&self, limits: Limits) -> Result<Option<Beside>, Trouble> {
        let isolation = tokio::task::spawn_blocking(isolation).await??;
        if isolation.is_full() {
            return Ok(None);
        }
        if limits.full {
            return Err(Trouble::new(format!(
                "it cannot be rehearsed: `require-isolation = \"full\"` in config.toml wants more \
                 than is to be had here, isolation {isolation}; nothing was changed"
            )));
        }
        Beside::new(isolation, self.run.as_str()).map(Some)
    }

    /// Whether what a rehearsal found ahead of time is cut off as far as it must be.
    pub(super) fn is_isolated_enough(&self, found: &Rehearsed) -> Result<bool, Trouble> {
        let limits = Limits::read(self.upgrades.host.as_ref(), &self.upgrades.home)?;
        Ok(!limits.full || found.not_isolated.is_empty())
    }

    /// Ends what was started and removes the copies.
    pub(crate) fn clear(&self) -> Result<(), HostError> {
        clear(self.upgrades.host.as_ref(), &self.upgrades.home, &self.run)
    }

    /// Holds secrets, for as long as the rehearsal lasts.
    pub(super) fn rehearsal_dir(&self) -> PathBuf {
        rehearsal_dir(&self.upgrades.home, &self.run)
    }

    /// Copies of the state as it is at one moment, while the gateway goes on.
    async fn copy_state(&self, places: Vec<PathBuf>) -> Result<(), Trouble> {
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
            let restored = places
                .iter()
                .try_for_each(|to| recovery.restore_to(&taken.snapshot, to).map(drop));
            // Only what it was copied for needed it.
            recovery.delete(&taken.snapshot.id)?;
            restored
        })
        .await
    }
}

impl Stage {
    fn play(&self, before: &Vitals, answer: String) -> Result<Rehearsed, Trouble> {
        let began = Instant::now();
        let turn = self.prepare(answer)?;
        self.run_scripts()?;
        let both = self.live_both(turn.as_ref().ok(), before);
        let (new, changes, old) = both?;
        let (way_back, turn) = self.go_back(&new, turn.as_ref(), old)?;
        let mut errors = new.errors;
        let error_count = errors.len();
        errors.truncate(TOLD);
        let not_isolated = match &new.isolation {
            Isolation::Full { .. } => Vec::new(),
            Isolation::Partial { missing, .. } => missing.clone(),
        };
        Ok(Rehearsed {
            isolation: new.isolation.to_string(),
            not_isolated,
            took: began.elapsed(),
            recipe: self.recipe,
            ready: new.seen.ready().unwrap_or_default(),
            changes,
            errors,
            error_count,
            turn,
            way_back,
            ahead: None,
        })
    }

    /// The new version, what is otherwise with it, and the live version on the state as it was. At
    /// once, where the machine has room for both.
    fn live_both(
        &self,
        turn: Option<&Turn>,
        before: &Vitals,
    ) -> Result<(Lived, Vec<String>, Lived), Trouble> {
        if self.beside.is_some() {
            // What fails in a place of which little is known may be the place's fault.
            let old = self.live_old(turn)?;
            let (new, changes) = self.live_new(turn, before)?;
            return Ok((new, changes, old));
        }
        if !self.has_room_for_both() {
            let (new, changes) = self.live_new(turn, before)?;
            return Ok((new, changes, self.live_old(None)?));
        }
        std::thread::scope(|scope| {
            let old = scope.spawn(|| self.live_old(None));
            let new = self.live_new(turn, before);
            self.given_up.store(new.is_err(), Ordering::Relaxed);
            let old = old.join();
            let (new, changes) = new?;
            let old = old.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked));
            Ok((new, changes, old?))
        })
    }

    /// Each of two that start keeps a processor busy.
    fn has_room_for_both(&self) -> bool {
        let memory = machine::free_memory().unwrap_or_default();
        machine::processors() > 1 && memory >= self.limits.memory.saturating_mul(2)
    }

    /// The new version, which works and has lost nothing; what is otherwise with it.
    fn live_new(
        &self,
        turn: Option<&Turn>,
        before: &Vitals,
    ) -> Result<(Lived, Vec<String>), Trouble> {
        let tree = self.plan.other();
        let new = self.live(&Life {
            name: NEW,
            tree: Some(&tree),
            recipe: self.recipe,
            whole: true,
            also: Vec::new(),
            turn,
            hold_out: self.plan.soak.min(HOLD_OUT),
        })?;
        let works = new.seen.works(&self.to, self.limits.ready);
        works.map_err(|doubt| self.trouble(doubt))?;
        let compared = new.seen.lost_nothing(before, [&self.from, &self.to]);
        let changes = compared.map_err(|doubt| self.trouble(doubt))?;
        Ok((new, changes))
    }

    /// The live version on the state as it was, which works, or nothing is known.
    fn live_old(&self, turn: Option<&Turn>) -> Result<Lived, Trouble> {
        let past = Self {
            log: self.log.with_file_name("rehearsal-way-back.log"),
            ..self.clone()
        };
        let old = past.live(&Life {
            name: OLD,
            tree: None,
            recipe: Recipe::Start,
            // Gate 1 has asked the live one.
            whole: false,
            also: Vec::new(),
            turn,
            hold_out: Duration::ZERO,
        });
        let cannot = |why: String| {
            Trouble::new(format!(
                "in the rehearsal of the way back, {} on the state as it is: {why}; so going back \
                 might fail, and nothing was changed",
                self.plan.from
            ))
        };
        let old = old.map_err(|trouble| cannot(trouble.to_string()))?;
        let works = old.seen.works(&self.from, self.limits.ready);
        works
            .map_err(|(Doubt::Fails(why) | Doubt::Late(why) | Doubt::Unknown(why))| cannot(why))?;
        Ok(old)
    }

    /// Whether the live version starts and answers on the state as it was, and what is to be made of
    /// the turn: one that fails with the live version, too, says nothing of the new one.
    fn go_back(
        &self,
        new: &Lived,
        turn: Result<&Turn, &String>,
        mut old: Lived,
    ) -> Result<(Proof, Proof), Trouble> {
        let taken = new.seen.turn();
        // Asked only where the new one failed.
        if let (Ok(turn), Some(Err(_)), None) = (turn, &taken, old.seen.turn()) {
            old = self.live_old(Some(turn))?;
        }
        let way_back = Proof::Works {
            took: old.seen.ready().unwrap_or_default(),
        };
        let turn = match (turn, taken, old.seen.turn()) {
            (_, Some(Ok(took)), _) => Proof::Works { took },
            (_, Some(Err(why)), Some(Ok(_))) => {
                let told = format!(
                    "a turn of an agent, which works with {}, does not: {why}",
                    self.plan.from
                );
                return Err(self.with_log(&told));
            }
            (_, Some(Err(why)), _) => Proof::unknown(format!(
                "a turn against a stand-in of the model does not work with {} either: {why}",
                self.plan.from
            )),
            (Err(why), None, _) => Proof::unknown(why),
            (Ok(_), None, _) => Proof::unknown("it was not asked"),
        };
        Ok((way_back, turn))
    }
}
