//! Which session it is that asks.

use std::time::Duration;

use exuvia_model::restart::SessionKey;
use exuvia_openclaw::gateway::answer::SessionEntry;
use exuvia_openclaw::gateway::{GatewayError, Target};

use super::{Inside, RestartError, Restarts};

/// How long the gateway may take to say which sessions are at work.
const PATIENCE: Duration = Duration::from_secs(10);

impl Restarts {
    /// The session in whose turn this process was started. OpenClaw tells a tool's process nothing
    /// of its session (2026.9.6), so it is the one session that is at work; where several are, or
    /// none, it cannot be told.
    pub async fn asking_session(&self) -> Result<SessionKey, RestartError> {
        let unnamed = |why: &str| RestartError::NoSession {
            why: why.to_owned(),
        };
        if self.inside().await != Some(Inside::Descendant) {
            return Err(unnamed("no agent of the gateway asks"));
        }
        let sessions = self.sessions().await;
        let sessions = sessions.map_err(|error| unnamed(&error.to_string()))?;
        the_one_at_work(sessions).map_err(unnamed)
    }

    async fn sessions(&self) -> Result<Vec<SessionEntry>, GatewayError> {
        let target = Target::find(&self.host, &self.install)?;
        target.connect_within(PATIENCE).await?.sessions().await
    }
}

fn the_one_at_work(sessions: Vec<SessionEntry>) -> Result<SessionKey, &'static str> {
    // One that does not say whether it is at work may be.
    let at_work = |session: &SessionEntry| session.has_active_run != Some(false);
    let mut at_work = sessions.into_iter().filter(at_work);
    match (at_work.next(), at_work.next()) {
        (Some(one), None) => {
            let key = one.key.ok_or("the session that is at work has no key")?;
            key.parse().map_err(|_| "its key is none")
        }
        (None, _) => Err("no session is at work"),
        (Some(_), Some(_)) => Err("several sessions are at work, or may be"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_one_that_is_surely_alone_at_work_is_told() {
        let told = |active: &[Option<bool>]| {
            let named = active.iter().enumerate().map(|(number, active)| {
                let session = json!({ "key": format!("s{number}"), "hasActiveRun": active });
                serde_json::from_value(session).unwrap()
            });
            the_one_at_work(named.collect()).map(|key| key.to_string())
        };
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(told(&[no, yes, no]), Ok("s1".to_owned()));
        for unclear in [&[][..], &[no], &[yes, yes], &[yes, None]] {
            assert!(told(unclear).is_err(), "{unclear:?}");
        }
    }
}
