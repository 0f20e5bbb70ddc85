//! The requests that share one restart: coalescing.
//!
//! What comes of a set of requests does not depend on the order they come in: the restart is due at
//! the earliest time that any of them asked for, it is forced if any of them is, and the lead goes
//! to the forced before the others, then to the later [`Kind`](super::Kind), then to the earlier
//! due, then to the one that came first. So of two of the same kind the earlier wins.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Deadline, Generation, Millis, Now, Policy, ProcessIdentity, Request};

/// A request that was taken, with the time that it is due.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// What was asked.
    pub request: Request,
    /// When the restart is due for it.
    pub due: Deadline,
}

/// The requests that one restart answers. One of them leads: its hooks are run, its reason is
/// given; there is always one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// Which restart this is.
    pub generation: Generation,
    /// The one that leads.
    pub lead: Accepted,
    /// The others, in the order they came or lost the lead. Their hooks are never run.
    pub joined: Vec<Accepted>,
}

impl Open {
    /// Every request, the one that leads first.
    pub fn all(&self) -> impl Iterator<Item = &Accepted> {
        std::iter::once(&self.lead).chain(&self.joined)
    }

    /// Whether it waits for nothing but its time.
    pub fn is_forced(&self) -> bool {
        self.all().any(|accepted| accepted.request.force)
    }

    /// How long until the earliest time that any of them asked for.
    pub fn left(&self, now: &Now) -> Millis {
        self.joined
            .iter()
            .fold(self.lead.due.left(now), |left, accepted| {
                left.min(accepted.due.left(now))
            })
    }

    /// How long pending work may put it off: as long as the least patient of them bears.
    pub(super) fn patience(&self, policy: &Policy) -> Millis {
        let all = self
            .all()
            .map(|accepted| policy.deferral_of(&accepted.request));
        all.min().unwrap_or(policy.deferral)
    }

    /// The processes that must not be the one that runs afterwards.
    pub fn replaces(&self) -> Vec<ProcessIdentity> {
        let mut all: Vec<_> = self
            .all()
            .filter_map(|accepted| accepted.request.replaces.clone())
            .collect();
        all.sort();
        all.dedup();
        all
    }

    pub(super) fn carry_over(&mut self, now: &Now) {
        self.lead.due = self.lead.due.carried_over(now);
        for accepted in &mut self.joined {
            accepted.due = accepted.due.carried_over(now);
        }
    }
}

/// Whether a newcomer takes the lead.
fn outranks(newcomer: &Accepted, lead: &Accepted, now: &Now) -> bool {
    let rank = |accepted: &Accepted| {
        (
            accepted.request.force,
            accepted.request.kind,
            Reverse(accepted.due.left(now)),
        )
    };
    rank(newcomer) > rank(lead)
}

impl Open {
    /// Takes a request in, at the place it deserves.
    #[must_use]
    pub(super) fn with(mut self, newcomer: Accepted, now: &Now) -> Self {
        if outranks(&newcomer, &self.lead, now) {
            let old = std::mem::replace(&mut self.lead, newcomer);
            self.joined.push(old);
        } else {
            self.joined.push(newcomer);
        }
        self
    }

    /// Takes a request in once the hooks of the one that leads have begun: only a forced one takes
    /// the lead from one that is not.
    #[must_use]
    pub(super) fn with_late(mut self, newcomer: Accepted) -> Self {
        if newcomer.request.force && !self.lead.request.force {
            let old = std::mem::replace(&mut self.lead, newcomer);
            self.joined.push(old);
        } else {
            self.joined.push(newcomer);
        }
        self
    }
}
