//! Whether anybody can restart a gateway, asked before anything is changed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text;

/// How much of a name or a reason is shown, in characters.
const MAX_WORDS: usize = 300;

/// What keeps a gateway running.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Supervisor {
    /// A unit of the user's systemd.
    SystemdUser {
        /// Its name.
        unit: String,
    },
    /// A unit of the system's systemd.
    SystemdSystem {
        /// Its name.
        unit: String,
    },
    /// An agent of launchd.
    Launchd {
        /// Its label.
        label: String,
    },
    /// A container's own engine.
    Container {
        /// The engine.
        engine: String,
        /// The container.
        container: String,
    },
    /// `exuvia gateway run`.
    Exuvia,
}

impl fmt::Display for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean = |name: &str| text::one_line(name, MAX_WORDS);
        match self {
            Self::SystemdUser { unit } => write!(f, "systemd (user unit {})", clean(unit)),
            Self::SystemdSystem { unit } => write!(f, "systemd (system unit {})", clean(unit)),
            Self::Launchd { label } => write!(f, "launchd ({})", clean(label)),
            Self::Container { engine, container } => {
                write!(f, "{} (container {})", clean(engine), clean(container))
            }
            Self::Exuvia => f.write_str("exuvia gateway run"),
        }
    }
}

/// Whether anybody can restart the gateway of an install.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Restartability {
    /// Yes.
    By {
        /// Who.
        supervisor: Supervisor,
    },
    /// Nobody: once it ends it stays down.
    Nobody {
        /// Why not.
        why: String,
        /// The command that would change that.
        remedy: String,
    },
    /// It could not be told.
    Unknown {
        /// Why not.
        why: String,
        /// What to do to find out.
        remedy: String,
    },
}

/// Nothing is changed in an install whose gateway might stay down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotRestart {
    /// Nobody can.
    #[error(
        "nobody can restart this gateway: {why}; nothing was changed. To change that: {remedy}"
    )]
    Nobody {
        /// Why not.
        why: String,
        /// The command that would change that.
        remedy: String,
    },
    /// It could not be told.
    #[error(
        "whether anybody can restart this gateway could not be told: {why}; nothing was changed. \
         To find out: {remedy}"
    )]
    Unknown {
        /// Why not.
        why: String,
        /// What to do to find out.
        remedy: String,
    },
}

impl Restartability {
    /// Who restarts it. Unknown is not yes.
    pub fn supervisor(&self) -> Result<&Supervisor, CannotRestart> {
        let clean = |words: &str| text::one_line(words, MAX_WORDS);
        match self {
            Self::By { supervisor } => Ok(supervisor),
            Self::Nobody { why, remedy } => Err(CannotRestart::Nobody {
                why: clean(why),
                remedy: clean(remedy),
            }),
            Self::Unknown { why, remedy } => Err(CannotRestart::Unknown {
                why: clean(why),
                remedy: clean(remedy),
            }),
        }
    }
}

impl fmt::Display for Restartability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.supervisor() {
            Ok(supervisor) => write!(f, "{supervisor} can restart it"),
            Err(refusal) => refusal.fmt(f),
        }
    }
}
