//! The parts of an install's vitals.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::restart::ProcessIdentity;
use crate::{Digest, Revision, text};

/// How much of a reason is kept, in characters.
const MAX_WORDS: usize = 300;

/// A part that was read, or why it could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part<T> {
    /// It was read.
    Known(T),
    /// It could not be, because of this.
    Unknown(String),
}

impl<T> Part<T> {
    /// It could not be read. The reason is cleaned and cut.
    pub fn unknown(why: &str) -> Self {
        Self::Unknown(text::one_line(why, MAX_WORDS))
    }
}

/// The gateway that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningGateway {
    /// The version that the process says it is.
    pub version: Revision,
    /// Which process it is, where that can be told.
    pub process: Option<ProcessIdentity>,
}

/// One plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plugin {
    /// Its version, where it has one.
    pub version: Option<Revision>,
    /// Whether it works.
    pub status: PluginStatus,
}

/// Whether a plugin works. `plugins list` says `loaded` of one that throws at import; what
/// `plugins doctor` says has the last word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginStatus {
    /// It is loaded, and nothing is said against it.
    Loaded,
    /// It is switched off.
    Disabled,
    /// It does not work, because of this.
    Error(String),
    /// It could not be told, because of this.
    Unknown(String),
}

impl fmt::Display for PluginStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded => f.write_str("loaded"),
            Self::Disabled => f.write_str("disabled"),
            Self::Error(why) => write!(f, "error: {}", text::one_line(why, MAX_WORDS)),
            Self::Unknown(why) => write!(f, "not known: {}", text::one_line(why, MAX_WORDS)),
        }
    }
}

/// One skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Skill {
    /// Its version, where it has one.
    pub version: Option<Revision>,
    /// Whether agents get it: switched on, and everything it needs is there.
    pub usable: bool,
}

/// One cron job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CronJob {
    /// What people call it.
    pub name: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// When it runs.
    pub schedule: Schedule,
}

/// When a cron job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Schedule {
    /// Again and again.
    Recurring,
    /// Once, at that time (OpenClaw's `at`).
    Once {
        /// When.
        at: Timestamp,
    },
}

impl Schedule {
    /// Whether nothing of it is to come after that time.
    pub(super) fn is_over_by(self, time: Timestamp) -> bool {
        matches!(self, Self::Once { at } if at <= time)
    }
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id; a key gets another one when its session is begun anew.
    pub id: String,
    /// How many entries its transcript has, where that can be told.
    pub entries: Option<u64>,
    /// Whether it is archived.
    pub archived: bool,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it is connected, where that can be told.
    pub connected: Option<bool>,
}

/// The config, without its values: those may be secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigVitals {
    /// Of the file.
    pub digest: Digest,
    /// The paths of its keys, such as `channels.telegram.enabled`.
    pub keys: BTreeSet<String>,
}
