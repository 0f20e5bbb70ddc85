//! What restarts keep on disk.

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Home, Host, HostError, Links, read_optional};
use exuvia_model::restart::{Request, RequestId, State};
use exuvia_model::sentinel::Sentinel;
use exuvia_openclaw::Install;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RestartError;

/// The largest file that is read; a state with all the requests that it may hold has 200 KB.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Of anything of ours.
const PRIVATE: u32 = 0o600;
const ENDING: &str = ".json";

/// Where restarts of one install keep their things.
#[derive(Debug, Clone)]
pub(super) struct Places {
    dir: PathBuf,
}

impl Places {
    pub(super) fn of(home: &Home, install: &Install) -> Self {
        Self {
            dir: home.install(&install.id()),
        }
    }

    /// Makes the directories.
    pub(super) fn prepare(&self, host: &dyn Host) -> Result<(), HostError> {
        for dir in [self.sentinel_dir(), self.inbox_dir()] {
            host.create_private_dir(&dir)?;
        }
        Ok(())
    }

    pub(super) fn driver_lock(&self) -> PathBuf {
        self.dir.join("restart.lock")
    }

    pub(super) fn asking_lock(&self) -> PathBuf {
        self.dir.join("asking.lock")
    }

    pub(super) fn overseer(&self) -> PathBuf {
        self.dir.join("overseer.json")
    }

    pub(super) fn hooks(&self) -> PathBuf {
        self.dir.join("hooks.json")
    }

    fn state_file(&self) -> PathBuf {
        self.dir.join("restart.json")
    }

    fn sentinel_dir(&self) -> PathBuf {
        self.dir.join("sentinels")
    }

    fn inbox_dir(&self) -> PathBuf {
        self.dir.join("inbox")
    }

    pub(super) fn state(&self, host: &dyn Host) -> Result<Option<State>, RestartError> {
        read(host, &self.state_file())
    }

    pub(super) fn write_state(&self, host: &dyn Host, state: &State) -> Result<(), RestartError> {
        write(host, &self.state_file(), state)
    }

    pub(super) fn sentinel(
        &self,
        host: &dyn Host,
        run: &RequestId,
    ) -> Result<Option<Sentinel>, RestartError> {
        read(host, &file(&self.sentinel_dir(), run))
    }

    pub(super) fn write_sentinel(
        &self,
        host: &dyn Host,
        sentinel: &Sentinel,
    ) -> Result<(), RestartError> {
        write(host, &file(&self.sentinel_dir(), &sentinel.run), sentinel)
    }

    pub(super) fn sentinels(&self, host: &dyn Host) -> Result<Vec<Sentinel>, RestartError> {
        let runs = runs(host, &self.sentinel_dir())?;
        let read = runs.iter().map(|run| self.sentinel(host, run));
        read.filter_map(Result::transpose).collect()
    }

    /// The names of the requests that nobody has taken.
    pub(super) fn inbox(&self, host: &dyn Host) -> Result<Vec<RequestId>, RestartError> {
        Ok(runs(host, &self.inbox_dir())?)
    }

    pub(super) fn request(
        &self,
        host: &dyn Host,
        run: &RequestId,
    ) -> Result<Option<Request>, RestartError> {
        read(host, &file(&self.inbox_dir(), run))
    }

    pub(super) fn put_request(&self, host: &dyn Host, asked: &Request) -> Result<(), RestartError> {
        write(host, &file(&self.inbox_dir(), &asked.id), asked)
    }

    pub(super) fn drop_request(&self, host: &dyn Host, run: &RequestId) -> Result<(), HostError> {
        host.remove_file(&file(&self.inbox_dir(), run))
    }
}

fn file(dir: &Path, run: &RequestId) -> PathBuf {
    dir.join(format!("{run}{ENDING}"))
}

/// The requests that have a file in a directory. Whatever else lies there is none.
fn runs(host: &dyn Host, dir: &Path) -> Result<Vec<RequestId>, HostError> {
    let entries = match host.read_dir(dir) {
        Err(error) if error.is_not_found() => Vec::new(),
        other => other?,
    };
    let files = entries
        .into_iter()
        .filter(|(_, kind)| *kind == EntryKind::File);
    let run = |name: &str| name.strip_suffix(ENDING)?.parse().ok();
    Ok(files.filter_map(|(name, _)| run(name.to_str()?)).collect())
}

/// Reads a file of ours, if it is there.
pub(super) fn read<T: DeserializeOwned>(
    host: &dyn Host,
    path: &Path,
) -> Result<Option<T>, RestartError> {
    let Some(bytes) = read_optional(host, path, MAX_BYTES, Links::Refuse)? else {
        return Ok(None);
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| RestartError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

/// Writes one, durably.
pub(super) fn write(
    host: &dyn Host,
    path: &Path,
    what: &impl Serialize,
) -> Result<(), RestartError> {
    let json = serde_json::to_vec(what).map_err(|e| HostError::new("write", path, e.into()))?;
    Ok(host.write_atomic(path, &json, PRIVATE)?)
}
