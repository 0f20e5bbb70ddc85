//! What everything else is done with.

use std::sync::Arc;

use exuvia_host::disk::Disk;
use exuvia_host::{Home, Host};
use exuvia_openclaw::Install;
use exuvia_store::journal::Journal;
use exuvia_store::{Located, Opened, Progress, Snapshot, Store, StoreError};

use crate::{Context, RecoveryError};

/// The snapshots of OpenClaw on this machine, and the journal.
#[derive(Debug)]
pub struct Recovery {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) disk: Disk,
    pub(crate) home: Home,
    pub(crate) store: Store<Opened>,
    pub(crate) journal: Journal,
}

impl Recovery {
    /// Opens the store and the journal, or makes them.
    ///
    /// The process must have no SQLite connection to a database of OpenClaw: taking a snapshot
    /// would drop the locks that SQLite holds on it in the same process.
    pub fn open(
        host: Arc<dyn Host>,
        disk: Disk,
        home: &Home,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<Self, RecoveryError> {
        home.prepare(host.as_ref())?;
        let store = located(&host, &disk, home, progress).open_or_create()?;
        let journal = Journal::open(host.clone(), home)?;
        Ok(Self {
            host,
            disk,
            home: home.clone(),
            store,
            journal,
        })
    }

    /// The same, without making a store: nothing where there is none.
    pub fn open_existing(
        host: Arc<dyn Host>,
        disk: Disk,
        home: &Home,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<Option<Self>, RecoveryError> {
        match located(&host, &disk, home, progress).open() {
            Ok(store) => {
                let journal = Journal::open(host.clone(), home)?;
                Ok(Some(Self {
                    host,
                    disk,
                    home: home.clone(),
                    store,
                    journal,
                }))
            }
            Err(StoreError::NoStore(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The store.
    pub fn store(&self) -> &Store<Opened> {
        &self.store
    }

    /// The snapshots of an install, or all, oldest first. Damaged records are in the second list.
    pub fn list(
        &self,
        install: Option<&Install>,
    ) -> Result<(Vec<Snapshot>, Vec<StoreError>), RecoveryError> {
        let (mut snapshots, damaged) = self.store.list()?;
        if let Some(install) = install {
            snapshots.retain(|snapshot| is_of(snapshot, install));
        }
        Ok((snapshots, damaged))
    }
}

/// Whether a snapshot is of this install.
pub(crate) fn is_of(snapshot: &Snapshot, install: &Install) -> bool {
    let id = Context::of(snapshot).map(|context| context.install);
    snapshot.source == install.state_dir && id.is_none_or(|id| id == install.id())
}

fn located(
    host: &Arc<dyn Host>,
    disk: &Disk,
    home: &Home,
    progress: Option<Arc<dyn Progress>>,
) -> Store<Located> {
    let store = Store::at(host.clone(), disk.clone(), home.root().join("store"));
    match progress {
        Some(progress) => store.with_progress(progress),
        None => store,
    }
}
