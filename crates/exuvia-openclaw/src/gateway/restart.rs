//! Restarts that the gateway carries out itself.

use serde_json::json;

use super::answer::{RestartAnswer, RestartReadiness};
use super::client::Client;
use super::error::GatewayError;

impl Client {
    /// What a restart would interrupt now (`gateway.restart.preflight`). It fences nothing: work
    /// may begin right after.
    pub async fn restart_readiness(&self) -> Result<RestartReadiness, GatewayError> {
        self.ask("gateway.restart.preflight", json!({})).await
    }

    /// Asks the gateway to restart as soon as its work is done, or at once with `skip_deferral`
    /// (`gateway.restart.request`).
    ///
    /// Under a supervisor the process ends and is started again; without one, and in a container,
    /// it restarts within itself and keeps its pid and the code that it has loaded. It closes its
    /// connections with 1012.
    pub async fn request_restart(
        &self,
        reason: &str,
        skip_deferral: bool,
    ) -> Result<RestartAnswer, GatewayError> {
        let params = json!({ "reason": reason, "skipDeferral": skip_deferral });
        self.ask("gateway.restart.request", params).await
    }
}
