//! Rehearsing what is loaded into OpenClaw: OpenClaw stays what it is, and a plugin is another.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exuvia_model::Revision;
use exuvia_model::install::PackageManager;
use exuvia_model::vitals::{Part, Vitals};
use exuvia_openclaw::plugin::{RecordText, put_record};
use tokio::time::Instant;

use super::place::{Beside, bind};
use super::stage::{Life, NEW, Stage};
use super::{Core, Proof, Recipe, Rehearsed, TOLD};
use crate::Trouble;

/// A plugin's other version.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    /// What OpenClaw calls the plugin.
    pub(crate) id: String,
    /// Its version.
    pub(crate) version: Revision,
    /// The directory that holds it now.
    pub(crate) staged: PathBuf,
    /// Where that will be.
    pub(crate) place: PathBuf,
    /// What the index says now, and what it will say.
    pub(crate) records: (RecordText, RecordText),
}

impl Core {
    /// Starts a gateway on a copy of the state in which the index names the other version, which
    /// lies where it will lie.
    pub(crate) async fn rehearse_with(&mut self, guest: Guest) -> Result<(), Trouble> {
        let before = self.facts.before.clone();
        let before = before.ok_or_else(|| Trouble::new("the vitals before were not kept"))?;
        let install = &self.upgrades.install;
        let host = Arc::clone(&self.upgrades.host);
        // One that could not be exchanged stays where it is, as a whole.
        let (live, manager) = match install.held(host.as_ref()) {
            Some(held) => (Some(held.tree), install.package_manager),
            None => (install.package_root.clone(), PackageManager::Unknown),
        };
        let live = live.ok_or_else(|| Trouble::new("no OpenClaw package was found"))?;
        let stage = self.rehearsal_stage(live, manager).await?;
        if let Some(Beside { isolation, .. }) = &stage.beside {
            // The index names plugins by their real paths, and so would the copy's.
            return Err(Trouble::new(format!(
                "a plugin cannot be rehearsed here: isolation {isolation}; nothing was changed"
            )));
        }
        self.clear()?;
        host.create_private_dir(&stage.dir)?;
        self.copy_state(vec![stage.state_of(NEW)]).await?;
        let played = tokio::task::spawn_blocking(move || stage.host(&before, &guest)).await?;
        self.clear()?;
        let rehearsed = played?;
        self.learn(|facts| facts.rehearsed = Some(rehearsed))
    }
}

impl Stage {
    fn host(&self, before: &Vitals, guest: &Guest) -> Result<Rehearsed, Trouble> {
        let began = Instant::now();
        let state = self.state_of(NEW);
        let below = guest.place.strip_prefix(&self.install.state_dir)?;
        self.host.create_private_dir(&state.join(below))?;
        let (old, new) = &guest.records;
        put_record(&state, &guest.id, old, new, self.host.now())?;
        let lived = self.live(&Life {
            name: NEW,
            tree: None,
            recipe: Recipe::Start,
            whole: true,
            also: vec![bind(&guest.staged, &guest.place, true)],
            turn: None,
            hold_out: Duration::ZERO,
        })?;
        let works = lived.seen.works(&self.to, self.limits.ready);
        works.map_err(|doubt| self.trouble(doubt))?;
        let compared = lived.seen.lost_nothing(before, [&self.from, &self.to]);
        let changes = compared.map_err(|doubt| self.trouble(doubt))?;
        runs(&lived.seen.vitals, guest).map_err(|why| self.with_log(&why))?;
        let mut errors = lived.errors;
        let error_count = errors.len();
        errors.truncate(TOLD);
        Ok(Rehearsed {
            isolation: lived.isolation.to_string(),
            not_isolated: Vec::new(),
            took: began.elapsed(),
            recipe: Recipe::Start,
            ready: lived.seen.ready().unwrap_or_default(),
            changes,
            errors,
            error_count,
            turn: Proof::unknown("a plugin is rehearsed by a start of the gateway"),
            way_back: Proof::unknown("the version that is live is not touched"),
            ahead: None,
        })
    }
}

/// Whether the gateway has this version of the plugin.
fn runs(vitals: &Vitals, guest: &Guest) -> Result<(), String> {
    let Part::Known(plugins) = &vitals.plugins else {
        return Err("which plugins it has is not known".to_owned());
    };
    let found = plugins.get(&guest.id);
    let found = found.and_then(|plugin| plugin.version.as_ref());
    if found == Some(&guest.version) {
        return Ok(());
    }
    Err(format!(
        "{} should be {} and is {}",
        guest.id,
        guest.version.short(),
        found.map_or_else(|| "of no known version".to_owned(), Revision::short)
    ))
}
