//! The probes that every gateway is asked.
//!
//! None of them is enough. Seen on OpenClaw 2026.9.5 and 2026.9.6: with the package directory
//! removed under a live gateway all three HTTP probes answer 200; with a config that is no longer
//! valid readiness stays 200, and the next cold start exits with 78; a plugin that throws at import
//! is listed as loaded; a suspended gateway is healthy but not ready.

use super::{Need, Probe};
use crate::restart::Millis;

/// A probe that Exuvia brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Builtin {
    /// The process that holds the install's gateway lock is alive and not stopped.
    Process,
    /// `/readyz` answers 200 with a body of `ready: true` and nothing failing. The body counts:
    /// anything on that port can answer 200.
    Ready,
    /// `/startupz` names the version that is expected: the process, not the files.
    Version,
    /// The `status` RPC: it needs modules that are loaded late, so it fails when the package is
    /// gone.
    Status,
    /// The `sessions.list` RPC: it needs the databases.
    Sessions,
    /// `openclaw plugins doctor` exits with 0: the only thing that sees a plugin that throws.
    Plugins,
    /// `openclaw config validate` exits with 0: whether the next start will work.
    Config,
    /// Every channel that is switched on is connected. Wanted only: a channel's far end is not the
    /// install's doing.
    Channels,
}

impl Builtin {
    /// All of them, cheapest first.
    pub const ALL: [Self; 8] = [
        Self::Process,
        Self::Ready,
        Self::Version,
        Self::Status,
        Self::Sessions,
        Self::Channels,
        Self::Config,
        Self::Plugins,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Ready => "ready",
            Self::Version => "version",
            Self::Status => "status",
            Self::Sessions => "sessions",
            Self::Plugins => "plugins",
            Self::Config => "config",
            Self::Channels => "channels",
        }
    }

    /// Whether an install can do without.
    pub fn need(self) -> Need {
        match self {
            Self::Channels => Need::Wanted,
            _ => Need::Required,
        }
    }

    /// How long the answer may take. `openclaw` itself takes a second to start, and 20 were seen on
    /// a machine with ten other things to do at once; there, `plugins doctor`, which loads every
    /// plugin and elsewhere takes 8 to 60 s, took more than 90, and a gateway that had just started
    /// answered `/startupz` after 5.
    pub fn deadline(self) -> Millis {
        match self {
            Self::Process => Millis::from_secs(10),
            Self::Ready | Self::Version | Self::Status | Self::Sessions | Self::Channels => {
                Millis::from_secs(15)
            }
            Self::Config => Millis::from_secs(60),
            Self::Plugins => Millis::from_secs(240),
        }
    }

    /// As a probe.
    pub fn probe(self) -> Probe {
        Probe {
            name: self.name().into(),
            need: self.need(),
            deadline: self.deadline(),
        }
    }

    /// The gate: every probe that Exuvia brings along.
    pub fn gate() -> Vec<Probe> {
        Self::ALL.map(Self::probe).to_vec()
    }
}
