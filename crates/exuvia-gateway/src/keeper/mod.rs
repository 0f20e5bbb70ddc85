//! Exuvia's own supervisor: `exuvia gateway run`.
//!
//! A keeper keeps one gateway of one install alive. What it does when is
//! [`exuvia_model::supervision`]; this is its driver. The gateway is a process of its own session
//! whose output goes to a file, so that it outlives a keeper that is killed. The next keeper finds
//! it again by what was written down and goes on with it; two keepers of one install cannot be.
//!
//! It speaks OpenClaw's `openclaw.gateway.restart-handoff`, version 1 (`docs/cli/gateway/
//! restart-and-supervision.md` of 2026.9.5), with `OPENCLAW_SUPERVISOR_MODE=external`.

mod control;
mod gateway;
mod handoff;
mod log;
mod notice;
mod record;
mod run;
mod signals;
mod waiting;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Home, HostError};
use exuvia_model::supervision::{IllegalTransition, Terms};
use exuvia_openclaw::{CannotInvoke, Install};

pub use control::{Asked, Client, Told};
pub use notice::Notice;
pub(crate) use record::MARK;
pub(crate) use record::{GivenUp, given_up, kept};
pub use run::Keeper;

/// How a keeper keeps its gateway.
#[derive(Debug, Clone)]
pub struct KeeperOptions {
    /// What is given to `openclaw gateway run`.
    pub arguments: Vec<OsString>,
    /// How long a gateway may take to stop.
    pub terms: Terms,
    /// How long a gateway must have run to count as one that was up: when it ends in order after
    /// that, another one is started at once.
    pub up_after: Duration,
    /// Bytes of memory above which the gateway is restarted.
    pub max_resident: Option<u64>,
    /// How often its memory and the size of its log are looked at.
    pub look_every: Duration,
    /// Bytes above which the log is rotated.
    pub max_log: u64,
    /// How many rotated logs are kept.
    pub kept_logs: u32,
}

impl Default for KeeperOptions {
    fn default() -> Self {
        Self {
            arguments: Vec::new(),
            terms: Terms::default(),
            up_after: Duration::from_secs(10),
            max_resident: None,
            look_every: Duration::from_secs(10),
            max_log: 16 * 1024 * 1024,
            kept_logs: 5,
        }
    }
}

/// Why a keeper does not keep.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// Somebody else does already.
    #[error(
        "another `exuvia gateway run` keeps this install's gateway already; see `exuvia status`"
    )]
    Kept,
    /// OpenClaw cannot be run at all.
    #[error(transparent)]
    CannotInvoke(#[from] CannotInvoke),
    /// The machine refused.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals: {0}")]
    Signals(std::io::Error),
    /// The keeper has lost count of its gateways.
    #[error("this is a defect of Exuvia, please report it: {0}")]
    Illegal(#[from] IllegalTransition),
    /// The socket by which others talk to the keeper cannot be made or used.
    #[error("cannot use the socket {}: {source}", .path.display())]
    Socket {
        /// Where it is.
        path: PathBuf,
        /// The machine's answer.
        source: std::io::Error,
    },
    /// The keeper answered something that is no answer.
    #[error("the keeper at {} gave no answer that is understood: {why}", .path.display())]
    Garbled {
        /// Where its socket is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Where a keeper of an install keeps its things, all below `$EXUVIA_HOME`.
#[derive(Debug, Clone)]
pub struct Places {
    dir: PathBuf,
    log: PathBuf,
}

impl Places {
    /// The places of one install.
    pub fn of(home: &Home, install: &Install) -> Self {
        let id = install.id();
        Self {
            log: home.logs().join(format!("gateway-{id}.log")),
            dir: home.install(&id),
        }
    }

    /// The file that is locked as long as a keeper runs.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("keeper.lock")
    }

    /// What the keeper knows of its gateway.
    pub fn record(&self) -> PathBuf {
        self.dir.join("keeper.json")
    }

    /// Where the keeper is spoken to.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("keeper.sock")
    }

    /// What the gateway prints.
    pub fn log(&self) -> &Path {
        &self.log
    }

    fn dir(&self) -> &Path {
        &self.dir
    }

    fn logs(&self) -> &Path {
        self.log.parent().unwrap_or(&self.dir)
    }
}
