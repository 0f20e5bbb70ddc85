//! Who uses a repository: restic's locks, which rustic knows nothing of.
//!
//! A lock is a file that says who made it and when. Whoever only adds leaves one that others may
//! stand beside; whoever removes what others may need leaves one that nobody may. It is renewed as
//! long as its holder lives, and counts no more when it is old or its process is gone.

mod cipher;
mod document;

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use exuvia_host::Host;
use exuvia_host::disk::pause;
use ring::digest::{SHA256, digest};

use crate::depot::{Depot, hex};
use crate::error::BackupError;
use crate::repository::Repository;
use crate::storage::{Kind, Name, StorageError, Trouble};
use cipher::Cipher;
use document::Document;

/// How often a lock is renewed: as often as restic does.
const RENEWED: Duration = Duration::from_mins(5);
/// How long after its last renewal the work that a lock protects is not to be trusted any more.
const LOST: jiff::SignedDuration = jiff::SignedDuration::from_mins(20);
/// How long is waited before it is looked once more whether somebody else was first.
const SETTLED: Duration = Duration::from_millis(200);

/// What a lock lets others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Others may add, too.
    Shared,
    /// Nobody else may do anything.
    Alone,
}

/// The repository is ours to use until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Dropped to end the thread.
    end: Option<Sender<()>>,
    renewal: Option<JoinHandle<()>>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.end.take();
        if let Some(renewal) = self.renewal.take() {
            // If it panicked the lock stays, and counts no more before long.
            let _ = renewal.join();
        }
    }
}

/// Writes locks and reads them.
#[derive(Debug)]
struct Locker {
    depot: Arc<Depot>,
    host: Arc<dyn Host>,
    host_name: String,
    cipher: Cipher,
    sharing: Sharing,
}

impl Repository {
    /// Takes a lock, or says who is in the way.
    pub(crate) fn lock(&self, sharing: Sharing) -> Result<Lock, BackupError> {
        let locker = Locker {
            depot: Arc::clone(&self.depot),
            host: Arc::clone(&self.host),
            host_name: self.host_name.clone(),
            cipher: Cipher::new(&self.rustic.key()),
            sharing,
        };
        self.refuse_others(&locker, None)?;
        let own = locker.write()?;
        if sharing == Sharing::Alone {
            // Two that look at the same time see each other the second time.
            pause(SETTLED);
        }
        if let Err(error) = self.refuse_others(&locker, Some(&own)) {
            locker.depot.storage().remove(&own)?;
            return Err(error);
        }
        let (end, ended) = mpsc::channel();
        let renewal = std::thread::spawn(move || locker.renew_until(&ended, own));
        Ok(Lock {
            end: Some(end),
            renewal: Some(renewal),
        })
    }

    fn refuse_others(&self, locker: &Locker, own: Option<&Name>) -> Result<(), BackupError> {
        for (name, _) in self.depot.storage().list(Kind::Locks)? {
            if Some(&name) == own {
                continue;
            }
            let document = match locker.read(&name) {
                Ok(document) => document,
                // Removed by its holder since it was listed.
                Err(error) if error.trouble == Trouble::Missing => continue,
                Err(error) => return Err(error.into()),
            };
            let Some(document) = document else {
                return Err(self.locked("somebody whose lock cannot be read".to_owned()));
            };
            if document.is_stale(self.host.now(), &self.host_name) {
                self.depot.storage().remove(&name)?;
            } else if document.exclusive || locker.sharing == Sharing::Alone {
                return Err(self.locked(document.to_string()));
            }
        }
        Ok(())
    }

    fn locked(&self, holder: String) -> BackupError {
        BackupError::Locked {
            at: self.address.to_string(),
            holder,
        }
    }
}

impl Locker {
    fn write(&self) -> Result<Name, StorageError> {
        let exclusive = self.sharing == Sharing::Alone;
        let document = Document::new(self.host.now(), &self.host_name, exclusive);
        let failed = |why: &str| StorageError {
            what: "make a lock".to_owned(),
            at: self.depot.storage().address().to_owned(),
            why: why.to_owned(),
            trouble: Trouble::Lasting,
        };
        let content = document
            .encode()
            .and_then(|plain| self.cipher.encrypt(&plain))
            .ok_or_else(|| failed("it cannot be encrypted"))?;
        let id = hex(digest(&SHA256, &content).as_ref());
        let name = Name::parse(Kind::Locks, &id).ok_or_else(|| failed("it has no name"))?;
        self.depot.storage().write(&name, content.into())?;
        Ok(name)
    }

    /// A lock, if it can be understood.
    fn read(&self, name: &Name) -> Result<Option<Document>, StorageError> {
        let content = self.depot.storage().read(name, None)?;
        let plain = self.cipher.decrypt(&content);
        Ok(plain.and_then(|plain| Document::decode(&plain)))
    }

    fn renew_until(&self, ended: &mpsc::Receiver<()>, first: Name) {
        let mut own = first;
        let mut renewed = self.host.now();
        while ended.recv_timeout(RENEWED) == Err(RecvTimeoutError::Timeout) {
            if let Ok(next) = self.write() {
                // An old one counts no more before long.
                let _ = self.depot.storage().remove(&own);
                own = next;
                renewed = self.host.now();
            } else if self.host.now().duration_since(renewed) > LOST {
                let why = "the lock on the repository could not be renewed".to_owned();
                self.depot.fail(why);
            }
        }
        let _ = self.depot.storage().remove(&own);
    }
}
