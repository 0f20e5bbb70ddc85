//! The snapshots of a store, one small file each.
//!
//! The file's name begins with the time, so that the newest is found without reading the others;
//! its last line is the BLAKE3 of the rest.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::id::SnapshotId;
use crate::layout::Layout;
use crate::sealed;
use crate::snapshot::Snapshot;

const SUFFIX: &str = ".json";
/// A record with a hundred thousand paths in it is still smaller.
const MAX_BYTES: u64 = 64 << 20;

/// The file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    name: String,
    id: SnapshotId,
}

impl Record {
    fn parse(name: &OsStr) -> Option<Self> {
        let name = name.to_str()?;
        let (time, id) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let good = time.len() == 16 && time.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self {
            name: good.then(|| name.to_owned())?,
            id: SnapshotId::parse(id)?,
        })
    }

    fn of(snapshot: &Snapshot) -> Self {
        let time = snapshot.created_at.as_microsecond().max(0);
        Self {
            name: format!("{time:016x}-{}{SUFFIX}", snapshot.id),
            id: snapshot.id.clone(),
        }
    }

    pub(crate) fn path(&self, layout: &Layout) -> PathBuf {
        layout.snapshots().join(&self.name)
    }
}

/// The records, oldest first.
pub(crate) fn records(layout: &Layout) -> Result<Vec<Record>, StoreError> {
    let listing = layout.open(&layout.snapshots())?.list()?;
    Ok(listing
        .iter()
        .filter_map(|one| Record::parse(one.name))
        .collect())
}

/// Reads one.
pub(crate) fn read(layout: &Layout, record: &Record) -> Result<Snapshot, StoreError> {
    let path = record.path(layout);
    let content = exuvia_host::read_limited(
        layout.host.as_ref(),
        &path,
        MAX_BYTES,
        exuvia_host::Links::Refuse,
    )?;
    let snapshot: Snapshot = sealed::unseal(&path, &content)?;
    if snapshot.id == record.id {
        Ok(snapshot)
    } else {
        Err(StoreError::damaged(
            &path,
            "it is the record of another snapshot",
        ))
    }
}

/// Writes one, durably: from here on the snapshot exists.
pub(crate) fn write(layout: &Layout, snapshot: &Snapshot) -> Result<(), StoreError> {
    let path = Record::of(snapshot).path(layout);
    let content = sealed::seal(&path, &snapshot.record())?;
    Ok(layout.host.write_atomic(&path, &content, 0o600)?)
}

/// Every snapshot, oldest first; damaged records are told apart.
pub(crate) fn all(layout: &Layout) -> Result<(Vec<Snapshot>, Vec<StoreError>), StoreError> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for record in records(layout)? {
        match read(layout, &record) {
            Ok(snapshot) => good.push(snapshot),
            Err(error) if error.is_damage() => bad.push(error),
            // Deleted since it was listed.
            Err(StoreError::Host(error)) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok((good, bad))
}

/// The newest readable snapshot of a directory that leaves out the same; if there is none, the
/// newest of that directory: one that left out more has less to say of what is there now.
pub(crate) fn newest_of(
    layout: &Layout,
    source: &Path,
    excludes: &[String],
) -> Result<Option<Snapshot>, StoreError> {
    let mut newest = None;
    for record in records(layout)?.iter().rev() {
        match read(layout, record) {
            Ok(snapshot) if snapshot.source == source && snapshot.excludes == excludes => {
                return Ok(Some(snapshot));
            }
            Ok(snapshot) if snapshot.source == source && newest.is_none() => {
                newest = Some(snapshot);
            }
            Ok(_) => {}
            // A snapshot that cannot be read is no help, and no harm here.
            Err(error) if error.is_damage() => {}
            Err(StoreError::Host(error)) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(newest)
}

/// The snapshot that somebody means: by its id, the beginning of it, or its name (the newest of
/// that name).
pub(crate) fn resolve(layout: &Layout, text: &str) -> Result<Snapshot, StoreError> {
    let records = records(layout)?;
    if let Some(record) = records.iter().find(|record| record.id.as_str() == text) {
        return read(layout, record);
    }
    let (good, _) = all(layout)?;
    if let Some(snapshot) = good
        .into_iter()
        .rev()
        .find(|one| one.name.as_deref() == Some(text))
    {
        return Ok(snapshot);
    }
    let candidates: Vec<&Record> = records
        .iter()
        .filter(|record| record.id.starts_with(text))
        .collect();
    match candidates.as_slice() {
        [] => Err(StoreError::NoSnapshot(text.to_owned())),
        [one] => read(layout, one),
        several => Err(StoreError::Ambiguous {
            name: text.to_owned(),
            candidates: several.iter().map(|record| record.id.clone()).collect(),
        }),
    }
}

/// The record of a snapshot.
pub(crate) fn record_of(layout: &Layout, id: &SnapshotId) -> Result<Record, StoreError> {
    records(layout)?
        .into_iter()
        .find(|record| record.id == *id)
        .ok_or_else(|| StoreError::NoSnapshot(id.to_string()))
}
