//! A gateway that is not there, but for the lock that it would hold.

use std::ffi::OsStr;
use std::path::Path;

use exuvia_host::disk::{Disk, File};
use serde_json::json;

/// What a running gateway leaves and holds (`src/infra/gateway-lock.ts` of OpenClaw 2026.9.5), for
/// as long as this lives. The lock belongs to the open file: other files of this process may be
/// read and closed meanwhile, which would drop one that belongs to the process.
#[derive(Debug)]
pub struct Occupied {
    _lock: File,
}

impl Occupied {
    /// Occupies a state directory, on this port.
    pub fn state_dir(state: &Path, port: u16) -> Self {
        let locks = state.join("tmp/openclaw-0");
        let failed = |what: &str| panic!("{what} in {}", locks.display());
        let claim = json!({
            "pid": std::process::id(),
            "ownerId": "64b8d629-efc6-471a-99c0-bd5742f56888",
            "createdAt": "2026-11-20T03:17:00.000Z",
            "configPath": state.join("openclaw.json"),
            "stateDir": state,
            "port": port,
        });
        let written = std::fs::create_dir_all(&locks)
            .and_then(|()| std::fs::write(locks.join("gateway.state.lock"), claim.to_string()))
            .and_then(|()| std::fs::write(locks.join("gateway.state.lock.sqlite"), ""));
        if written.is_err() {
            failed("no lock can be made");
        }
        let database = OsStr::new("gateway.state.lock.sqlite");
        let opened = Disk::new()
            .open_dir(&locks)
            .and_then(|dir| dir.open_to_lock(database));
        let lock = opened.unwrap_or_else(|error| panic!("{error}"));
        if !matches!(lock.try_lock_records(), Ok(true)) {
            failed("the lock cannot be had");
        }
        Self { _lock: lock }
    }
}
