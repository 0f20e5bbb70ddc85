//! `openclaw gateway call`: the way round for a gateway whose protocol we do not speak.
//!
//! It costs about a second a call. The command finds the credential itself, as it runs in the
//! install's own environment, so none is handed over.

use std::sync::Arc;
use std::time::Duration;

use exuvia_host::{Host, Output};
use serde_json::Value;

use super::address::Address;
use super::error::{GatewayError, Refusal, shown};
use crate::Install;

/// What starting Node and loading OpenClaw may take, on top of the call itself.
const START: Duration = Duration::from_secs(30);
const MAX_OUTPUT: usize = 16 * 1024 * 1024;

/// An install's own command, as a client.
#[derive(Debug, Clone)]
pub(super) struct CommandLine {
    pub(super) host: Arc<dyn Host>,
    pub(super) install: Arc<Install>,
    pub(super) address: Address,
}

impl CommandLine {
    pub(super) async fn request(
        &self,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<Value, GatewayError> {
        let (this, name) = (self.clone(), method.to_owned());
        let ran =
            tokio::task::spawn_blocking(move || this.request_now(&name, &params, patience)).await;
        // The task can only be cancelled together with the runtime, which takes us along.
        ran.unwrap_or_else(|error| Err(failed(method, &error.to_string())))
    }

    fn request_now(
        &self,
        method: &str,
        params: &Value,
        patience: Duration,
    ) -> Result<Value, GatewayError> {
        let arguments = ["gateway", "call", method, "--json", "--params"];
        let command = self
            .install
            .openclaw(arguments)?
            .arg(params.to_string())
            .arg("--timeout")
            .arg(patience.as_millis().to_string())
            .env("OPENCLAW_GATEWAY_PORT", self.address.port().to_string())
            .max_output(MAX_OUTPUT)
            .timeout(patience + START);
        let output = self.host.run(&command);
        let output = output.map_err(|error| failed(method, &error.to_string()))?;
        if !output.status.success() {
            return Err(refused(method, &output));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| GatewayError::Unreadable {
            method: method.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// With `--json` the error is on standard output: `{ok: false, error: {type, code, message, …}}`,
/// where `gateway_request_error` is the gateway's own answer.
fn refused(method: &str, output: &Output) -> GatewayError {
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let Some(error) = said.get("error") else {
        return failed(method, &output.last_words());
    };
    let refusal = Box::new(Refusal::read(error));
    if error.get("type").and_then(Value::as_str) == Some("gateway_request_error") {
        return GatewayError::Refused {
            method: method.to_owned(),
            refusal,
        };
    }
    failed(method, &refusal.message)
}

fn failed(method: &str, reason: &str) -> GatewayError {
    GatewayError::CommandLine {
        method: method.to_owned(),
        reason: shown(reason),
    }
}
