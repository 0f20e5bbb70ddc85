//! What a keeper must not forget: which process its gateway is.
//!
//! The mark that a gateway will be found by is written down before it is started, and the process
//! itself after. Whoever dies in between leaves a gateway that the next keeper finds by its mark.

use std::fmt;
use std::path::Path;

use exuvia_host::disk::Holder;
use exuvia_host::process::Processes;
use exuvia_host::{Host, HostError, Links, read_optional};
use serde::{Deserialize, Serialize};

/// The variable in a gateway's environment that says which start it came from.
pub(crate) const MARK: &str = "EXUVIA_KEPT";
const MAX_BYTES: u64 = 64 * 1024;

/// The last gateway that was started, or is about to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// Counts starts.
    pub(super) generation: u64,
    /// What marks everything that the last start brought about.
    pub(super) mark: String,
    /// The gateway's process, once it is known: [`Holder`]'s own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
    /// The exit code of its end, where the keeper ended with it: starting it again cannot help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gave_up: Option<i32>,
}

/// The end of a gateway after which its keeper gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GivenUp {
    /// Which start it was, counted by the keepers.
    pub(crate) generation: u64,
    /// The gateway's exit code.
    pub(crate) code: i32,
}

/// How the last gateway ended, if its keeper gave up on it.
pub(crate) fn given_up(host: &dyn Host, record: &Path) -> Option<GivenUp> {
    // What cannot be read says nothing: it only makes an error clearer.
    let record = Record::read(host, record).ok()?;
    let code = record.gave_up?;
    let generation = record.generation;
    Some(GivenUp { generation, code })
}

/// The gateway that a keeper started last, if it still runs, whether or not that keeper does.
pub(crate) fn kept(host: &dyn Host, record: &Path, processes: &Processes) -> Option<Holder> {
    Record::read(host, record).ok()?.find(processes)
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it ended with exit code {}: its configuration cannot work, so its keeper ended too",
            self.code
        )
    }
}

impl Record {
    /// Reads it; one that is not there or cannot be read is as good as none: the mark is only
    /// needed in the moments after a start.
    pub(super) fn read(host: &dyn Host, path: &Path) -> Result<Self, HostError> {
        let bytes = read_optional(host, path, MAX_BYTES, Links::Refuse)?;
        Ok(bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default())
    }

    /// The next start, of which nothing has happened yet.
    pub(super) fn next(&self, unique: &str) -> Self {
        let generation = self.generation + 1;
        Self {
            generation,
            mark: format!("{generation}-{unique}"),
            gateway: None,
            gave_up: None,
        }
    }

    pub(super) fn with_end(mut self, code: i32) -> Self {
        self.gave_up = Some(code);
        self
    }

    pub(super) fn with_gateway(mut self, gateway: &Holder) -> Self {
        self.gateway = Some(gateway.to_string());
        self
    }

    /// Writes it, durably.
    pub(super) fn write(&self, host: &dyn Host, path: &Path) -> Result<(), HostError> {
        let json = serde_json::to_vec(self)
            .map_err(|error| HostError::new("write", path, error.into()))?;
        host.write_atomic(path, &json, 0o600)
    }

    /// The gateway that the last start brought about, if it still runs. What it started in turn
    /// has the mark too; the gateway leads the session that [`Processes::spawn`] gave it, and is
    /// older than any session begun below it.
    pub(super) fn find(&self, processes: &Processes) -> Option<Holder> {
        let known = self.gateway.as_deref().and_then(Holder::parse);
        match known {
            Some(known) => processes.see(&known).map(|seen| seen.id),
            None if self.mark.is_empty() => None,
            None => processes
                .with_variable(MARK, &self.mark)
                .into_iter()
                .find(|seen| seen.session == seen.id.pid)
                .map(|seen| seen.id),
        }
    }
}
