//! Gate 2: the upgrade, carried out whole on a copy, cut off from the world.
//!
//! A copy of the state lies at the real path and the staged package at that of the live one, in a
//! space with no network but its own loopback. There the new version starts, migrates, is asked
//! everything that a gateway is asked, and an agent takes a turn against a stand-in of its model;
//! what it has is compared with what the live one had. Then the live version is started on the
//! state as it was, which is where going back leads.

mod ask;
mod found;
mod guest;
mod judge;
mod limits;
mod logged;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::{Home, Links, read_limited};
use exuvia_model::journal::RunId;
use exuvia_model::vitals::Vitals;
use exuvia_openclaw::config::{Config, StandIn};
use exuvia_recovery::{Scope, TakeOptions, automatic_name};
use tokio::time::Instant;

use super::Core;
use crate::Trouble;
use ask::Turn;
use judge::Doubt;
use limits::Limits;
use stage::{Life, Lived, Stage};

pub use found::{Proof, Rehearsed};
pub(crate) use guest::Guest;

/// How long a new version must be there from when it is ready, at most: what dies later is caught
/// by the soak. A shorter soak shortens this, too.
const HOLD_OUT: Duration = Duration::from_secs(25);
/// Where the stand-in of the model listens, unless the gateway does. A space has ports of its own.
const PORT: u16 = 47_311;
/// Largest configuration.
const MAX_CONFIG: u64 = 32 << 20;
/// How many errors are told.
const TOLD: usize = 10;

/// Where the rehearsal of a run keeps its copies.
pub(crate) fn rehearsal_dir(home: &Home, run: &RunId) -> PathBuf {
    home.root().join("rehearsals").join(run.as_str())
}

impl Core {
    pub(super) async fn rehearse(&mut self) -> Result<(), Trouble> {
        let before = self.facts.before.clone();
        let before = before.ok_or_else(|| Trouble::new("the vitals before were not kept"))?;
        let host = Arc::clone(&self.upgrades.host);
        let stage = self.rehearsal_stage(self.plan.live.clone())?;
        let dir = stage.dir.clone();
        host.remove_tree(&dir)?;
        self.copy_state(vec![stage.state(), stage.state_before()])
            .await?;
        let answer = self.run.as_str().to_owned();
        let rehearsed = tokio::task::spawn_blocking(move || stage.play(&before, answer)).await?;
        host.remove_tree(&dir)?;
        let rehearsed = rehearsed?;
        self.learn(|facts| facts.rehearsed = Some(rehearsed))
    }

    /// The stage of a rehearsal, with OpenClaw's package.
    fn rehearsal_stage(&self, live: PathBuf) -> Result<Stage, Trouble> {
        let host = Arc::clone(&self.upgrades.host);
        Ok(Stage {
            limits: Limits::read(host.as_ref(), &self.upgrades.home)?,
            host,
            install: self.upgrades.install.clone(),
            plan: Arc::clone(&self.plan),
            live,
            from: self.from.clone(),
            to: self.to.clone(),
            dir: self.rehearsal_dir(),
            log: self.dir.join("rehearsal.log"),
        })
    }

    /// Holds secrets, for as long as the rehearsal lasts.
    pub(crate) fn rehearsal_dir(&self) -> PathBuf {
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
    /// The copy that the new version makes its own.
    fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// The copy that nothing new has touched: what a rollback puts in place.
    fn state_before(&self) -> PathBuf {
        self.dir.join("state-before")
    }

    fn play(&self, before: &Vitals, answer: String) -> Result<Rehearsed, Trouble> {
        let began = Instant::now();
        let turn = self.prepare_turn(answer);
        self.run_scripts()?;
        let (state, package) = (self.state(), self.plan.other());
        let new = self.live(&Life {
            name: "new",
            state: &state,
            package: Some(&package),
            whole: true,
            also: Vec::new(),
            turn: turn.as_ref().ok(),
            hold_out: self.plan.soak.min(HOLD_OUT),
        })?;
        let works = new.seen.works(&self.to, self.limits.ready);
        works.map_err(|doubt| self.trouble(doubt))?;
        let compared = new.seen.lost_nothing(before);
        let changes = compared.map_err(|doubt| self.trouble(doubt))?;
        let (way_back, turn) = self.go_back(&new, turn.as_ref())?;
        let mut errors = new.errors;
        let error_count = errors.len();
        errors.truncate(TOLD);
        Ok(Rehearsed {
            isolation: new.isolation.to_string(),
            took: began.elapsed(),
            ready: new.seen.ready().unwrap_or_default(),
            changes,
            errors,
            error_count,
            turn,
            way_back,
            ahead: None,
        })
    }

    /// Whether the live version starts and answers on the state as it was, and what is to be made of
    /// the turn: one that fails with the live version, too, says nothing of the new one.
    fn go_back(
        &self,
        new: &Lived,
        turn: Result<&Turn, &String>,
    ) -> Result<(Proof, Proof), Trouble> {
        let taken = new.seen.turn();
        let state = self.state_before();
        let old = self.live(&Life {
            name: "old",
            state: &state,
            package: None,
            // Gate 1 has asked the live one.
            whole: false,
            also: Vec::new(),
            // Asked only where the new one failed.
            turn: turn.ok().filter(|_| matches!(taken, Some(Err(_)))),
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

    /// Has the agents of both copies use a stand-in of their model, which nothing else does: in
    /// there no real one can be reached. Why not, where that cannot be.
    fn prepare_turn(&self, answer: String) -> Result<Turn, String> {
        let install = &self.install;
        let config = install.config_path.strip_prefix(&install.state_dir);
        let config = config.map_err(|_| {
            let path = install.config_path.display();
            format!("{path} lies outside of the state directory, and is not copied")
        })?;
        let settings = Config::read(self.host.as_ref(), install);
        let port = settings.get(&["gateway", "port"]);
        let is_taken = port.and_then(serde_json::Value::as_u64) == Some(PORT.into());
        let model = StandIn {
            port: if is_taken { PORT + 1 } else { PORT },
        };
        for copy in [self.state(), self.state_before()] {
            let path = copy.join(config);
            let host = self.host.as_ref();
            let text = read_limited(host, &path, MAX_CONFIG, Links::Refuse);
            let text = text.map_err(|error| error.to_string())?;
            let text = model.put_into(&String::from_utf8_lossy(&text))?;
            host.write_atomic(&path, text.as_bytes(), 0o600)
                .map_err(|error| error.to_string())?;
        }
        let agents = settings.agents(self.host.as_ref(), install).into_iter();
        let agent = agents.map(|agent| agent.id).next();
        Ok(Turn {
            agent: agent.ok_or("no agent is configured")?,
            answer,
            model,
        })
    }
}
