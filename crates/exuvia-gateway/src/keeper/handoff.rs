//! OpenClaw's restart handoff: how a gateway that ended says that it wants to be started again.

use std::time::Duration;

use exuvia_host::Host;
use exuvia_host::disk::Holder;
use exuvia_openclaw::Install;
use serde::Deserialize;

use super::KeeperError;

const PROTOCOL: &str = "openclaw.gateway.restart-handoff";
const VERSION: u32 = 1;
/// A cold start of OpenClaw's command line takes seconds; one that hangs must not keep the gateway
/// down.
const PATIENCE: Duration = Duration::from_mins(1);
const MAX_ANSWER: usize = 64 * 1024;

/// What `restart-handoff consume --json` prints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consumed {
    ok: bool,
    protocol: String,
    protocol_version: u32,
    status: String,
}

/// Takes the handoff that this gateway left, if it left one. OpenClaw gives each to one consumer
/// only. Without an answer there is none: the gateway is then started again as after any end.
pub(super) fn consume(
    host: &dyn Host,
    install: &Install,
    gateway: &Holder,
) -> Result<bool, KeeperError> {
    let pid = gateway.pid.to_string();
    let words = ["gateway", "restart-handoff", "consume", "--expected-pid"];
    let command = install
        .openclaw(words)?
        .arg(pid)
        .arg("--json")
        .env("OPENCLAW_SUPERVISOR_MODE", "external")
        .timeout(PATIENCE)
        .max_output(MAX_ANSWER);
    let output = host.run(&command)?;
    Ok(is_accepted(&output.stdout))
}

fn is_accepted(answer: &[u8]) -> bool {
    serde_json::from_slice(answer).is_ok_and(|consumed: Consumed| {
        consumed.ok
            && consumed.protocol == PROTOCOL
            && consumed.protocol_version == VERSION
            && consumed.status == "accepted"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_accepted_handoff_of_the_known_protocol_counts() {
        let answer = |status: &str, version: u32| {
            format!(
                r#"{{"ok":true,"protocol":"{PROTOCOL}","protocolVersion":{version},
                    "status":"{status}","handoff":{{"pid":7}}}}"#
            )
        };
        assert!(is_accepted(answer("accepted", 1).as_bytes()));
        assert!(!is_accepted(answer("accepted", 2).as_bytes()));
        assert!(!is_accepted(answer("rejected", 1).as_bytes()));
        assert!(!is_accepted(b"<html>"));
        assert!(!is_accepted(b""));
    }
}
