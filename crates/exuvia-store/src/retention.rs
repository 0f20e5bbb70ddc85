//! Which snapshots to keep: a pure rule.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::SnapshotId;

/// How many snapshots to keep, of which kind. A rule that is not set keeps nothing; if none of the
/// rules that keep is set, everything is kept that the limits allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// So many of the newest.
    pub keep_last: usize,
    /// The newest of each of so many hours that have one.
    pub keep_hourly: usize,
    /// The newest of each of so many days.
    pub keep_daily: usize,
    /// The newest of each of so many weeks, which begin on Monday.
    pub keep_weekly: usize,
    /// Everything younger than this.
    pub keep_within: Option<SignedDuration>,
    /// Nothing older than this, whatever the rules above say.
    pub max_age: Option<SignedDuration>,
    /// No more than so many, whatever the rules above say: the oldest go first.
    pub max_count: Option<usize>,
}

/// What retention knows of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: SnapshotId,
    /// When it was taken.
    pub created_at: Timestamp,
    /// Whether somebody said that it must be kept.
    pub pinned: bool,
}

/// What becomes of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its id.
    pub id: SnapshotId,
    /// Why it is kept; nothing if it is not.
    pub reasons: BTreeSet<Reason>,
}

impl Decision {
    /// Whether it is kept.
    pub fn keeps(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// Why a snapshot is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is pinned: neither rules nor limits touch it.
    Pinned,
    /// It is the newest there is, and never deleted.
    Newest,
    /// It is one of the last.
    Last,
    /// It is the newest of its hour.
    Hourly,
    /// It is the newest of its day.
    Daily,
    /// It is the newest of its week.
    Weekly,
    /// It is young.
    Within,
    /// No rule says which to keep.
    NoRule,
}

impl Policy {
    /// Decides on each, in the order newest first. Hours and days are those of `zone`.
    pub fn decide(
        &self,
        candidates: &[Candidate],
        now: Timestamp,
        zone: &TimeZone,
    ) -> Vec<Decision> {
        let mut sorted: Vec<&Candidate> = candidates.iter().collect();
        sorted.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        let mut decisions: Vec<Decision> = sorted
            .iter()
            .map(|candidate| Decision {
                id: candidate.id.clone(),
                reasons: BTreeSet::new(),
            })
            .collect();
        self.apply_rules(&sorted, &mut decisions, now, zone);
        self.apply_limits(&sorted, &mut decisions, now);
        for (candidate, decision) in sorted.iter().zip(&mut decisions) {
            if candidate.pinned {
                decision.reasons.insert(Reason::Pinned);
            }
        }
        if let Some(newest) = decisions.first_mut() {
            newest.reasons.insert(Reason::Newest);
        }
        decisions
    }

    fn apply_rules(
        &self,
        sorted: &[&Candidate],
        decisions: &mut [Decision],
        now: Timestamp,
        zone: &TimeZone,
    ) {
        let rules = [
            (Reason::Last, self.keep_last),
            (Reason::Hourly, self.keep_hourly),
            (Reason::Daily, self.keep_daily),
            (Reason::Weekly, self.keep_weekly),
        ];
        let no_rule = self.keep_within.is_none() && rules.iter().all(|(_, count)| *count == 0);
        for (reason, count) in rules {
            keep_one_each(sorted, decisions, reason, count, zone);
        }
        for (candidate, decision) in sorted.iter().zip(decisions) {
            let age = now.duration_since(candidate.created_at);
            if self.keep_within.is_some_and(|within| age < within) {
                decision.reasons.insert(Reason::Within);
            }
            if no_rule {
                decision.reasons.insert(Reason::NoRule);
            }
        }
    }

    fn apply_limits(&self, sorted: &[&Candidate], decisions: &mut [Decision], now: Timestamp) {
        let mut count = 0;
        for (candidate, decision) in sorted.iter().zip(decisions) {
            if !decision.keeps() || candidate.pinned {
                continue;
            }
            let age = now.duration_since(candidate.created_at);
            let too_old = self.max_age.is_some_and(|max| age > max);
            let too_many = self.max_count.is_some_and(|max| count >= max);
            if too_old || too_many {
                decision.reasons.clear();
            } else {
                count += 1;
            }
        }
    }
}

/// Keeps the newest of each of the `count` newest periods that have one.
fn keep_one_each(
    sorted: &[&Candidate],
    decisions: &mut [Decision],
    reason: Reason,
    count: usize,
    zone: &TimeZone,
) {
    let mut periods = BTreeSet::new();
    for (number, (candidate, decision)) in sorted.iter().zip(decisions).enumerate() {
        let period = period(reason, number, candidate.created_at, zone);
        if periods.contains(&period) {
            continue;
        }
        if periods.len() >= count {
            return;
        }
        periods.insert(period);
        decision.reasons.insert(reason);
    }
}

/// The hour, day or week of a time, as a number that no other has; for the last ones, their own.
fn period(reason: Reason, number: usize, at: Timestamp, zone: &TimeZone) -> (i64, i64) {
    let local = at.to_zoned(zone.clone());
    let date = local.date();
    let day = (i64::from(date.year()), i64::from(date.day_of_year()));
    match reason {
        Reason::Hourly => (day.0 * 1000 + day.1, i64::from(local.hour())),
        Reason::Daily => day,
        Reason::Weekly => {
            let week = date.iso_week_date();
            (i64::from(week.year()), i64::from(week.week()))
        }
        _ => (i64::try_from(number).unwrap_or(i64::MAX), 0),
    }
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
