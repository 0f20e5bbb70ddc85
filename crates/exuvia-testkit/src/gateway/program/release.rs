//! The start of a miniature: it makes the state its own, with all that is wrong with it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::home::Home;
use crate::gateway::engine::Turns;
use crate::mini::{Flaw, Plan, State};

/// As long as a channel may take to listen.
const PATIENCE: Duration = Duration::from_secs(2);

/// Migrates what another release left, and writes down that this one ran; words where that fails.
pub(super) fn take_over(home: &Home, plan: &Plan) -> Result<(), String> {
    let is_new = is_new(home, plan);
    State::of(&home.state_dir).migrate(plan, home.package(), is_new)?;
    if is_new {
        touch_config(home, plan)?;
    }
    Ok(())
}

/// Whether another release ran on the state last.
pub(super) fn is_new(home: &Home, plan: &Plan) -> bool {
    home.touched_by().as_deref() != Some(&plan.version)
}

/// What this release does to a machine once it runs.
pub(super) fn misbehave(home: &Home, plan: &Plan) {
    let size = plan.find(|flaw| match flaw {
        Flaw::EatsMemory(size) => Some(*size),
        _ => None,
    });
    if let Some(size) = size {
        // Not zero: those the system would hand out without having them.
        Vec::leak(vec![1_u8; size]);
    }
    if plan.has(&Flaw::MessagesChannel) {
        let url = home.config().ok();
        let url =
            url.and_then(|config| Some(config["channels"]["standin"]["url"].as_str()?.to_owned()));
        // Whoever cannot be reached gets no message.
        let _ = url.as_deref().and_then(message);
    }
}

/// What becomes of turns: as in the real one, agents ask the provider that the configuration names,
/// where it names one.
pub(super) fn turns(home: &Home, plan: &Plan) -> Turns {
    if plan.has(&Flaw::TurnsFail) {
        return Turns::Fail;
    }
    let config = home.config().unwrap_or_default();
    let model = config["agents"]["defaults"]["model"]["primary"].as_str();
    let provider = model.and_then(|model| model.split_once('/'));
    let url = provider.map(|(provider, _)| &config["models"]["providers"][provider]["baseUrl"]);
    match url.and_then(Value::as_str) {
        Some(url) => Turns::Asked(url.to_owned()),
        None => Turns::Scripted,
    }
}

/// How long after its start it listens.
pub(super) fn start_time(plan: &Plan) -> Duration {
    let found = plan.find(|flaw| match flaw {
        Flaw::StartsAfter(time) => Some(*time),
        _ => None,
    });
    found.unwrap_or_default()
}

/// How long after it listens it dies.
pub(super) fn life_time(plan: &Plan) -> Option<Duration> {
    plan.find(|flaw| match flaw {
        Flaw::DiesAfter(time) => Some(*time),
        _ => None,
    })
}

/// The version that it says it is once it runs.
pub(super) fn said_version(plan: &Plan) -> String {
    let said = plan.find(|flaw| match flaw {
        Flaw::SaysVersion(version) => Some(version),
        _ => None,
    });
    said.unwrap_or(&plan.version).clone()
}

/// As OpenClaw's own writes: without comments, and the file before beside it.
fn touch_config(home: &Home, plan: &Plan) -> Result<(), String> {
    let mut config = home.config()?;
    for flaw in &plan.flaws {
        if let Flaw::DropsConfigKey(key) = flaw {
            drop_key(&mut config, key);
        }
    }
    config["meta"]["lastTouchedVersion"] = json!(plan.version);
    config["meta"]["lastTouchedAt"] = json!(jiff::Timestamp::now().to_string());
    let text = serde_json::to_string_pretty(&config).expect("JSON can be written");
    replace(&home.config_path, &format!("{text}\n"))
        .map_err(|error| format!("{}: {error}", home.config_path.display()))
}

fn drop_key(config: &mut Value, key: &str) {
    let (above, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut above = above.split('.').filter(|part| !part.is_empty());
    let within = above.try_fold(config, |value, part| value.get_mut(part));
    if let Some(object) = within.and_then(Value::as_object_mut) {
        object.remove(last);
    }
}

fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    if file.is_file() {
        std::fs::copy(file, file.with_extension("json.bak"))?;
    }
    let new = file.with_extension("json.new");
    std::fs::write(&new, text)?;
    std::fs::rename(new, file)
}

/// Sends a message to `http://HOST:PORT/PATH`.
fn message(url: &str) -> Option<()> {
    let (host, path) = url.strip_prefix("http://")?.split_once('/')?;
    let mut channel = TcpStream::connect(host).ok()?;
    channel.set_read_timeout(Some(PATIENCE)).ok()?;
    let body = "{\"text\":\"I am back.\"}";
    write!(
        channel,
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    channel.read_to_end(&mut Vec::new()).ok().map(drop)
}
