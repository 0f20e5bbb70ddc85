//! The gateway's own methods, which need what the probe pages do not: modules that are loaded
//! late, and the databases.

use std::time::Duration;

use exuvia_host::Host;
use exuvia_model::Revision;
use exuvia_model::probe::Answer;
use exuvia_openclaw::gateway::{Client, GatewayError};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ground::Ground;
use super::page::other_version;
use super::words::{PACKAGE, RESUME, answer_of};

/// How long it may take to say until when it is suspended.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn status(
    host: &dyn Host,
    client: &Client,
    ground: &Ground,
    expected: Option<&Revision>,
) -> Answer {
    if let Some(words) = ground.lost_words() {
        // What it has loaded already it still answers with.
        return Answer::fail(&words, PACKAGE);
    }
    let status = match client.status().await {
        Ok(status) => status,
        Err(error) => return failed(host, client, ground, &error).await,
    };
    match (status.runtime_version.as_deref(), expected) {
        (None, _) => Answer::unknown("its status does not say which version runs"),
        (Some(found), Some(expected)) => other_version(found, expected).unwrap_or(Answer::Pass),
        (Some(_), None) => Answer::Pass,
    }
}

pub(super) async fn sessions(client: &Client, ground: &Ground) -> Answer {
    match client.sessions().await {
        Ok(_) => Answer::Pass,
        Err(error) => of_package(ground, &error),
    }
}

/// Channels that the gateway itself complains of.
pub(super) async fn channels(client: &Client, ground: &Ground) -> Answer {
    let list = match client.channels().await {
        Ok(list) => list,
        Err(error) => return of_package(ground, &error),
    };
    let Some(issues) = list.status_issues else {
        return Answer::unknown("it does not say how its channels are");
    };
    if issues.is_empty() {
        return Answer::Pass;
    }
    let words: Vec<String> = issues.iter().map(issue).collect();
    Answer::fail(&words.join("; "), "`openclaw channels status` tells more")
}

/// A method that was refused while the package is gone was refused because of that.
fn of_package(ground: &Ground, error: &GatewayError) -> Answer {
    match ground.lost_words() {
        Some(words) if !error.is_suspended() => Answer::fail(&words, PACKAGE),
        _ => answer_of(error, ground),
    }
}

/// A suspended gateway is asked until when: it tells anybody who asks by another suspension's id
/// (`getGatewaySuspendStatus`), and whose that one is it tells nobody.
async fn failed(host: &dyn Host, client: &Client, ground: &Ground, error: &GatewayError) -> Answer {
    if !error.is_suspended() {
        return answer_of(error, ground);
    }
    let params = json!({ "suspensionId": "exuvia-status" });
    let asked = client
        .call("gateway.suspend.status", params, PATIENCE)
        .await;
    let Err(GatewayError::Refused { refusal, .. }) = asked else {
        return answer_of(error, ground);
    };
    let until = refusal.details.get("expiresAtMs").and_then(Value::as_i64);
    let until = until.and_then(|until| Timestamp::from_millisecond(until).ok());
    let Some(until) = until else {
        return answer_of(error, ground);
    };
    let left = until.duration_since(host.now()).as_secs().max(0);
    let words = format!(
        "the gateway is suspended, for another {left} s unless whoever did it asks again; it does \
         not say who"
    );
    Answer::fail(&words, RESUME)
}

fn issue(issue: &Value) -> String {
    let word = |key: &str| issue.get(key).and_then(Value::as_str);
    match (word("channel"), word("message")) {
        (Some(channel), Some(message)) => format!("{channel}: {message}"),
        (None, Some(message)) => message.to_owned(),
        _ => issue.to_string(),
    }
}
