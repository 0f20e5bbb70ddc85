//! `gateway restart-handoff`: protocol `openclaw.gateway.restart-handoff` v1.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::home::Home;

pub(super) fn answer(home: &Home, words: &[&str]) -> ExitCode {
    match words {
        ["capabilities", ..] => {
            say(json!({ "ok": true, "operations": ["consume"] }));
            ExitCode::SUCCESS
        }
        ["consume", options @ ..] => consume(home, options),
        _ => ExitCode::FAILURE,
    }
}

fn consume(home: &Home, options: &[&str]) -> ExitCode {
    let Some(pid) = expected_pid(options) else {
        say(json!({ "ok": false, "status": "error", "reason": "invalid-expected-pid" }));
        return ExitCode::from(2);
    };
    let mut answer = home.book().take_handoff(pid);
    answer["ok"] = true.into();
    say(answer);
    ExitCode::SUCCESS
}

fn expected_pid(options: &[&str]) -> Option<u32> {
    let mut pairs = options.windows(2);
    let pid = pairs.find(|pair| pair[0] == "--expected-pid")?[1];
    pid.parse().ok().filter(|pid| *pid > 0)
}

fn say(mut answer: Value) {
    answer["protocol"] = "openclaw.gateway.restart-handoff".into();
    answer["protocolVersion"] = 1.into();
    println!("{answer}");
}
