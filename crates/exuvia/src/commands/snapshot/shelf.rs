//! The snapshots, as a command sees them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use exuvia_host::disk::Disk;
use exuvia_openclaw::{Install, LocateError};
use exuvia_recovery::Recovery;
use exuvia_store::{Progress, Snapshot, SnapshotId, StoreError};

use crate::output::Output;
use crate::progress::StoreBar;
use crate::render::{self, Column, Ink, Sheet, Table};
use crate::session::Machine;

/// How many digits of an id are shown, if no two snapshots share them.
const SHORT: usize = 8;

/// The store with all snapshots, and what they are shown on.
pub(super) struct Shelf<'c> {
    pub(super) machine: &'c Machine,
    pub(super) output: &'c Output,
    pub(super) sheet: Sheet,
    pub(super) recovery: Recovery,
    bar: Arc<StoreBar>,
}

impl<'c> Shelf<'c> {
    pub(super) fn open(machine: &'c Machine, output: &'c Output) -> Result<Self> {
        let bar = StoreBar::new(output);
        let heard: Arc<dyn Progress> = bar.clone();
        let recovery = Recovery::open(
            machine.host.clone(),
            Disk::new(),
            &machine.home,
            Some(heard),
        )?;
        Ok(Self {
            machine,
            output,
            sheet: output.sheet(&*machine.host),
            recovery,
            bar,
        })
    }

    /// The same, for what only reads: `None` when no snapshot was ever taken.
    pub(super) fn open_existing(machine: &'c Machine, output: &'c Output) -> Result<Option<Self>> {
        if machine.has_store()? {
            Self::open(machine, output).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The same, where without a snapshot there is nothing to do.
    pub(super) fn open_existing_or_tell(machine: &'c Machine, output: &'c Output) -> Result<Self> {
        Self::open_existing(machine, output)?.ok_or_else(|| {
            anyhow!("there are no snapshots yet; `exuvia snapshot create` takes one")
        })
    }

    /// The install that the command is about.
    pub(super) fn install(&self) -> Result<Install, LocateError> {
        self.machine.install()
    }

    /// Does something that may take its time, with a bar meanwhile, and tells how long it took.
    pub(super) fn watch<T>(&self, work: impl FnOnce(&Recovery) -> T) -> (T, Duration) {
        let began = self.machine.host.elapsed();
        let done = work(&self.recovery);
        self.rest();
        (done, self.machine.host.elapsed().saturating_sub(began))
    }

    /// Prints sentences.
    pub(super) fn tell(&self, text: impl AsRef<str>) {
        self.output.text(&self.sheet.prose(text));
    }

    /// Takes the bar away, before something is printed.
    pub(super) fn rest(&self) {
        self.bar.end();
    }

    /// The snapshot that somebody means: by its id, its name (the newest of that name, one of this
    /// install before those of others), or the beginning of its id.
    pub(super) fn find(&self, text: &str) -> Result<Snapshot> {
        if SnapshotId::parse(text).is_none()
            && let Ok(install) = self.install()
        {
            let (own, _) = self.recovery.list(Some(&install))?;
            let named = |one: &Snapshot| one.name.as_deref() == Some(text);
            if let Some(found) = own.into_iter().rev().find(named) {
                return Ok(found);
            }
        }
        match self.recovery.store().get(text) {
            Err(StoreError::Ambiguous { candidates, .. }) => self.ambiguous(text, &candidates),
            found => Ok(found?),
        }
    }

    /// The same for several, each once.
    pub(super) fn find_all(&self, texts: &[String]) -> Result<Vec<Snapshot>> {
        let mut found: Vec<Snapshot> = Vec::new();
        for text in texts {
            let snapshot = self.find(text)?;
            if found.iter().all(|one| one.id != snapshot.id) {
                found.push(snapshot);
            }
        }
        Ok(found)
    }

    fn ambiguous(&self, text: &str, candidates: &[SnapshotId]) -> Result<Snapshot> {
        let (snapshots, _) = self.recovery.list(None)?;
        let mut table = Table::new([
            Column::left("ID"),
            Column::left("TAKEN"),
            Column::left("NAME"),
        ]);
        for one in snapshots.iter().filter(|one| candidates.contains(&one.id)) {
            let name = one.name.as_deref().map(render::line);
            table.row([
                one.id.to_string(),
                self.sheet.short(one.created_at),
                name.unwrap_or_default(),
            ]);
        }
        // What is drawn becomes part of an error, which goes to standard error and into documents.
        let plain = Sheet {
            color: false,
            ..self.sheet.clone()
        };
        Err(anyhow!(
            "{:?} could be any of these; give more of the id\n{}",
            render::line(text),
            table.draw(&plain)
        ))
    }

    /// A snapshot in a sentence: its short id, and its name in quotation marks.
    pub(super) fn title(&self, snapshot: &Snapshot) -> Result<String> {
        let (all, _) = self.recovery.list(None)?;
        let id = self.sheet.ink(Ink::Strong, short(&snapshot.id, &all));
        Ok(match &snapshot.name {
            Some(name) => format!("{id} {:?}", render::line(name)),
            None => id,
        })
    }

    /// The beginning of an id by which it is told from all others of the store.
    pub(super) fn short(&self, id: &SnapshotId) -> Result<String> {
        Ok(short(id, &self.recovery.list(None)?.0))
    }
}

/// The beginning of an id by which it is told from all of these.
pub(super) fn short(id: &SnapshotId, among: &[Snapshot]) -> String {
    let digits = digits(id);
    let is_unique = |length: &usize| {
        among
            .iter()
            .filter(|other| other.id != *id)
            .all(|other| self::digits(&other.id).get(..*length) != digits.get(..*length))
    };
    let length = (SHORT..digits.len()).find(is_unique);
    let length = length.unwrap_or(digits.len());
    digits.get(..length).unwrap_or(digits).to_owned()
}

fn digits(id: &SnapshotId) -> &str {
    let text = id.as_str();
    text.strip_prefix(SnapshotId::PREFIX).unwrap_or(text)
}
