//! Restores that are under way.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::disk::{FileLock, Holder, LockKind, pause};
use exuvia_host::{Links, read_optional};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::id::{BlobId, SnapshotId};
use crate::layout::Layout;
use crate::sealed;
use crate::snapshot::Snapshot;
use crate::text;

const SUFFIX: &str = ".json";
/// How long the lock is waited for, and how long between two tries.
const PATIENCE: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(10);
/// The longest journal that is read.
const MAX_BYTES: u64 = 64 << 10;

/// A restore that was begun and not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingRestore {
    /// What is being restored.
    pub snapshot: SnapshotId,
    /// Where to.
    #[serde(with = "text")]
    pub target: PathBuf,
    /// What was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety: Option<SnapshotId>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// Who began it.
    pub(crate) holder: String,
}

/// The journal of a restore that this process is doing.
#[derive(Debug)]
pub(super) struct Journal<'s> {
    layout: &'s Layout,
    path: PathBuf,
    _lock: FileLock,
}

/// The name that a target's journal and lock have.
fn stem(target: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut hex = BlobId::of(target.as_os_str().as_bytes()).to_hex();
    hex.truncate(16);
    hex
}

fn path_of(layout: &Layout, target: &Path) -> PathBuf {
    layout.restores().join(format!("{}{SUFFIX}", stem(target)))
}

/// The right to restore there; `None` when somebody else has it. A process that one of ours just
/// started holds our locks until it runs, so a moment is waited.
fn lock(layout: &Layout, target: &Path) -> Result<Option<FileLock>, StoreError> {
    let restores = layout.open(&layout.restores())?;
    let name = format!("{}.lock", stem(target));
    let mut file = restores.open_or_create(OsStr::new(&name), 0o600)?;
    let started = layout.host.elapsed();
    loop {
        match file.try_lock(LockKind::Exclusive)? {
            Ok(lock) => return Ok(Some(lock)),
            Err(back) => file = back,
        }
        if layout.host.elapsed().saturating_sub(started) >= PATIENCE {
            return Ok(None);
        }
        pause(PAUSE);
    }
}

/// Writes down, durably, what is about to be done.
pub(super) fn begin<'s>(
    layout: &'s Layout,
    snapshot: &Snapshot,
    target: &Path,
    safety: Option<SnapshotId>,
) -> Result<Journal<'s>, StoreError> {
    let path = path_of(layout, target);
    let Some(lock) = lock(layout, target)? else {
        let holder = pending_at(layout, target)?.and_then(|pending| Holder::parse(&pending.holder));
        return Err(StoreError::Busy(holder.into_iter().collect()));
    };
    let pending = PendingRestore {
        snapshot: snapshot.id.clone(),
        target: target.to_owned(),
        safety,
        started_at: layout.host.now(),
        holder: Holder::current().to_string(),
    };
    let content = sealed::seal(&path, &pending)?;
    layout.host.write_atomic(&path, &content, 0o600)?;
    Ok(Journal {
        layout,
        path,
        _lock: lock,
    })
}

impl Journal<'_> {
    /// The restore is done.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        Ok(self.layout.host.remove_file(&self.path)?)
    }
}

/// The restore that is under way in a directory.
pub(super) fn pending_at(
    layout: &Layout,
    target: &Path,
) -> Result<Option<PendingRestore>, StoreError> {
    read(layout, &path_of(layout, target))
}

/// All of them.
pub(crate) fn all(layout: &Layout) -> Result<Vec<PendingRestore>, StoreError> {
    let mut found = Vec::new();
    let listing = layout.open(&layout.restores())?.list()?;
    for listed in listing.iter() {
        let is_journal = listed
            .name
            .to_str()
            .is_some_and(|name| name.ends_with(SUFFIX) && !name.starts_with('.'));
        if is_journal {
            found.extend(read(layout, &layout.restores().join(listed.name))?);
        }
    }
    Ok(found)
}

fn read(layout: &Layout, path: &Path) -> Result<Option<PendingRestore>, StoreError> {
    let content = read_optional(layout.host.as_ref(), path, MAX_BYTES, Links::Refuse)?;
    content
        .map(|content| sealed::unseal(path, &content))
        .transpose()
}

impl crate::Store<crate::Opened> {
    /// Restores that were begun and not finished.
    pub fn pending_restores(&self) -> Result<Vec<PendingRestore>, StoreError> {
        all(&self.layout)
    }

    /// Lets go of a restore whose directory is gone: there is nothing to finish.
    pub fn forget_restore(&self, target: &Path) -> Result<(), StoreError> {
        Ok(self
            .layout
            .host
            .remove_file(&path_of(&self.layout, target))?)
    }

    /// Whether a restore that was found pending was interrupted: it still is, and nobody is
    /// restoring there.
    pub fn is_interrupted(&self, pending: &PendingRestore) -> Result<bool, StoreError> {
        let Some(_nobody_restores) = lock(&self.layout, &pending.target)? else {
            return Ok(false);
        };
        Ok(self.pending_restores()?.contains(pending))
    }
}
