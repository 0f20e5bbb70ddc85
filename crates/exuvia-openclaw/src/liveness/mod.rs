//! Whether OpenClaw runs on a state directory.
//!
//! A gateway leaves `tmp/openclaw-<uid>/gateway.state.lock` and one more beside it for its config,
//! each a small JSON document, and holds `<lock>.sqlite` exclusively for as long as it lives
//! (`src/infra/gateway-lock.ts` of OpenClaw 2026.9.5; so do `openclaw agent --local` and
//! `openclaw doctor --fix`). Whatever uses the state has `state/openclaw.sqlite` open too, and
//! SQLite keeps a lock on it as long. The kernel knows who holds these, whatever namespace they
//! live in, and forgets it when they die: so a lock that is held is proof, and a lock file that
//! merely lies there is none. Rows of `state_leases` outlive their process, and prove nothing.

mod claim;
mod kernel;

use std::path::{Path, PathBuf};

use exuvia_host::disk::{Disk, File, Records};
use exuvia_host::process::Processes;
use exuvia_host::{Host, HostError};

use crate::Install;
use crate::database::state_database;
use crate::label::shown_path;
use claim::Claim;

/// Whether OpenClaw uses an install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Liveness {
    /// A process does.
    Running {
        /// Its number; in the namespace of the gateway, where that is another than ours.
        pid: u32,
        /// The port that the gateway listens on; none for another command of OpenClaw.
        port: Option<u16>,
    },
    /// Nobody does.
    Stopped,
    /// It cannot be told.
    Unknown {
        /// Why not, and how to make sure.
        why: String,
    },
}

/// Looks whether OpenClaw uses this install. Only looks: no lock is taken, nobody is kept waiting.
pub fn look(host: &dyn Host, install: &Install) -> Liveness {
    look_at(host, &install.state_dir)
}

/// The same for a state directory.
pub fn look_at(host: &dyn Host, state_dir: &Path) -> Liveness {
    decide(host, state_dir).unwrap_or_else(|error| Liveness::Unknown {
        why: format!("{error}; make it readable, and try again"),
    })
}

/// Keeps a gateway from starting on a state directory until it is dropped: it waits for its lock
/// then, for some seconds.
#[derive(Debug)]
pub struct Stillness {
    _locks: Vec<File>,
}

/// Takes the locks that a gateway takes when it starts. `None` when somebody was faster.
///
/// Ask [`look_at`] first: from here on it sees these locks.
pub fn keep_still(
    host: &dyn Host,
    disk: &Disk,
    state_dir: &Path,
) -> Result<Option<Stillness>, HostError> {
    let mut locks = Vec::new();
    for lock in claim::lock_databases(host, state_dir)? {
        let Some(file) = open(disk, &lock, Mode::Lock)? else {
            continue;
        };
        if !file.try_lock_records()? {
            return Ok(None);
        }
        locks.push(file);
    }
    Ok(Some(Stillness { _locks: locks }))
}

fn decide(host: &dyn Host, state_dir: &Path) -> Result<Liveness, HostError> {
    let disk = Disk::new();
    let claims = claim::all(host, state_dir)?;
    let mut tested = false;
    let locks = claims.iter().map(|claim| (claim.database(), Some(claim)));
    for (path, claim) in locks.chain([(state_database(state_dir), None)]) {
        let Some(file) = open(&disk, &path, Mode::Look)? else {
            continue;
        };
        tested = true;
        let holder = match file.records()? {
            Records::Free => continue,
            Records::HeldBy(pid) => Some(pid),
            Records::Held => None,
        };
        return Ok(held(&path, holder, claim.or(claims.first())));
    }
    let processes = Processes::new();
    for claim in claims.iter().filter(|claim| claim.names_a_process()) {
        if let Some(pid) = claim.living(&processes) {
            return Ok(Liveness::Running {
                pid,
                port: claim.port(),
            });
        }
        let doubt = if tested {
            kernel::doubt(host, state_dir, claim)
        } else {
            Some("there is no lock to look at".to_owned())
        };
        if let Some(doubt) = doubt {
            return Ok(unsure(claim, &doubt));
        }
    }
    Ok(Liveness::Stopped)
}

fn held(path: &Path, holder: Option<u32>, claim: Option<&Claim>) -> Liveness {
    let pid = holder.or_else(|| claim.and_then(Claim::pid));
    match pid {
        Some(pid) => Liveness::Running {
            pid,
            port: claim.and_then(Claim::port),
        },
        None => Liveness::Unknown {
            why: format!(
                "{} is locked by a process that cannot be seen from here; stop every OpenClaw that \
                 uses it, containers among them",
                shown_path(path)
            ),
        },
    }
}

fn unsure(claim: &Claim, doubt: &str) -> Liveness {
    let path = shown_path(claim.path());
    Liveness::Unknown {
        why: format!(
            "{path} names a gateway that cannot be seen from here: {doubt}; stop it where it runs, \
             and if you know that none does, remove {path}"
        ),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Look,
    Lock,
}

/// A file beneath, unless it is not there.
fn open(disk: &Disk, path: &Path, mode: Mode) -> Result<Option<File>, HostError> {
    let parent = path.parent().map(PathBuf::from).unwrap_or_default();
    let name = path.file_name().unwrap_or_default();
    let opened = disk.open_dir(&parent).and_then(|dir| match mode {
        Mode::Look => dir.open_file(name),
        Mode::Lock => dir.open_to_lock(name),
    });
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
mod tests;
