//! Making the copies of a rehearsal ready for their programs: in each its own model, and, beside
//! everything else, nothing that leads to the live state.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Links, read_limited};
use exuvia_openclaw::config::{self, Config, StandIn};
use exuvia_openclaw::database;

use super::ask::Turn;
use super::place::{Beside, leads_out};
use super::stage::{NEW, OLD, Stage};
use crate::Trouble;

/// Where the stand-in of the model listens, unless the gateway does. A space has ports of its own.
const PORT: u16 = 47_311;
/// Largest configuration.
const MAX_CONFIG: u64 = 32 << 20;
/// Links in the state that OpenClaw only reads through: its index of the plugins' skills.
const READ_ONLY: [&str; 1] = ["plugin-skills"];

impl Stage {
    /// Has the agents of both copies use a stand-in of their model, which nothing else does, and
    /// the copies lead to nothing but themselves where they are not at the real paths. Why no turn
    /// can be taken, where that is so.
    pub(super) fn prepare(&self, answer: String) -> Result<Result<Turn, String>, Trouble> {
        let turn = self.prepare_turn(answer);
        if let Some(beside) = &self.beside {
            let tree = self.plan.other();
            self.part_from_the_live(beside, NEW, Some(&tree))?;
            self.part_from_the_live(beside, OLD, None)?;
        }
        Ok(turn)
    }

    fn prepare_turn(&self, answer: String) -> Result<Turn, String> {
        let config = self.config_in_state().ok_or_else(|| {
            let path = self.install.config_path.display();
            format!("{path} lies outside of the state directory, and is not copied")
        })?;
        let settings = Config::read(self.host.as_ref(), &self.install);
        let port = settings.get(&["gateway", "port"]);
        let is_taken = port.and_then(serde_json::Value::as_u64) == Some(PORT.into());
        let apart = if is_taken { PORT + 1 } else { PORT };
        let model = StandIn {
            port: self.beside.as_ref().map_or(apart, |beside| beside.model),
        };
        for life in [NEW, OLD] {
            let path = self.state_of(life).join(&config);
            let put = |text: &str| model.put_into(text);
            self.change(&path, put).map_err(|error| error.to_string())?;
        }
        let agents = settings
            .agents(self.host.as_ref(), &self.install)
            .into_iter();
        let agent = agents.map(|agent| agent.id).next();
        Ok(Turn {
            agent: agent.ok_or("no agent is configured")?,
            answer,
            model,
        })
    }

    /// Where the configuration lies in the state, if it does.
    fn config_in_state(&self) -> Option<PathBuf> {
        let below = self
            .install
            .config_path
            .strip_prefix(&self.install.state_dir);
        below.ok().map(Path::to_owned)
    }

    fn change(
        &self,
        path: &Path,
        put: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<(), Trouble> {
        let host = self.host.as_ref();
        let text = read_limited(host, path, MAX_CONFIG, Links::Refuse)?;
        let text = put(&String::from_utf8_lossy(&text)).map_err(Trouble::new)?;
        Ok(host.write_atomic(path, text.as_bytes(), 0o600)?)
    }

    /// Has a copy name itself where it names the live state, and refuses what would lead there all
    /// the same.
    fn part_from_the_live(
        &self,
        beside: &Beside,
        life: &str,
        tree: Option<&Path>,
    ) -> Result<(), Trouble> {
        let config = self.config_in_state().ok_or_else(|| {
            refused(&format!(
                "{} lies outside of the state directory, so that its copy would not be used",
                self.install.config_path.display()
            ))
        })?;
        let (real, copy) = (&self.install.state_dir, self.state_of(life));
        let mut moved = vec![(real.clone(), copy.clone())];
        if let Some(tree) = tree {
            // Of pnpm the live package may lie elsewhere than its tree.
            let real = |tree: &Path| self.host.canonicalize(&self.package_in(tree));
            moved.push((real(&self.plan.live)?, real(tree)?));
            moved.push((self.plan.live.clone(), tree.to_owned()));
        }
        let log = self.dir.join(format!("{life}-log")).join("openclaw.log");
        let changes = config::Beside {
            port: beside.port,
            log: &log,
            moved: &moved,
        };
        self.change(&copy.join(config), |text| changes.put_into(text))?;
        let package = self.package_in(tree.unwrap_or(&self.plan.live));
        let install = self.moved(life, package);
        let settings = Config::read(self.host.as_ref(), &install);
        let agents = settings.agents(self.host.as_ref(), &install);
        let databases = agents
            .iter()
            .map(|agent| agent.dir.join("openclaw-agent.sqlite"));
        let own = databases.filter(|database| database.starts_with(&copy));
        let named = database::relocate(self.host.as_ref(), &copy, &own.collect::<Vec<_>>(), &moved);
        let named = named.map_err(|error| Trouble::new(error.to_string()))?;
        if beside.is_fenced() {
            return Ok(());
        }
        if let Some(key) = settings.naming(real) {
            return Err(refused(&format!(
                "{key} in the configuration names {}, where the rehearsal would write",
                real.display()
            )));
        }
        if let Some(place) = named.first() {
            return Err(refused(&format!(
                "{place} names transcripts in {}, where the rehearsal would write",
                real.display()
            )));
        }
        let places = agents
            .into_iter()
            .flat_map(|agent| [agent.workspace, agent.dir]);
        let places = places.chain(self.links(&copy)?);
        for place in places {
            if leads_out(self.host.as_ref(), &place, &copy) {
                return Err(refused(&format!(
                    "{} leads out of the copy of the state, and the rehearsal would write there",
                    place.display()
                )));
            }
        }
        Ok(())
    }

    /// The links at the top of a copy that something may be written through.
    fn links(&self, copy: &Path) -> Result<Vec<PathBuf>, Trouble> {
        let entries = self.host.read_dir(copy)?.into_iter();
        let links = entries.filter(|(name, kind)| {
            *kind == EntryKind::Symlink && READ_ONLY.iter().all(|other| name != other)
        });
        Ok(links.map(|(name, _)| copy.join(name)).collect())
    }
}

fn refused(why: &str) -> Trouble {
    Trouble::new(format!(
        "it cannot be rehearsed beside the live gateway, in partial isolation: {why}; nothing was \
         changed"
    ))
}
