//! Finds databases with the files beside them: they are one thing and are taken as one.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use exuvia_host::disk::{Dir, FileTime, Kind};

use super::walk::{Item, State};
use crate::database::{self, JOURNAL, LOG, LOG_INDEX};
use crate::error::StoreError;
use crate::tree::{Flavour, NodeKind};

/// What a file beside a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Log,
    Index,
    Journal,
}

/// Decides for every database of a directory that has files beside it, or had, whether the whole
/// of it is as before; if not, it is to be taken anew, whole.
pub(super) fn group(
    dir: &Dir,
    items: &mut [Item<'_>],
    trusted_before: Option<FileTime>,
) -> Result<(), StoreError> {
    let beside: Vec<(usize, usize, Role)> = (0..items.len())
        .filter_map(|at| {
            let (base, role) = base_of(items.get(at)?)?;
            Some((position(items, &base)?, at, role))
        })
        .collect();
    let mut rest = beside.as_slice();
    while let Some(&(base, _, _)) = rest.first() {
        let (own, others) = rest.split_at(rest.partition_point(|one| one.0 == base));
        rest = others;
        if is_database(dir, items, base)? {
            decide(dir, items, base, own, trusted_before)?;
        }
    }
    Ok(())
}

fn base_of(item: &Item<'_>) -> Option<(OsString, Role)> {
    let name = item.listed.name.as_bytes();
    let (suffix, role) = [
        (LOG, Role::Log),
        (LOG_INDEX, Role::Index),
        (JOURNAL, Role::Journal),
    ]
    .into_iter()
    .find(|(suffix, _)| name.ends_with(suffix.as_bytes()))?;
    let base = name.get(..name.len() - suffix.len())?;
    let is_file = item.listed.stat.kind == Kind::File;
    is_file.then(|| (OsStr::from_bytes(base).to_owned(), role))
}

fn position(items: &[Item<'_>], name: &OsStr) -> Option<usize> {
    let at = items
        .binary_search_by(|item| item.listed.name.cmp(name))
        .ok()?;
    let is_file = items.get(at)?.listed.stat.kind == Kind::File;
    is_file.then_some(at)
}

fn is_database(dir: &Dir, items: &[Item<'_>], at: usize) -> Result<bool, StoreError> {
    let Some(item) = items.get(at) else {
        return Ok(false);
    };
    if let (State::Known, Some((old, _))) = (item.state, &item.old) {
        return Ok(old.kind == NodeKind::File(Flavour::Database));
    }
    match dir.open_file(item.listed.name) {
        Ok(file) => Ok(database::has_header(&file)?),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn decide(
    dir: &Dir,
    items: &mut [Item<'_>],
    base: usize,
    own: &[(usize, usize, Role)],
    trusted_before: Option<FileTime>,
) -> Result<(), StoreError> {
    let unmoved = items
        .get(base)
        .is_some_and(|item| item.state == State::Known);
    let mut whole = unmoved;
    for &(_, at, role) in own {
        let Some(item) = items.get(at) else { continue };
        whole &= match role {
            Role::Log => log_is_known(dir, item, trusted_before)?,
            Role::Journal => item.state == State::Known,
            Role::Index => true,
        };
    }
    for &(_, at, role) in own {
        let Some(item) = items.get_mut(at) else {
            continue;
        };
        item.state = match role {
            Role::Index => State::LeftOut,
            Role::Log | Role::Journal if whole => State::Known,
            Role::Log | Role::Journal => State::Companion,
        };
    }
    if let Some(item) = items.get_mut(base).filter(|_| !whole) {
        item.state = State::Database { unmoved };
    }
    Ok(())
}

/// By size, time of change and salts; the `ctime` moves when root opens the database.
fn log_is_known(
    dir: &Dir,
    item: &Item<'_>,
    trusted_before: Option<FileTime>,
) -> Result<bool, StoreError> {
    let Some((old, _)) = &item.old else {
        return Ok(false);
    };
    let NodeKind::File(Flavour::Log(salts)) = old.kind else {
        return Ok(false);
    };
    let stat = item.listed.stat;
    let same = old.meta.size == stat.size
        && old.meta.modified == stat.modified
        && old.meta.inode == stat.inode
        && (old.meta.mode, old.meta.uid, old.meta.gid) == (stat.mode, stat.uid, stat.gid)
        && trusted_before.is_some_and(|before| stat.modified < before);
    if !same {
        return Ok(false);
    }
    match dir.open_file(item.listed.name) {
        Ok(file) => Ok(database::salts(&file)? == salts),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
