//! Who uses the store.
//!
//! Taking snapshots, restoring and verifying go together; pruning and repairing go alone. The lock
//! is the kernel's and dies with its holder, so there is no stale lock to recognise. Beside it every
//! holder leaves a note that says who it is, for those who are kept waiting.

use std::ffi::OsStr;
use std::time::Duration;

use exuvia_host::disk::{Dir, FileLock, Holder, LockKind, pause};

use crate::error::StoreError;
use crate::layout::Layout;

const LOCK: &str = "store";
const NOTE: &str = "holder-";
/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_millis(10);
/// The longest note that is read.
const MAX_NOTE: usize = 256;

/// The store is ours to use until this is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    dir: Dir,
    note: String,
    _lock: FileLock,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A note without a process is recognised as that; failing here harms nobody.
        let _ = self.dir.remove_file(OsStr::new(&self.note));
    }
}

impl Guard {
    /// Takes the lock, waiting for others as long as `patience`.
    pub(crate) fn take(
        layout: &Layout,
        kind: LockKind,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let dir = layout.open(&layout.locks())?;
        let started = layout.host.elapsed();
        let mut file = dir.open_or_create(OsStr::new(LOCK), 0o600)?;
        let lock = loop {
            match file.try_lock(kind)? {
                Ok(lock) => break lock,
                Err(back) => file = back,
            }
            if layout.host.elapsed().saturating_sub(started) >= patience {
                return Err(StoreError::Busy(holders(&dir)?));
            }
            pause(PAUSE);
        };
        let note = layout.fresh_name("holder");
        let guard = Self {
            dir,
            note,
            _lock: lock,
        };
        guard.write_note()?;
        Ok(guard)
    }

    fn write_note(&self) -> Result<(), StoreError> {
        let file = self.dir.create_file(OsStr::new(&self.note), 0o600)?;
        file.write_at(Holder::current().to_string().as_bytes(), 0)?;
        Ok(())
    }
}

/// Everybody who uses the store and still lives.
fn holders(dir: &Dir) -> Result<Vec<Holder>, StoreError> {
    let mut found = Vec::new();
    for (name, holder) in notes(dir)? {
        match holder {
            Some(holder) if holder.is_alive() => found.push(holder),
            // Between creating and writing a note it is empty: not to be removed by others.
            Some(_) => dir.remove_file(OsStr::new(&name))?,
            None => {}
        }
    }
    Ok(found)
}

/// Removes the notes of those who died. Only for whoever holds the store alone.
pub(crate) fn sweep(layout: &Layout, own: &Guard) -> Result<(), StoreError> {
    let dir = layout.open(&layout.locks())?;
    for (name, holder) in notes(&dir)? {
        if name != own.note && holder.is_none_or(|holder| !holder.is_alive()) {
            dir.remove_file(OsStr::new(&name))?;
        }
    }
    Ok(())
}

fn notes(dir: &Dir) -> Result<Vec<(String, Option<Holder>)>, StoreError> {
    let mut found = Vec::new();
    for listed in dir.list()?.iter() {
        let Some(name) = listed.name.to_str().filter(|name| name.starts_with(NOTE)) else {
            continue;
        };
        let mut bytes = vec![0; MAX_NOTE];
        let len = match dir.open_file(listed.name) {
            Ok(file) => file.read_at(&mut bytes, 0)?,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        bytes.truncate(len);
        let holder = std::str::from_utf8(&bytes).ok().and_then(Holder::parse);
        found.push((name.to_owned(), holder));
    }
    Ok(found)
}
