//! The journal: what Exuvia did to this machine, written down before it is done.
//!
//! `$EXUVIA_HOME/journal.sqlite` holds **runs** and their **events**. An event is durable when the
//! call that writes it returns, and is never changed or removed: triggers refuse it, and whether and
//! how a run ended is a view over its events. Events are ordered by their number, so a clock that is
//! set back changes what is told of the time, and nothing else. Several processes may write at once.
//!
//! An operation that is begun can be written down to its end: [`Journal::begin`] makes sure of the
//! room for it while there is nothing to be undone yet (`room.rs`). A process that dies leaves its
//! run unfinished; [`Journal::unfinished`] knows it by the process's identity, never by age, and
//! whoever tidies up after it calls [`Journal::resume`] or [`Journal::close`].
//!
//! Nothing secret belongs in here: anybody who may read the user's files may read it, it is exported
//! whole, and it is kept for ever. Details hold ids, paths, versions, counts and digests; never
//! contents, command lines, environments or addresses with a password.
//!
//! SQLite is the file system of this one file: it reads, writes and syncs it itself, past
//! [`Host`], because nothing in between could keep the promises that SQLite makes. The clock and
//! everything else that is asked of the machine come from the [`Host`] all the same.
//!
//! Closing any descriptor of a database drops the locks that SQLite holds on it in this process
//! (they are POSIX record locks). So nothing in Exuvia opens the journal but SQLite itself, and
//! `$EXUVIA_HOME` must never lie inside of what a snapshot is taken of.

mod connect;
mod detail;
mod error;
mod read;
mod room;
mod run;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exuvia_host::disk::Holder;
use exuvia_host::{Home, Host, HostError, Links};
use exuvia_model::journal::RunRecord;
use rusqlite::Connection;

pub use detail::LONGEST as LONGEST_DETAIL;
pub use error::JournalError;
pub use read::Filter;
pub use run::{NewRun, Run};

/// How its file is called.
const NAME: &str = "journal.sqlite";

/// The journal of one `$EXUVIA_HOME`. Clones share it; threads take turns.
#[derive(Debug, Clone)]
pub struct Journal {
    host: Arc<dyn Host>,
    path: PathBuf,
    connection: Arc<Mutex<Connection>>,
}

impl Journal {
    /// Opens the journal; makes it if there is none, and brings it forward if it is an earlier
    /// Exuvia's.
    pub fn open(host: Arc<dyn Host>, home: &Home) -> Result<Self, JournalError> {
        if let Some(journal) = Self::open_existing(Arc::clone(&host), home)? {
            return Ok(journal);
        }
        home.prepare(&*host)?;
        Self::bring_forward(host, home.root())
    }

    /// The same, for those who only look or tidy up: nothing where there is no journal yet. One that
    /// may not be written can still be read.
    pub fn open_existing(host: Arc<dyn Host>, home: &Home) -> Result<Option<Self>, JournalError> {
        let Some(path) = found(&*host, home.root())? else {
            return Ok(None);
        };
        let connection = connect::connect(&path)?;
        match schema::look(&connection, &path)? {
            schema::Seen::Empty => Ok(None),
            schema::Seen::Older => {
                drop(connection);
                Self::bring_forward(host, home.root()).map(Some)
            }
            schema::Seen::Current => {
                connect::share(&connection, &path)?;
                Ok(Some(Self::over(host, path, connection)))
            }
        }
    }

    fn bring_forward(host: Arc<dyn Host>, root: &Path) -> Result<Self, JournalError> {
        let path = real(&*host, root)?;
        let _alone = connect::alone(&*host, &path)?;
        connect::make(&*host, &path)?;
        let mut connection = connect::connect(&path)?;
        if schema::look(&connection, &path)? != schema::Seen::Current {
            connect::share(&connection, &path)?;
            schema::migrate(&mut connection).map_err(|source| JournalError::of(&path, source))?;
        }
        Ok(Self::over(host, path, connection))
    }

    fn over(host: Arc<dyn Host>, path: PathBuf, connection: Connection) -> Self {
        Self {
            host,
            path,
            connection: Arc::new(Mutex::new(connection)),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere leaves no half a transaction: it is rolled back on the way.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, source: rusqlite::Error) -> JournalError {
        JournalError::of(&self.path, source)
    }
}

/// Whether a run was left behind: it has not ended, and its process is gone.
pub fn is_abandoned(run: &RunRecord) -> bool {
    run.outcome.is_none() && Holder::parse(&run.holder).is_some_and(|holder| !holder.is_alive())
}

/// The path of the journal without symlinks, which SQLite is told not to follow.
fn real(host: &dyn Host, root: &Path) -> Result<PathBuf, HostError> {
    Ok(host.canonicalize(root)?.join(NAME))
}

/// The same, if there is one.
fn found(host: &dyn Host, root: &Path) -> Result<Option<PathBuf>, HostError> {
    let found = real(host, root).and_then(|path| {
        host.metadata(&path, Links::Refuse)?;
        Ok(path)
    });
    match found {
        Ok(path) => Ok(Some(path)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
