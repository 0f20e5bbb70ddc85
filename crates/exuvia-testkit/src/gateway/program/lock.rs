//! The state lock of a running gateway (`src/infra/gateway-lock.ts`): a file that says who runs,
//! and beside it a database that is held exclusively for as long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use super::home::Home;
use crate::gateway::time;

/// Held until it is dropped; then both are let go, and the file is removed.
#[derive(Debug)]
pub(super) struct Lock {
    file: PathBuf,
    _held: Connection,
}

impl Lock {
    /// Waits for the gateway that has it, as long as the real one does.
    pub(super) fn take(home: &Home) -> Option<Self> {
        Self::within(home, Duration::from_mins(5))
    }

    /// Takes it if no gateway has it.
    pub(super) fn try_take(home: &Home) -> Option<Self> {
        Self::within(home, Duration::ZERO)
    }

    fn within(home: &Home, patience: Duration) -> Option<Self> {
        let user = rustix::process::getuid().as_raw();
        let dir = home.state_dir.join(format!("tmp/openclaw-{user}"));
        std::fs::create_dir_all(&dir).expect("a directory for the lock");
        let held = Connection::open(dir.join("gateway.state.lock.sqlite")).expect("the lock");
        held.busy_timeout(patience).expect("a time out");
        held.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
            .ok()?;
        Some(Self {
            file: dir.join("gateway.state.lock"),
            _held: held,
        })
    }

    /// Writes who runs.
    pub(super) fn publish(&self, home: &Home, port: u16) {
        let state_dir = home.state_dir.canonicalize();
        let content = json!({
            "pid": std::process::id(),
            "ownerId": time::id(),
            "cronOwnerProjection": "dynamic-default-v1",
            "createdAt": format!("{:.3}", jiff::Timestamp::now()),
            "configPath": home.config_path,
            "stateDir": state_dir.unwrap_or_else(|_| home.state_dir.clone()),
            "port": port,
            "startTime": start_time(),
        });
        let written = self.file.with_extension("lock.new");
        std::fs::write(&written, content.to_string()).expect("the lock file");
        std::fs::rename(&written, &self.file).expect("the lock file");
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It is gone already where a test took it away.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// The start of this process in clock ticks since the boot: field 22 of `/proc/self/stat`.
fn start_time() -> Option<u64> {
    let stat = std::fs::read_to_string(Path::new("/proc/self/stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    after.split_whitespace().nth(19)?.parse().ok()
}
