//! A repository that is open.

use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;
use exuvia_host::disk::Disk;
use exuvia_host::{Home, Host};
use rustic_core::repofile::SnapshotFile;
use rustic_core::{
    ConfigOptions, Credentials, KeyOptions, OpenStatus, Repository as Rustic, RepositoryBackends,
    RepositoryOptions, RusticError, SnapshotOptions,
};
use secrecy::{ExposeSecret, SecretString};

use crate::address::Address;
use crate::backup::{Backup, BackupId};
use crate::depot::Depot;
use crate::error::{BackupError, told};
use crate::progress::{Bridge, Progress, Quiet, Stage};
use crate::storage::{self, Kind, Name};

/// The size of a pack. What a killed push loses is at most the pack that was under way, so packs
/// are as small as restic makes them and do not grow with the repository as rustic's would.
const PACK: ByteSize = ByteSize::mib(16);

/// A repository, and where it is.
#[derive(Debug)]
pub struct Located {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) disk: Disk,
    pub(crate) address: Address,
    cache: PathBuf,
    progress: Arc<dyn Progress>,
}

/// A repository that its password opened.
#[derive(Debug)]
pub struct Repository {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) disk: Disk,
    pub(crate) address: Address,
    pub(crate) depot: Arc<Depot>,
    pub(crate) rustic: Rustic<OpenStatus>,
    pub(crate) progress: Arc<dyn Progress>,
    /// What this machine is called.
    pub(crate) host_name: String,
    options: RepositoryOptions,
}

/// What became of making a repository.
#[derive(Debug)]
pub struct Initialized {
    /// The repository, open.
    pub repository: Repository,
    /// Whether it was made now. It was there already otherwise, and the password opens it.
    pub created: bool,
}

impl Located {
    /// The repository at an address. Nothing is looked at yet.
    pub fn new(host: Arc<dyn Host>, disk: Disk, home: &Home, address: Address) -> Self {
        Self {
            host,
            disk,
            address,
            cache: home.cache().join("backup"),
            progress: Arc::new(Quiet),
        }
    }

    /// Tells somebody how far things have come.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// Opens it. One key is derived, which takes half a second.
    pub fn open(self, password: &SecretString) -> Result<Repository, BackupError> {
        let depot = self.depot()?;
        if !is_there(&depot)? {
            return Err(BackupError::NoRepository(self.address.to_string()));
        }
        self.open_at(&depot, password)
    }

    /// Makes a repository, or opens the one that is there.
    pub fn init(self, password: &SecretString) -> Result<Initialized, BackupError> {
        let depot = self.depot()?;
        if is_there(&depot)? {
            let repository = self.open_at(&depot, password)?;
            return Ok(Initialized {
                repository,
                created: false,
            });
        }
        self.refuse_occupied(&depot)?;
        let config = ConfigOptions::default()
            .set_version(2_u32)
            .set_datapack_size(PACK)
            .set_datapack_growfactor(0_u32);
        let repository = self.with(
            &depot,
            |rustic, credentials| rustic.init(credentials, &KeyOptions::default(), &config),
            password,
        )?;
        Ok(Initialized {
            repository,
            created: true,
        })
    }

    fn depot(&self) -> Result<Arc<Depot>, BackupError> {
        let storage = storage::open(&self.host, &self.disk, &self.address)?;
        Ok(Arc::new(Depot::new(storage)))
    }

    /// Keys without a config are what is left of a repository, whose data may yet be there.
    fn refuse_occupied(&self, depot: &Depot) -> Result<(), BackupError> {
        let occupied = match &self.address {
            Address::Local(path) => storage::is_occupied(&self.disk, path)?,
            _ => !depot.storage().list(Kind::Keys)?.is_empty(),
        };
        if occupied {
            return Err(BackupError::Occupied(self.address.to_string()));
        }
        Ok(())
    }

    fn open_at(
        self,
        depot: &Arc<Depot>,
        password: &SecretString,
    ) -> Result<Repository, BackupError> {
        self.with(depot, Rustic::open, password)
    }

    fn with(
        self,
        depot: &Arc<Depot>,
        open: impl FnOnce(Rustic<()>, &Credentials) -> Result<Rustic<OpenStatus>, Box<RusticError>>,
        password: &SecretString,
    ) -> Result<Repository, BackupError> {
        let at = self.address.to_string();
        let mut options = RepositoryOptions::default();
        // Beside a disk a cache gains nothing.
        options.no_cache = self.address.is_local();
        if !options.no_cache {
            self.host.create_private_dir(&self.cache)?;
        }
        options.cache_dir = Some(self.cache);
        let backends = RepositoryBackends::new(Arc::clone(depot) as _, None);
        let credentials = Credentials::password(password.expose_secret());
        let rustic = Rustic::new(&options, &backends)
            .and_then(|rustic| open(rustic, &credentials))
            .map_err(|error| not_opened(&at, depot, &error))?;
        // Asks for the machine's name, among others.
        let own = SnapshotOptions::default().to_snapshot();
        let host_name = own
            .map_err(|error| not_opened(&at, depot, &error))?
            .hostname;
        Ok(Repository {
            host: self.host,
            disk: self.disk,
            address: self.address,
            depot: Arc::clone(depot),
            rustic,
            progress: self.progress,
            host_name,
            options,
        })
    }
}

fn is_there(depot: &Depot) -> Result<bool, BackupError> {
    Ok(depot.storage().size(&Name::config())?.is_some())
}

fn not_opened(at: &str, depot: &Depot, error: &RusticError) -> BackupError {
    if error.is_incorrect_password() {
        return BackupError::WrongPassword(at.to_owned());
    }
    match depot.take_failure() {
        Some(failure) => BackupError::Storage(failure),
        None => BackupError::Unusable {
            at: at.to_owned(),
            why: told(error),
        },
    }
}

impl Repository {
    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Every backup, oldest first.
    pub fn list(&self) -> Result<Vec<Backup>, BackupError> {
        let mut backups: Vec<Backup> = self.files()?.iter().map(Backup::of).collect();
        backups.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(backups)
    }

    /// The backup that somebody means: by the beginning of its id, by its snapshot, by its
    /// snapshot's name (the newest of that name), or `latest`.
    pub fn get(&self, text: &str) -> Result<Backup, BackupError> {
        find(&self.list()?, text).cloned()
    }

    pub(crate) fn files(&self) -> Result<Vec<SnapshotFile>, BackupError> {
        self.rustic
            .get_all_snapshots()
            .map_err(|error| self.failed(&error))
    }

    pub(crate) fn file_of(&self, id: &BackupId) -> Result<SnapshotFile, BackupError> {
        self.files()?
            .into_iter()
            .find(|file| BackupId::of(file) == *id)
            .ok_or_else(|| BackupError::NoBackup(id.as_str().to_owned()))
    }

    /// A second view on the same repository, whose course belongs to a stage. The key is known:
    /// none is derived.
    pub(crate) fn again(&self, stage: Stage) -> Result<Rustic<OpenStatus>, BackupError> {
        self.again_with(&self.options, stage)
    }

    /// The same, past the cache.
    pub(crate) fn again_uncached(&self, stage: Stage) -> Result<Rustic<OpenStatus>, BackupError> {
        let mut options = self.options.clone();
        options.no_cache = true;
        self.again_with(&options, stage)
    }

    fn again_with(
        &self,
        options: &RepositoryOptions,
        stage: Stage,
    ) -> Result<Rustic<OpenStatus>, BackupError> {
        let backends = RepositoryBackends::new(Arc::clone(&self.depot) as _, None);
        let to = Arc::clone(&self.progress);
        Rustic::new_with_progress(options, &backends, Bridge { to, stage })
            .and_then(|rustic| rustic.open(&Credentials::Masterkey(self.rustic.key())))
            .map_err(|error| self.failed(&error))
    }

    pub(crate) fn failed(&self, error: &RusticError) -> BackupError {
        match self.depot.take_failure() {
            Some(failure) => BackupError::Storage(failure),
            None => BackupError::Failed {
                at: self.address.to_string(),
                why: told(error),
            },
        }
    }
}

/// Finds a backup among these, which are sorted, the oldest first.
pub(crate) fn find<'b>(backups: &'b [Backup], text: &str) -> Result<&'b Backup, BackupError> {
    let of_snapshot = |backup: &&Backup| {
        let snapshot = backup.snapshot.as_ref();
        snapshot.is_some_and(|id| id.as_str() == text) || backup.name.as_deref() == Some(text)
    };
    if let Some(backup) = backups.iter().rev().find(of_snapshot) {
        return Ok(backup);
    }
    if let Some(newest) = backups.last().filter(|_| text == "latest") {
        return Ok(newest);
    }
    let begins = |backup: &&Backup| {
        let snapshot = backup
            .snapshot
            .as_ref()
            .map(exuvia_store::SnapshotId::as_str);
        let is_prefix = text.len() > exuvia_store::SnapshotId::PREFIX.len();
        backup.id.starts_with(text) || is_prefix && snapshot.is_some_and(|id| id.starts_with(text))
    };
    let candidates: Vec<&Backup> = backups.iter().filter(begins).collect();
    match candidates.as_slice() {
        [] => Err(BackupError::NoBackup(text.to_owned())),
        [one] => Ok(one),
        several => Err(BackupError::Ambiguous {
            name: text.to_owned(),
            candidates: several.iter().map(|one| one.id.clone()).collect(),
        }),
    }
}
