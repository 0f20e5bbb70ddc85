//! Vitals: what a healthy install looks like from outside, and what it has lost since.
//!
//! They are taken before and after whatever could do harm. OpenClaw answers all its health probes
//! after a restore that lost a plugin and put another back at another version, so what was there
//! has to be counted: [`Vitals::compare`] names every loss. What could not be read afterwards is
//! *unknown*, never "nothing lost".

mod compare;
mod comparison;
mod parts;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use comparison::{Aspect, Comparison, Difference, Unknown};
pub use parts::{
    Channel, ConfigVitals, CronJob, Part, Plugin, PluginStatus, RunningGateway, Schedule, Session,
    Skill,
};

use std::collections::{BTreeMap, BTreeSet};

use crate::restart::SessionKey;

/// What an install looks like from outside, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vitals {
    /// Version of this shape: 1.
    pub version: u32,
    /// When they were taken.
    pub taken_at: Timestamp,
    /// The gateway that runs; known to be `None` when none does.
    pub gateway: Part<Option<RunningGateway>>,
    /// Plugins, by id.
    pub plugins: Part<BTreeMap<String, Plugin>>,
    /// Skills, by name.
    pub skills: Part<BTreeMap<String, Skill>>,
    /// Cron jobs, by id.
    pub cron: Part<BTreeMap<String, CronJob>>,
    /// Sessions, by key.
    pub sessions: Part<BTreeMap<SessionKey, Session>>,
    /// Channels, by name.
    pub channels: Part<BTreeMap<String, Channel>>,
    /// The config.
    pub config: Part<ConfigVitals>,
    /// Agents, by id.
    pub agents: Part<BTreeSet<String>>,
}

impl Vitals {
    /// Vitals of which nothing is known, because of this.
    pub fn unknown(taken_at: Timestamp, why: &str) -> Self {
        Self {
            version: 1,
            taken_at,
            gateway: Part::unknown(why),
            plugins: Part::unknown(why),
            skills: Part::unknown(why),
            cron: Part::unknown(why),
            sessions: Part::unknown(why),
            channels: Part::unknown(why),
            config: Part::unknown(why),
            agents: Part::unknown(why),
        }
    }
}
