//! Commands that tell what a miniature has.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::home::Home;
use super::{agent, call, doctor};
use crate::gateway::recorded;
use crate::mini::{Content, Plan};

pub(super) fn answer(
    home: &Home,
    plan: &Plan,
    content: &Content,
    words: &[&str],
) -> Option<ExitCode> {
    let said = match words {
        ["doctor", options @ ..] => return Some(doctor::doctor(home, plan, options)),
        ["agent", options @ ..] => return Some(agent::turn(home, options)),
        ["status", ..] => status(home),
        ["sessions", ..] => sessions(home, content),
        ["skills", "list", ..] => json!({ "skills": content.skills() }),
        ["update", "status", ..] => update_status(home),
        _ => return None,
    };
    println!("{said}");
    Some(ExitCode::SUCCESS)
}

/// The gateway's, where one runs.
fn status(home: &Home) -> Value {
    let asked = call::try_call(home, "status", &json!({}));
    let live = asked.ok().filter(|frame| frame["ok"] == true);
    live.map_or_else(
        || {
            let mut status = recorded("status").unwrap_or_default();
            status["runtimeVersion"] = Value::Null;
            status
        },
        |frame| frame["payload"].clone(),
    )
}

fn sessions(home: &Home, content: &Content) -> Value {
    let sessions = content.sessions();
    let count = sessions.len();
    let database = home
        .state_dir
        .join("agents/main/agent/openclaw-agent.sqlite");
    json!({ "path": database, "count": count, "totalCount": count, "limitApplied": 100,
        "hasMore": false, "activeMinutes": null, "sessions": sessions })
}

/// Without asking the registry, which the real one does.
fn update_status(home: &Home) -> Value {
    json!({
        "update": { "root": home.package(), "installKind": "package", "packageManager": "npm" },
        "channel": { "value": "stable", "source": "default", "label": "stable (default)",
            "config": null },
        "availability": { "available": false, "hasGitUpdate": false, "hasRegistryUpdate": false,
            "latestVersion": null, "gitBehind": null },
    })
}
