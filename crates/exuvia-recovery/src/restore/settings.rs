//! Files of an install outside of its state directory: what a restore does to them.

use std::fmt;
use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, HostError, Links};
use exuvia_openclaw::Install;
use serde::Serialize;

use crate::context::{KeptFile, services, settings_places, split};
use crate::{Context, Recovery, RecoveryError, Scope};

/// A file that a restore changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// The file.
    #[serde(with = "exuvia_store::text")]
    pub path: PathBuf,
    /// What becomes of it.
    pub what: FileFate,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFate {
    /// It is not there, and will be.
    Added,
    /// It will be what it was.
    Changed,
    /// It was not there then, and will be removed.
    Removed,
}

impl fmt::Display for FileFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        })
    }
}

/// What restoring an install changes of its service's definition and of a config file that lies
/// elsewhere. Only where files of this install may lie is anything written.
pub(super) fn compare(
    recovery: &Recovery,
    install: &Install,
    scope: &Scope,
    context: &Context,
    warnings: &mut Vec<String>,
) -> Result<Vec<FileChange>, RecoveryError> {
    if *scope != Scope::Install {
        return Ok(Vec::new());
    }
    let host = recovery.host.as_ref();
    let may_lie_at = settings_places(host, install);
    let mut changes = Vec::new();
    for file in context.services.iter().chain(&context.config) {
        if !may_lie_at(&file.path) {
            warnings.push(format!(
                "{} is in the snapshot, and is not restored: no file of this install lies there",
                file.path.display()
            ));
            continue;
        }
        match fate(recovery, file) {
            Ok(what) => changes.extend(what.map(|what| FileChange {
                path: file.path.clone(),
                what,
            })),
            Err(error) if is_not_ours(recovery, &file.path, &error) => {
                warnings.push(format!("{} stays as it is: {error}", file.path.display()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let live = services(host, &recovery.disk, install);
    for file in live.files {
        if context.services.iter().any(|kept| kept.path == file.path) {
            continue;
        }
        if install.service.as_ref() == Some(&file.path) {
            warnings.push(format!(
                "the definition of the service, {}, is newer than the snapshot, and stays",
                file.path.display()
            ));
        } else if !context.services.is_empty() {
            changes.push(FileChange {
                path: file.path,
                what: FileFate::Removed,
            });
        }
    }
    changes.retain(|change| is_writable(recovery, &change.path, warnings));
    if changes.iter().any(|change| is_of_systemd(&change.path)) {
        warnings.push(
            "the definition of the service changes: run `systemctl --user daemon-reload` afterwards \
             (`systemctl daemon-reload` for a system unit)"
                .to_owned(),
        );
    }
    Ok(changes)
}

/// Whether what lies there is a link, no file at all, or nothing that this account may read.
fn is_not_ours(recovery: &Recovery, path: &Path, error: &HostError) -> bool {
    let meta = recovery.host.metadata(path, Links::Refuse);
    error.kind() == std::io::ErrorKind::PermissionDenied
        || meta.is_ok_and(|meta| meta.kind != EntryKind::File)
}

fn fate(recovery: &Recovery, file: &KeptFile) -> Result<Option<FileFate>, HostError> {
    Ok(match KeptFile::read(&recovery.disk, &file.path)? {
        None => Some(FileFate::Added),
        Some(live) if live == *file => None,
        Some(_) => Some(FileFate::Changed),
    })
}

/// Whether it can be written, as far as can be known before.
fn is_writable(recovery: &Recovery, path: &Path, warnings: &mut Vec<String>) -> bool {
    let host = recovery.host.as_ref();
    let exists = |directory: &&Path| host.metadata(directory, Links::Follow).is_ok();
    let nearest = split(path).0.ancestors().find(exists);
    let writable = nearest.is_some_and(|directory| host.is_writable(directory));
    if !writable {
        warnings.push(format!(
            "{} differs, and stays as it is: this account may not write it",
            path.display()
        ));
    }
    writable
}

fn is_of_systemd(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "service" || ending == "conf")
}

/// Makes a file what the snapshot has of it: written, or removed if it has nothing.
pub(super) fn put_back(
    recovery: &Recovery,
    context: &Context,
    path: &Path,
) -> Result<(), RecoveryError> {
    let mut kept = context.services.iter().chain(&context.config);
    match kept.find(|file| file.path == path) {
        Some(file) => file.write(recovery.host.as_ref(), &recovery.disk)?,
        None => recovery.host.remove_file(path)?,
    }
    Ok(())
}
