//! What the commands begin with: the repository, open, and what it is shown on.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use exuvia_backup::{Address, Backup, BackupError, Located, Progress, Remembered, Repository};
use exuvia_host::disk::Disk;
use exuvia_recovery::Recovery;

use super::bar::BackupBar;
use super::password::{self, PasswordArgs};
use crate::output::Output;
use crate::render::{self, Ink, Sheet};
use crate::session::Machine;

/// Which repository, and what opens it.
#[derive(Debug, Args)]
pub(super) struct Access {
    /// The repository, if not the one that `init` chose
    #[arg(long, short, value_name = "REPOSITORY")]
    repository: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
}

/// The repository, and what it is shown on.
pub(super) struct Desk<'c> {
    pub(super) machine: &'c Machine,
    pub(super) output: &'c Output,
    pub(super) sheet: Sheet,
    pub(super) repository: Repository,
    bar: Arc<BackupBar>,
}

impl<'c> Desk<'c> {
    /// Opens the repository.
    pub(super) fn open(machine: &'c Machine, access: &Access, output: &'c Output) -> Result<Self> {
        let host = machine.host.as_ref();
        let remembered = Remembered::read(host, &machine.home)?;
        let (address, is_remembered) = address(machine, access, &remembered)?;
        let source = access.password.source(host)?;
        let kept = remembered.password.as_ref().filter(|_| is_remembered);
        let password = password::known(host, &address, source.as_ref(), kept, output)?;
        let bar = BackupBar::new(output);
        let opened = locate(machine, address, &bar).open(&password);
        bar.end();
        Ok(Self::at(machine, output, opened?, bar))
    }

    pub(super) fn at(
        machine: &'c Machine,
        output: &'c Output,
        repository: Repository,
        bar: Arc<BackupBar>,
    ) -> Self {
        Self {
            machine,
            output,
            sheet: output.sheet(&*machine.host),
            repository,
            bar,
        }
    }

    /// Does something that may take its time, with a bar meanwhile.
    pub(super) fn watch<T>(&self, work: impl FnOnce(&Repository) -> T) -> T {
        let done = work(&self.repository);
        self.bar.end();
        done
    }

    /// The local store and its snapshots.
    pub(super) fn recovery(&self) -> Result<Recovery> {
        let host = self.machine.host.clone();
        Ok(Recovery::open(host, Disk::new(), &self.machine.home, None)?)
    }

    /// Prints sentences.
    pub(super) fn tell(&self, text: impl AsRef<str>) {
        self.output.text(&self.sheet.prose(text));
    }

    /// The repository in a sentence.
    pub(super) fn place(&self) -> String {
        render::line(&self.repository.address().to_string())
    }

    /// A backup in a sentence: its short id, and its snapshot's name in quotation marks.
    pub(super) fn title(&self, backup: &Backup) -> String {
        let id = self.sheet.ink(Ink::Strong, backup.id.short());
        match &backup.name {
            Some(name) => format!("{id} {:?}", render::line(name)),
            None => id,
        }
    }
}

/// The repository at an address, which tells a bar how far it has come.
pub(super) fn locate(machine: &Machine, address: Address, bar: &Arc<BackupBar>) -> Located {
    let heard: Arc<dyn Progress> = Arc::clone(bar) as Arc<dyn Progress>;
    Located::new(machine.host.clone(), Disk::new(), &machine.home, address).with_progress(heard)
}

/// An address that somebody typed.
pub(super) fn parse(machine: &Machine, text: &str) -> Result<Address> {
    let address = Address::parse(text, &machine.host.current_dir()?);
    Ok(address.map_err(BackupError::from)?)
}

/// The address of the repository, and whether it is the one that is remembered.
fn address(machine: &Machine, access: &Access, remembered: &Remembered) -> Result<(Address, bool)> {
    let kept = match &remembered.repository {
        Some(text) => Some(parse(machine, text)?),
        None => None,
    };
    match (&access.repository, kept) {
        (Some(text), kept) => {
            let address = parse(machine, text)?;
            let is_kept = kept.as_ref() == Some(&address);
            Ok((address, is_kept))
        }
        (None, Some(kept)) => Ok((kept, true)),
        (None, None) => Err(BackupError::NoRepositorySet.into()),
    }
}
