//! What a gateway leaves to say that it runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exuvia_host::process::Processes;
use exuvia_host::{EntryKind, Host, HostError, Links, read_optional};
use jiff::Timestamp;
use serde::Deserialize;

/// Largest lock file that is read; the real ones have 400 bytes.
const MAX_BYTES: u64 = 64 * 1024;
const DATABASE: &str = ".sqlite";

/// A lock file, and what could be read of it.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    payload: Option<Payload>,
}

/// `LockPayloadSchema` in `src/infra/gateway-lock.ts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    pid: u32,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    port: Option<u16>,
    /// Ticks since the boot of the kernel that it runs on (field 22 of `/proc/<pid>/stat`).
    #[serde(default)]
    start_time: Option<u64>,
}

/// Every lock of a gateway: `tmp/openclaw-<uid>/gateway.*.lock`, also one of which only the
/// database is there.
pub(super) fn all(host: &dyn Host, state_dir: &Path) -> Result<Vec<Claim>, HostError> {
    let mut claims = Vec::new();
    for directory in lock_directories(host, state_dir)? {
        let names = entries(host, &directory)?;
        let locks: BTreeSet<String> = names
            .iter()
            .filter_map(|(name, _)| {
                let name = name.to_str()?;
                let lock = name.strip_suffix(DATABASE).unwrap_or(name);
                let inner = lock.strip_prefix("gateway.")?.strip_suffix(".lock");
                inner.map(|_| lock.to_owned())
            })
            .collect();
        for lock in locks {
            let path = directory.join(lock);
            let payload = payload(host, &path)?;
            claims.push(Claim { path, payload });
        }
    }
    Ok(claims)
}

/// The databases that gateways lock.
pub(super) fn lock_databases(host: &dyn Host, state_dir: &Path) -> Result<Vec<PathBuf>, HostError> {
    Ok(all(host, state_dir)?.iter().map(Claim::database).collect())
}

fn lock_directories(host: &dyn Host, state_dir: &Path) -> Result<Vec<PathBuf>, HostError> {
    let tmp = state_dir.join("tmp");
    let found = entries(host, &tmp)?.into_iter().filter(|(name, kind)| {
        *kind == EntryKind::Directory && name.as_encoded_bytes().starts_with(b"openclaw-")
    });
    Ok(found.map(|(name, _)| tmp.join(name)).collect())
}

fn entries(
    host: &dyn Host,
    directory: &Path,
) -> Result<Vec<(std::ffi::OsString, EntryKind)>, HostError> {
    match host.read_dir(directory) {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        other => other,
    }
}

/// What a lock file says; nothing where it says nothing that can be understood, as while it is
/// being written. White space follows the document.
fn payload(host: &dyn Host, path: &Path) -> Result<Option<Payload>, HostError> {
    let bytes = read_optional(host, path, MAX_BYTES, Links::Refuse)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

impl Claim {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the gateway holds exclusively while it lives.
    pub(super) fn database(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(DATABASE);
        path.into()
    }

    pub(super) fn names_a_process(&self) -> bool {
        self.payload.is_some()
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.payload.as_ref().map(|payload| payload.pid)
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.payload.as_ref().and_then(|payload| payload.port)
    }

    /// When it says that it was written, and when its process was started.
    pub(super) fn times(&self) -> Option<(Timestamp, u64)> {
        let payload = self.payload.as_ref()?;
        Some((payload.created_at?, payload.start_time?))
    }

    /// The process that it names, if that lives: the number alone may be somebody else's by now.
    pub(super) fn living(&self, processes: &Processes) -> Option<u32> {
        let payload = self.payload.as_ref()?;
        let seen = processes.find(payload.pid)?;
        let is_it = match payload.start_time {
            Some(started) => seen.id.started == started,
            None => seen
                .words
                .iter()
                .any(|word| word.to_string_lossy().contains("openclaw")),
        };
        is_it.then_some(payload.pid)
    }
}
