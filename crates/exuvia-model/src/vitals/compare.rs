//! What counts as a loss.
//!
//! | Part | A loss | Not a loss |
//! |---|---|---|
//! | gateway | none runs any more | another version or process |
//! | plugin, skill | gone; worked and does not any more, switched off included | another version |
//! | cron job | gone, or switched off | a one-shot whose time has come: it ran |
//! | session | gone; same id with fewer entries | archived; begun anew under its key; a run of a cron job |
//! | channel | gone, switched off, or not connected any more | |
//! | config | a key is gone | another digest |
//! | agent | gone | |
//!
//! OpenClaw itself deletes or disables a one-shot cron job that ran, and prunes the sessions of
//! finished cron runs (keys `…cron:…:run:…`) after a day by default
//! (its `automation/cron-jobs/how-it-works` and `gateway/config-automation`).
//!
//! What was unknown on either side is unknown, and so is a single fact that was known before and is
//! not any more.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Aspect, Channel, Comparison, ConfigVitals, CronJob, Part, Plugin, PluginStatus, RunningGateway,
    Session, Skill, Vitals,
};
use crate::Revision;

impl Vitals {
    /// What became of an install between two of its vitals.
    #[must_use]
    pub fn compare(before: &Self, after: &Self) -> Comparison {
        let mut into = Comparison::default();
        if let Some((before, after)) =
            both(&mut into, Aspect::Gateway, &before.gateway, &after.gateway)
        {
            gateway(&mut into, before.as_ref(), after.as_ref());
        }
        if let Some((before, after)) = both(&mut into, Aspect::Agent, &before.agents, &after.agents)
        {
            names(&mut into, Aspect::Agent, before, after);
        }
        let at = after.taken_at;
        things(&mut into, &before.plugins, &after.plugins, at);
        things(&mut into, &before.skills, &after.skills, at);
        things(&mut into, &before.cron, &after.cron, at);
        things(&mut into, &before.sessions, &after.sessions, at);
        things(&mut into, &before.channels, &after.channels, at);
        if let Some((before, after)) =
            both(&mut into, Aspect::Config, &before.config, &after.config)
        {
            config(&mut into, before, after);
        }
        into
    }
}

/// Both sides, where both are known; if one is not, that is said.
fn both<'a, T>(
    into: &mut Comparison,
    aspect: Aspect,
    before: &'a Part<T>,
    after: &'a Part<T>,
) -> Option<(&'a T, &'a T)> {
    match (before, after) {
        (Part::Known(before), Part::Known(after)) => return Some((before, after)),
        (_, Part::Unknown(why)) => into.doubt(aspect, "", &format!("not known now: {why}")),
        (Part::Unknown(why), _) => into.doubt(aspect, "", &format!("not known before: {why}")),
    }
    None
}

/// One of many things of a kind.
trait Thing {
    /// Of which kind.
    const ASPECT: Aspect;

    /// What became of one that is there both times.
    fn compare(&self, after: &Self, name: &str, at: Timestamp, into: &mut Comparison);

    /// Why it is no loss that it is gone, if it is none.
    fn may_be_gone(&self, _name: &str, _at: Timestamp) -> Option<&'static str> {
        None
    }
}

fn things<K: Ord + Borrow<str>, T: Thing>(
    into: &mut Comparison,
    before: &Part<BTreeMap<K, T>>,
    after: &Part<BTreeMap<K, T>>,
    at: Timestamp,
) {
    let Some((before, after)) = both(into, T::ASPECT, before, after) else {
        return;
    };
    for (key, thing) in before {
        let name: &str = key.borrow();
        match (after.get(name), thing.may_be_gone(name, at)) {
            (Some(after), _) => thing.compare(after, name, at, into),
            (None, None) => into.lose(T::ASPECT, name, "gone"),
            (None, Some(why)) => into.change(T::ASPECT, name, &format!("gone: {why}")),
        }
    }
    for name in after.keys().map(Borrow::borrow) {
        if !before.contains_key::<str>(name) {
            into.gain(T::ASPECT, name, "new");
        }
    }
}

fn names(
    into: &mut Comparison,
    aspect: Aspect,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) {
    for gone in before.difference(after) {
        into.lose(aspect, gone, "gone");
    }
    for new in after.difference(before) {
        into.gain(aspect, new, "new");
    }
}

fn gateway(into: &mut Comparison, before: Option<&RunningGateway>, after: Option<&RunningGateway>) {
    match (before, after) {
        (None, None) => {}
        (Some(before), None) => {
            let what = format!("{} ran, and nothing runs now", before.version);
            into.lose(Aspect::Gateway, "", &what);
        }
        (None, Some(after)) => into.gain(Aspect::Gateway, "", &format!("{} runs", after.version)),
        (Some(before), Some(after)) => {
            let versions = (Some(&before.version), Some(&after.version));
            version(into, Aspect::Gateway, "", versions);
        }
    }
}

fn config(into: &mut Comparison, before: &ConfigVitals, after: &ConfigVitals) {
    names(into, Aspect::Config, &before.keys, &after.keys);
    if before.digest != after.digest {
        into.change(Aspect::Config, "", "the file is another");
    }
}

/// Another version is a change, not a loss: whether it is the right one, a probe asks.
fn version(
    into: &mut Comparison,
    aspect: Aspect,
    name: &str,
    (before, after): (Option<&Revision>, Option<&Revision>),
) {
    let short = |revision: Option<&Revision>| {
        revision.map_or_else(|| "no version".to_owned(), Revision::short)
    };
    if before != after {
        let what = format!("{} → {}", short(before), short(after));
        into.change(aspect, name, &what);
    }
}

impl Thing for Plugin {
    const ASPECT: Aspect = Aspect::Plugin;

    fn compare(&self, after: &Self, name: &str, _: Timestamp, into: &mut Comparison) {
        use PluginStatus::{Loaded, Unknown};
        let versions = (self.version.as_ref(), after.version.as_ref());
        version(into, Self::ASPECT, name, versions);
        let what = format!("{} → {}", self.status, after.status);
        match (&self.status, &after.status) {
            (before, after) if before == after && !matches!(after, Unknown(_)) => {}
            (_, Unknown(_)) | (Unknown(_), _) => into.doubt(Self::ASPECT, name, &what),
            (Loaded, _) => into.lose(Self::ASPECT, name, &what),
            (_, Loaded) => into.gain(Self::ASPECT, name, &what),
            _ => into.change(Self::ASPECT, name, &what),
        }
    }
}

impl Thing for Skill {
    const ASPECT: Aspect = Aspect::Skill;

    fn compare(&self, after: &Self, name: &str, _: Timestamp, into: &mut Comparison) {
        let versions = (self.version.as_ref(), after.version.as_ref());
        version(into, Self::ASPECT, name, versions);
        match (self.usable, after.usable) {
            (true, false) => into.lose(Self::ASPECT, name, "agents do not get it any more"),
            (false, true) => into.gain(Self::ASPECT, name, "agents get it now"),
            _ => {}
        }
    }
}

impl Thing for CronJob {
    const ASPECT: Aspect = Aspect::CronJob;

    fn compare(&self, after: &Self, id: &str, at: Timestamp, into: &mut Comparison) {
        let subject = format!("{id} ({})", self.name);
        match (self.enabled, after.enabled) {
            (true, false) if self.schedule.is_over_by(at) => {
                into.change(Self::ASPECT, &subject, "switched off: its time had come");
            }
            (true, false) => into.lose(Self::ASPECT, &subject, "switched off"),
            (false, true) => into.gain(Self::ASPECT, &subject, "switched on"),
            _ => {}
        }
        if self.schedule != after.schedule || self.name != after.name {
            into.change(
                Self::ASPECT,
                &subject,
                "its name or its schedule is another",
            );
        }
    }

    fn may_be_gone(&self, _: &str, at: Timestamp) -> Option<&'static str> {
        let over = self.schedule.is_over_by(at);
        over.then_some("it was to run once, and its time had come")
    }
}

impl Thing for Session {
    const ASPECT: Aspect = Aspect::Session;

    fn compare(&self, after: &Self, key: &str, _: Timestamp, into: &mut Comparison) {
        if self.archived != after.archived {
            let what = if after.archived {
                "archived"
            } else {
                "taken out of the archive"
            };
            into.change(Self::ASPECT, key, what);
        }
        if self.id != after.id {
            into.change(Self::ASPECT, key, "begun anew");
            return;
        }
        match (self.entries, after.entries) {
            (Some(before), Some(after)) if after < before => {
                let what = format!("{before} entries before, {after} now");
                into.lose(Self::ASPECT, key, &what);
            }
            (Some(_), None) => {
                into.doubt(
                    Self::ASPECT,
                    key,
                    "how many entries it has is not known now",
                );
            }
            _ => {}
        }
    }

    fn may_be_gone(&self, key: &str, _: Timestamp) -> Option<&'static str> {
        let run = key
            .split_once("cron:")
            .is_some_and(|(_, job)| job.contains(":run:"));
        run.then_some("it was a run of a cron job, which OpenClaw prunes")
    }
}

impl Thing for Channel {
    const ASPECT: Aspect = Aspect::Channel;

    fn compare(&self, after: &Self, name: &str, _: Timestamp, into: &mut Comparison) {
        match (self.enabled, after.enabled) {
            (true, false) => return into.lose(Self::ASPECT, name, "switched off"),
            (false, true) => return into.gain(Self::ASPECT, name, "switched on"),
            (false, false) => return,
            (true, true) => {}
        }
        match (self.connected, after.connected) {
            (Some(true), Some(false)) => into.lose(Self::ASPECT, name, "not connected any more"),
            (Some(false), Some(true)) => into.gain(Self::ASPECT, name, "connected"),
            (Some(true), None) => {
                into.doubt(
                    Self::ASPECT,
                    name,
                    "whether it is connected is not known now",
                );
            }
            _ => {}
        }
    }
}
