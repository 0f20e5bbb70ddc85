//! The lists by which a user keeps upgrades away: what is pinned, what is blocked, and for how long
//! nothing is to be upgraded.

use anyhow::{Context, Result, anyhow};
use exuvia_check::{List, Listed};
use exuvia_model::journal::{Operation, Outcome, RunId};
use exuvia_model::named::{self, Named};
use exuvia_model::report::{Found, Stage};
use exuvia_model::{Asset, AssetId, ScanResult};
use exuvia_openclaw::take_inventory;
use exuvia_store::journal::{Journal, NewRun};
use serde_json::{Value, json};

use crate::exit::Blocked;
use crate::output::Output;
use crate::render;
use crate::session::{Machine, Session};

/// What a list is changed with.
pub(super) struct Desk {
    pub(super) machine: Machine,
    pub(super) session: Session,
    install: String,
    assets: Vec<Asset>,
}

impl Desk {
    /// With what is installed now; reads, and asks nobody.
    pub(super) fn open(machine: Machine) -> Result<Self> {
        let install = machine.install()?;
        let session = Session::open(machine.clone())?;
        let inventory = take_inventory(&*machine.host, &install);
        Ok(Self {
            assets: inventory.assets,
            install: install.id(),
            machine,
            session,
        })
    }

    /// The asset that is named, and the version behind it.
    pub(super) fn named(&self, asked: &str) -> Result<Named<'_>> {
        named::find(&self.assets, asked)
            .map_err(|error| anyhow!(Blocked(format!("{error}; nothing was changed"))))
    }

    /// What an asset is called: its name, or the id where it is gone.
    pub(super) fn name(&self, id: &AssetId) -> String {
        let found = self.assets.iter().find(|asset| asset.id == *id);
        found.map_or_else(|| id.to_string(), |asset| asset.name.clone())
    }

    /// The version that is meant, in full: commits are told by their first digits.
    pub(super) fn version(&self, asset: &Asset, said: &str) -> String {
        let documents = &self.session.documents;
        let offered = match documents.find::<ScanResult>(Stage::Scan) {
            Found::Present(scan) => scan.updates,
            Found::Absent | Found::Unreadable(_) => Vec::new(),
        };
        let offered = offered.into_iter().filter(|it| it.asset_id == asset.id);
        let known = offered.map(|update| update.latest).chain(asset.revision());
        let mut meant = known.filter(|known| known.short() == said);
        meant
            .next()
            .map_or_else(|| said.to_owned(), |known| known.to_string())
    }

    /// Changes a list in a run of its own, so that `exuvia history` tells who did it and when.
    pub(super) fn journaled<T>(
        &self,
        operation: Operation,
        subject: String,
        detail: Value,
        change: impl FnOnce(&RunId) -> Result<T>,
    ) -> Result<(T, RunId)> {
        let journal = Journal::open(self.machine.host.clone(), &self.machine.home)?;
        let run = journal.begin(NewRun {
            operation,
            install: Some(self.install.clone()),
            subject,
            detail,
        })?;
        let id = run.id().clone();
        match change(&id) {
            Ok(done) => {
                run.finish(Outcome::Done, json!({}))
                    .context("it was done, and that could not be written down")?;
                Ok((done, id))
            }
            Err(error) => {
                // The first error is the one to tell; the next command ends a run that was not.
                let _ = run.finish(Outcome::Failed, json!({ "error": error.to_string() }));
                Err(error)
            }
        }
    }
}

/// Tells what is on a list: for programs as it is kept, for a person each in one line.
pub(super) fn tell<T: Listed>(
    list: &List<T>,
    nothing: &str,
    parts: impl Fn(&T) -> Vec<Option<String>>,
    output: &Output,
) {
    if output.json() {
        return output.document(list);
    }
    if list.all().is_empty() {
        output.text(nothing);
    }
    for entry in list.all() {
        let parts = parts(entry);
        let parts: Vec<_> = parts
            .iter()
            .flatten()
            .map(|part| render::line(part))
            .collect();
        output.text(&parts.join("  "));
    }
}
