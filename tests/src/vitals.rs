//! What a real install looks like from outside.

use exuvia_testkit::sandbox::{Client, Gateway};
use serde_json::{Map, Value, json};

use crate::World;

/// Plugins with their versions, and agents, skills, cron jobs and sessions, as OpenClaw itself
/// tells them while the gateway runs. What every install has from the package is left out.
pub fn vitals(world: &World, gateway: &Gateway) -> Value {
    let client = Client::connect(gateway);
    vitals_by(
        world,
        client.unwrap_or_else(|error| panic!("no connection: {error:#}")),
    )
}

/// The same through this connection.
pub fn vitals_by(world: &World, mut client: Client) -> Value {
    let mut ask = |method: &str, params: &Value| {
        let answer = client.call(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error:#}"))
    };
    let agents = ask("agents.list", &json!({}));
    let skills: Map<String, Value> = list(&agents, "agents")
        .filter_map(|agent| agent["id"].as_str())
        .map(|agent| {
            let skills = ask("skills.status", &json!({ "agentId": agent }));
            (
                agent.to_owned(),
                lines(&skills, "skills", &["name", "filePath"]),
            )
        })
        .collect();
    let jobs = ask("cron.list", &json!({ "includeDisabled": true }));
    let sessions = ask("sessions.list", &json!({}));
    json!({
        "plugins": plugins(world),
        "agents": lines(&agents, "agents", &["id", "workspace"]),
        "skills": skills,
        "cron": lines(&jobs, "jobs", &["name", "schedule", "id"]),
        "sessions": lines(&sessions, "sessions", &["key", "sessionId"]),
    })
}

/// What `openclaw plugins list` says.
fn plugins(world: &World) -> Value {
    let listed = world.openclaw(&["plugins", "list", "--json"]).exits(0);
    lines(&listed.json(), "plugins", &["id", "version", "status"])
}

fn list<'a>(answer: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    answer[of].as_array().into_iter().flatten()
}

/// One line for each item in a list, of these keys' values, sorted.
fn lines(answer: &Value, of: &str, keys: &[&str]) -> Value {
    let own =
        list(answer, of).filter(|item| item["bundled"] != true && item["origin"] != "bundled");
    let mut lines: Vec<String> = own
        .map(|item| {
            let values = keys.iter().map(|key| match &item[*key] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            values.collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.sort();
    json!(lines)
}
