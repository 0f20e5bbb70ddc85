//! A machine with a store, and a place for a repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_backup::{Address, Located, Repository};
use exuvia_host::disk::Disk;
use exuvia_host::{Home, SystemHost};
use exuvia_store::{Opened, Snapshot, SnapshotOptions, Store};
use secrecy::SecretString;

use crate::common::{self, Facts, facts};

pub const PASSWORD: &str = "correct horse";

/// A machine: a tree, a store and a home of Exuvia, in a directory that goes with it.
pub struct Lab {
    pub directory: tempfile::TempDir,
    pub store: Store<Opened>,
}

impl Lab {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("tree")).unwrap();
        let store = common::open(&directory.path().join("exuvia/store"));
        Self { directory, store }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn tree(&self) -> PathBuf {
        self.path("tree")
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.tree().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn snapshot(&self) -> Snapshot {
        self.store
            .snapshot(&self.tree(), SnapshotOptions::default())
            .unwrap()
    }

    pub fn home(&self) -> Home {
        home_in(&self.path("exuvia"))
    }

    /// The repository in a directory of this machine.
    pub fn local(&self) -> Located {
        located(&self.home(), &self.path("repository").to_string_lossy())
    }

    pub fn init(&self) -> Repository {
        self.local().init(&password()).unwrap().repository
    }

    /// Restores the newest backup into a new directory and tells what is there then.
    pub fn restored(&self, repository: &Repository) -> Facts {
        let backup = repository.list().unwrap().pop().unwrap();
        let target = tempfile::tempdir_in(self.directory.path()).unwrap();
        let restored = repository.restore_to(&backup, target.path()).unwrap();
        assert!(restored.refused.is_empty(), "{:?}", restored.refused);
        facts(target.path())
    }
}

pub fn home_in(path: &Path) -> Home {
    let host = exuvia_host::testing::TestHost::new().with_env("EXUVIA_HOME", path);
    Home::locate(&host).unwrap()
}

pub fn located(home: &Home, address: &str) -> Located {
    let address = Address::parse(address, Path::new("/")).unwrap();
    Located::new(Arc::new(SystemHost::new()), Disk::new(), home, address)
}

pub fn password() -> SecretString {
    SecretString::from(PASSWORD)
}
