//! `agent --agent ID --message TEXT`: a turn, taken by the running gateway.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::call::{self, option};
use super::home::Home;
use crate::gateway::time;

pub(super) fn turn(home: &Home, options: &[&str]) -> ExitCode {
    let agent = option(options, "--agent").unwrap_or("main");
    let session = option(options, "--session-key").map(str::to_owned);
    let session = session.unwrap_or_else(|| format!("agent:{agent}:main"));
    let message = option(options, "--message").unwrap_or_default();
    let run = time::id();
    let asked = json!({ "sessionKey": session, "message": message, "idempotencyKey": run });
    let begun = call::try_call(home, "agent", &asked);
    let ended = begun.and_then(|_| call::try_call(home, "agent.wait", &json!({ "runId": run })));
    match ended {
        Ok(frame) if frame["payload"]["status"] == "ok" => {
            let text = &frame["payload"]["terminalReply"]["text"];
            println!(
                "{}",
                json!({ "runId": run, "status": "ok",
                "result": { "payloads": [{ "text": text }] } })
            );
            ExitCode::SUCCESS
        }
        Ok(frame) => failed(&frame["error"]["message"]),
        Err(words) => failed(&json!(words)),
    }
}

fn failed(words: &Value) -> ExitCode {
    eprintln!("agent turn failed: {words}");
    ExitCode::FAILURE
}
