//! What is measured of Exuvia: the store in a process of its own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use exuvia_host::SystemHost;
use exuvia_host::disk::Disk;
use exuvia_store::{Depth, Opened, RestoreOptions, SnapshotOptions, Store};

#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Takes a snapshot
    Snapshot {
        store: PathBuf,
        tree: PathBuf,
        name: String,
    },
    /// Restores into an empty directory
    Restore {
        store: PathBuf,
        tree: PathBuf,
        name: String,
    },
    /// Restores in place, with a snapshot of what is there first
    InPlace {
        store: PathBuf,
        tree: PathBuf,
        name: String,
    },
    /// Verifies everything
    Verify { store: PathBuf },
}

pub(crate) fn job(job: &Job) -> Result<ExitCode> {
    match job {
        Job::Snapshot { store, tree, name } => {
            let options = SnapshotOptions {
                name: Some(name.clone()),
                ..SnapshotOptions::default()
            };
            open(store)?.snapshot(tree, options)?;
        }
        Job::Restore { store, tree, name } => {
            let store = open(store)?;
            store.restore_into(&store.get(name)?, tree)?;
        }
        Job::InPlace { store, tree, name } => {
            let store = open(store)?;
            store.restore_in_place(&store.get(name)?, tree, RestoreOptions::default())?;
        }
        Job::Verify { store } => {
            let verified = open(store)?.verify(Depth::Everything)?;
            anyhow::ensure!(verified.is_clean(), "the store is damaged: {verified:?}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(root: &Path) -> Result<Store<Opened>> {
    Ok(Store::at(Arc::new(SystemHost::new()), Disk::new(), root).open_or_create()?)
}
