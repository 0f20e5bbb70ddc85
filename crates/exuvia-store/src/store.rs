//! A store: where it is, and what it is made of.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::disk::{Disk, LockKind};
use exuvia_host::{Host, Links, read_optional};

use crate::error::StoreError;
use crate::layout::Layout;
use crate::lock::Guard;
use crate::progress::Progress;

/// The format that this Exuvia writes.
const FORMAT: u32 = 1;
const PREFIX: &str = "exuvia-store ";
/// The longest `format` file that is read.
const MAX_FORMAT: u64 = 64;
/// How long a command waits for others before it says who is in the way.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store that has not been looked at yet.
#[derive(Debug)]
pub struct Located;

/// A store that is there and of a format that is understood.
#[derive(Debug)]
pub struct Opened;

/// A place for snapshots.
#[derive(Debug)]
pub struct Store<S> {
    pub(crate) layout: Layout,
    patience: Duration,
    state: PhantomData<S>,
}

impl Store<Located> {
    /// The store in this directory, whether there is one or not.
    pub fn at(host: Arc<dyn Host>, disk: Disk, root: impl Into<PathBuf>) -> Self {
        Self {
            layout: Layout::new(host, disk, root.into()),
            patience: PATIENCE,
            state: PhantomData,
        }
    }

    /// Waits no longer than this for others who use the store.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Tells somebody how far things have come.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.layout.progress = Some(progress);
        self
    }

    /// Opens it. Nothing is written.
    pub fn open(self) -> Result<Store<Opened>, StoreError> {
        match self.format()? {
            Some(FORMAT) => Ok(self.opened()),
            Some(found) => Err(StoreError::NewerFormat {
                root: self.layout.root().to_owned(),
                found,
                known: FORMAT,
            }),
            None => Err(StoreError::NoStore(self.layout.root().to_owned())),
        }
    }

    /// Opens it, or makes it if there is none.
    pub fn open_or_create(self) -> Result<Store<Opened>, StoreError> {
        if self.format()?.is_none() {
            self.create()?;
        }
        self.open()
    }

    /// The `format` file comes last: without it there is no store, and making one can be repeated.
    fn create(&self) -> Result<(), StoreError> {
        let host = &self.layout.host;
        for directory in self.layout.all() {
            host.create_private_dir(&directory)?;
        }
        let content = format!("{PREFIX}{FORMAT}\n");
        host.write_atomic(&self.layout.format(), content.as_bytes(), 0o600)?;
        Ok(())
    }

    fn format(&self) -> Result<Option<u32>, StoreError> {
        let (host, path) = (self.layout.host.as_ref(), self.layout.format());
        let Some(content) = read_optional(host, &path, MAX_FORMAT, Links::Refuse)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&content);
        parse_format(&text)
            .map(Some)
            .ok_or_else(|| StoreError::NotAStore {
                root: self.layout.root().to_owned(),
                found: text.trim_end().to_owned(),
            })
    }

    fn opened(self) -> Store<Opened> {
        Store {
            layout: self.layout,
            patience: self.patience,
            state: PhantomData,
        }
    }
}

impl Store<Opened> {
    /// Where it is.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// Uses the store beside others.
    pub(crate) fn share(&self) -> Result<Guard, StoreError> {
        Guard::take(&self.layout, LockKind::Shared, self.patience)
    }

    /// Uses the store alone.
    pub(crate) fn exclude_others(&self) -> Result<Guard, StoreError> {
        Guard::take(&self.layout, LockKind::Exclusive, self.patience)
    }

    /// Removes what killed processes left: nobody else must be using the store.
    pub(crate) fn collect_leftovers(&self, guard: &Guard) -> Result<u64, StoreError> {
        crate::lock::sweep(&self.layout, guard)?;
        let mut removed = 0;
        let tmp = self.layout.open(&self.layout.tmp())?;
        for listed in tmp.list()?.iter() {
            removed += listed.stat.size;
            tmp.remove_file(listed.name)?;
        }
        for path in [
            self.layout.trees(),
            self.layout.snapshots(),
            self.layout.restores(),
        ] {
            let dir = self.layout.open(&path)?;
            for listed in dir.list()?.iter() {
                if is_leftover(listed.name) {
                    removed += listed.stat.size;
                    dir.remove_file(listed.name)?;
                }
            }
        }
        Ok(removed)
    }
}

/// A name that [`Host::write_atomic`] gives to what is not yet a document.
fn is_leftover(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.starts_with('.') && name.ends_with(".exuvia-tmp"))
}

fn parse_format(text: &str) -> Option<u32> {
    text.strip_prefix(PREFIX)?.strip_suffix('\n')?.parse().ok()
}
