//! Asking for a restart.

use std::time::Duration;

use exuvia_host::Lock;
use exuvia_model::Version;
use exuvia_model::restart::{
    CannotRestart, Kind, Millis, Policy, Request, RequestId, SessionKey, UpdateResult,
    restart_after,
};
use exuvia_model::sentinel::{Before, Note, Sentinel};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::{RestartError, Restarts};
use crate::running::{Look, Presence, identity};

/// How long another process may take to write its request.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What the restart is for.
    pub kind: Kind,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub actor: String,
    /// Whether it waits neither for work nor for the pause between restarts.
    pub force: bool,
    /// How long to wait before.
    pub delay: Millis,
    /// How long pending work may put it off; as long as usual where it is not said.
    pub patience: Option<Millis>,
    /// The session that asks.
    pub session: Option<SessionKey>,
    /// What that session is told afterwards.
    pub note: Option<Note>,
    /// The version that must run afterwards.
    pub expected: Version,
}

impl Ask {
    /// The restart that follows on an update, where one does.
    pub fn after(self, result: UpdateResult) -> Option<Self> {
        let asked = Request {
            delay: self.delay,
            force: self.force,
            ..Request::new("update".parse().ok()?, self.kind, &self.reason, &self.actor)
        };
        restart_after(result, asked).map(|follows| Self {
            kind: follows.kind,
            delay: follows.delay,
            force: follows.force,
            ..self
        })
    }
}

impl Restarts {
    /// Asks for a restart. When this returns the request is durable, and whoever drives next takes
    /// it. Refused, with nothing changed, where nobody can restart the gateway.
    pub async fn ask(&self, ask: Ask) -> Result<RequestId, RestartError> {
        let look = self.look().await;
        if let Presence::Unknown { why } = look.presence {
            return Err(RestartError::Unseen { why });
        }
        let restartability = self.detect(&look.presence).await;
        let supervisor = match restartability.supervisor() {
            // Who it is was written down while it could be seen.
            Err(CannotRestart::Nobody { .. }) if self.has_lost_its_keeper(&look.presence)? => None,
            found => Some(found?),
        };
        let (host, places) = (self.host.as_ref(), &self.places);
        places.prepare(host)?;
        let run = self.begin_run(&ask)?;
        let request = self.request(run, &ask, &look)?;
        let sentinel = self.first_sentinel(&request, ask, &look);
        let _asking = self.lock_asking().await?;
        places.write_sentinel(host, &sentinel)?;
        if let Some(supervisor) = supervisor {
            self.remember_overseer(supervisor).await?;
        }
        places.put_request(host, &request)?;
        Ok(request.id)
    }

    fn request(&self, run: RequestId, ask: &Ask, look: &Look) -> Result<Request, RestartError> {
        let process = look.presence.process();
        Ok(Request {
            delay: ask.delay,
            force: ask.force,
            patience: ask.patience,
            hooks: self.hooks()?,
            session: ask.session.clone(),
            replaces: process.map(|seen| identity(&seen.id)),
            ..Request::new(run, ask.kind, &ask.reason, &ask.actor)
        })
    }

    fn first_sentinel(&self, request: &Request, ask: Ask, look: &Look) -> Sentinel {
        let asked_at = self.host.now();
        let before = Before {
            version: look.version.clone(),
            expected: ask.expected,
            asked_at,
            give_up_at: give_up_at(asked_at, &self.options.policy, request),
        };
        Sentinel::new(request, before, ask.note)
    }

    /// Held from a sentinel to its request: a sentinel without one, while nobody holds this, was
    /// left by a process that was killed in between.
    pub(super) async fn lock_asking(&self) -> Result<Lock, RestartError> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(lock) = self.host.try_lock(&self.places.asking_lock())? {
                return Ok(lock);
            }
            if Instant::now() >= end {
                return Err(RestartError::Busy);
            }
            sleep(LOOK).await;
        }
    }
}

fn give_up_at(asked_at: Timestamp, policy: &Policy, request: &Request) -> Timestamp {
    let patience = i64::try_from(policy.patience(request).get()).unwrap_or(i64::MAX);
    let span = SignedDuration::from_millis(patience);
    asked_at.checked_add(span).unwrap_or(Timestamp::MAX)
}
