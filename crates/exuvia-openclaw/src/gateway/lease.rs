//! Holding a gateway still.
//!
//! `gateway.suspend.prepare` gives a lease of two minutes; the same request with the same id renews
//! it. While it lasts the gateway answers nothing but `gateway.suspend.*` and `/readyz` says 503
//! with `gateway-draining`.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::{Blocker, Resumed, SuspensionState};
use super::client::Client;
use super::error::GatewayError;

/// How long it lasts (`GATEWAY_SUSPEND_TTL_MS`).
const LEASE: Duration = Duration::from_mins(2);
const RENEW: Duration = Duration::from_secs(30);
/// How often a draining gateway is asked whether it is done; it names 20 s itself.
const POLL: Duration = Duration::from_millis(250);

/// What came of asking a gateway to stand still.
#[derive(Debug)]
pub enum Suspended {
    /// It does, for as long as this is held.
    Held(Suspension),
    /// It has work, and goes on with it.
    Busy {
        /// What it works on.
        blockers: Vec<Blocker>,
    },
}

/// A gateway that stands still. The lease is renewed until [`Suspension::resume`], or until this is
/// dropped: then it ends by itself within two minutes.
#[derive(Debug)]
pub struct Suspension {
    client: Client,
    id: String,
    renewal: JoinHandle<GatewayError>,
}

impl Client {
    /// Suspends the gateway. Work that is under way may end until `drain` is over, while no new
    /// work begins; with no `drain` at all, a busy gateway is left as it is.
    ///
    /// `request_id` names the one who asks: the same id gets the same lease again, so a driver that
    /// was killed can take up what it held.
    pub async fn suspend(
        &self,
        request_id: &str,
        drain: Duration,
    ) -> Result<Suspended, GatewayError> {
        self.suspend_renewing(request_id, drain, RENEW).await
    }

    async fn suspend_renewing(
        &self,
        request_id: &str,
        drain: Duration,
        every: Duration,
    ) -> Result<Suspended, GatewayError> {
        let draining = !drain.is_zero();
        let end = Instant::now() + drain;
        loop {
            let state = self.prepare(request_id, draining).await?;
            match (state.status.as_deref(), state.suspension_id) {
                (Some("ready"), Some(id)) => {
                    let renewal = keep(self.clone(), request_id.to_owned(), draining, every);
                    return Ok(Suspended::Held(Suspension {
                        client: self.clone(),
                        id,
                        renewal: tokio::spawn(renewal),
                    }));
                }
                (Some("draining"), Some(id)) => {
                    if Instant::now() >= end {
                        self.end_suspension(&id).await?;
                        return Ok(busy(state.blockers));
                    }
                    sleep_until((Instant::now() + POLL).min(end)).await;
                }
                (Some("busy"), _) => return Ok(busy(state.blockers)),
                (status, _) => return Err(not_understood(status)),
            }
        }
    }

    /// What became of a suspension (`gateway.suspend.status`).
    pub async fn suspension(&self, id: &str) -> Result<SuspensionState, GatewayError> {
        self.ask("gateway.suspend.status", json!({ "suspensionId": id }))
            .await
    }

    /// Ends a suspension (`gateway.suspend.resume`); one that has ended already is no error.
    pub async fn end_suspension(&self, id: &str) -> Result<Resumed, GatewayError> {
        self.ask("gateway.suspend.resume", json!({ "suspensionId": id }))
            .await
    }

    async fn prepare(
        &self,
        request_id: &str,
        drain: bool,
    ) -> Result<SuspensionState, GatewayError> {
        let params = json!({ "requestId": request_id, "drain": drain });
        self.ask("gateway.suspend.prepare", params).await
    }
}

/// Renews a lease until that cannot succeed any more.
async fn keep(client: Client, request_id: String, drain: bool, every: Duration) -> GatewayError {
    let mut ends = Instant::now() + LEASE;
    loop {
        sleep(every).await;
        match client.prepare(&request_id, drain).await {
            Ok(_) => ends = Instant::now() + LEASE,
            Err(error) if error.is_transient() && Instant::now() < ends => {}
            Err(error) => return error,
        }
    }
}

impl Suspension {
    /// What the gateway calls it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the lease could not be renewed, so that it ends or has ended by itself.
    pub fn is_lost(&self) -> bool {
        self.renewal.is_finished()
    }

    /// Lets the gateway go on.
    pub async fn resume(self) -> Result<(), GatewayError> {
        self.renewal.abort();
        self.client.end_suspension(&self.id).await.map(drop)
    }
}

impl Drop for Suspension {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

fn busy(blockers: Option<Vec<Blocker>>) -> Suspended {
    Suspended::Busy {
        blockers: blockers.unwrap_or_default(),
    }
}

fn not_understood(status: Option<&str>) -> GatewayError {
    GatewayError::Unreadable {
        method: "gateway.suspend.prepare".to_owned(),
        reason: format!("its status is {status:?}"),
    }
}

#[cfg(test)]
mod tests {
    use exuvia_testkit::gateway::Gateway;

    use super::*;
    use crate::gateway::{Address, Credential, Target};

    const SOON: Duration = Duration::from_secs(10);

    async fn held(gateway: &Gateway) -> Suspension {
        let address = Address::loopback(gateway.port());
        let target = Target::new(address, Credential::Nothing);
        let client = target.connect(SOON).await.unwrap();
        let every = Duration::from_millis(5);
        match client
            .suspend_renewing("run_1", Duration::ZERO, every)
            .await
        {
            Ok(Suspended::Held(suspension)) => suspension,
            other => panic!("{other:?}"),
        }
    }

    async fn until(what: impl Fn() -> bool) {
        let end = Instant::now() + SOON;
        while !what() {
            assert!(Instant::now() < end, "it does not happen");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_lease_is_renewed_for_as_long_as_it_is_held() {
        let gateway = Gateway::start();
        let renewals = || gateway.book().times("gateway.suspend.prepare");
        let suspension = held(&gateway).await;
        until(|| renewals() > 3).await;
        assert!(!suspension.is_lost());
        suspension.resume().await.unwrap();
        let last = gateway.book().asked().pop().unwrap();
        assert_eq!(last.method, "gateway.suspend.resume");
    }

    #[tokio::test]
    async fn a_lease_that_another_one_took_over_is_lost() {
        let gateway = Gateway::start();
        let suspension = held(&gateway).await;
        gateway.behave(|behaviour| {
            let error = serde_json::json!({ "code": "INVALID_REQUEST", "message": "no" });
            let method = "gateway.suspend.prepare".to_owned();
            behaviour.refuses.insert(method, error);
        });
        until(|| suspension.is_lost()).await;
    }
}
