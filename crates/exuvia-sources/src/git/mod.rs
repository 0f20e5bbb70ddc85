//! git, through the user's own `git`, so that his credentials and proxies work.
//!
//! What others wrote reaches git only as checked arguments. The user's repositories are read and
//! never written; what has to be fetched goes into bare mirrors of Exuvia's own.

mod address;
mod archive;
mod head;
mod log;
mod mirror;
mod run;
mod tree;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use exuvia_host::Host;

pub use head::RemoteHead;
pub use log::Commit;
pub use tree::{TreeEntry, blob_id};

/// git repositories, far and near. Every call blocks.
#[derive(Debug, Clone)]
pub struct Git {
    host: Arc<dyn Host>,
    mirrors: PathBuf,
    offline: bool,
    /// One fetch at a time into each mirror.
    busy: Arc<Mutex<HashMap<PathBuf, Arc<Mutex<()>>>>>,
}

impl Git {
    /// Mirrors lie below `mirrors`, one for each repository that had to be fetched from.
    pub fn new(host: Arc<dyn Host>, mirrors: PathBuf) -> Self {
        Self {
            host,
            mirrors,
            offline: false,
            busy: Arc::default(),
        }
    }

    /// Asks no remote: answers only from what the mirrors have.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }
}
