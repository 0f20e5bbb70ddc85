//! The gateway client and a real gateway.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::sync::Arc;
use std::time::Duration;

use exuvia_e2e::{World, sandbox};
use exuvia_host::Host;
use exuvia_host::testing::TestHost;
use exuvia_openclaw::gateway::{
    Client, Credential, Delivery, GatewayError, Note, Suspended, Target, Turn, http,
};
use exuvia_openclaw::{LocateOptions, locate};
use exuvia_testkit::gateway::recorded;
use exuvia_testkit::model::Provider;
use exuvia_testkit::sandbox::OPENCLAW;
use secrecy::SecretString;
use serde_json::{Value, json};

const MAIN: &str = "agent:main:main";
const SOON: Duration = Duration::from_mins(1);
const LATE: Duration = Duration::from_mins(2);

/// The machine as `exuvia` sees it in this world, with what the gateway was started with.
fn host(world: &World) -> Arc<dyn Host> {
    let host = TestHost::new()
        .with_env("HOME", world.home().path())
        .with_env("PATH", sandbox().tools().path())
        .with_env("OPENCLAW_GATEWAY_TOKEN", "sandbox");
    Arc::new(host)
}

fn target(host: &Arc<dyn Host>) -> Target {
    let install = locate(host.as_ref(), &LocateOptions::default()).unwrap();
    Target::find(host, &install).unwrap()
}

fn turn(key: &str) -> Turn {
    Turn {
        session_key: MAIN.to_owned(),
        message: format!("say {key}"),
        idempotency_key: key.to_owned(),
    }
}

async fn messages_with(client: &Client, words: &str) -> usize {
    let history = client.history(MAIN, 200, 0).await.unwrap();
    let texts = history.messages.unwrap();
    texts.iter().filter(|m| m.text().contains(words)).count()
}

#[tokio::test]
async fn a_real_gateway_is_found_asked_held_still_and_told_once() {
    let (world, provider) = (World::fork(), Provider::start());
    world.home().use_model(&provider).unwrap();
    let gateway = world.gateway().unwrap();
    let host = host(&world);
    // The port was chosen at the start; it stands in the lock and nowhere else.
    let target = target(&host);
    assert_eq!(target.address().port(), gateway.port());
    let client = target.connect_within(LATE).await.unwrap();
    asks_everything(&client).await;
    refuses_a_wrong_token(&target).await;
    takes_turns(&client, &provider).await;
    holds_still(&client).await;
    tells_once_over_a_restart(&target, client).await;
    gateway.stop().unwrap();
    let gone = target.connect(SOON).await.unwrap_err();
    assert!(matches!(gone, GatewayError::Unreachable { .. }), "{gone}");
}

async fn asks_everything(client: &Client) {
    assert_eq!(client.hello().version(), Some(OPENCLAW));
    assert_eq!(client.main_session(), Some(MAIN));
    let health = client.health().await.unwrap();
    assert_eq!(health.ok, Some(true));
    let loaded = health.plugins.unwrap().loaded.unwrap();
    assert!(loaded.iter().any(|id| id == "irc"), "{loaded:?}");
    let status = client.status().await.unwrap();
    assert_eq!(status.runtime_version.as_deref(), Some(OPENCLAW));
    assert!(client.process().await.unwrap().rss_bytes().is_some());
    let plugins = client.plugins().await.unwrap().plugins.unwrap();
    assert!(plugins.iter().any(|p| p.id.as_deref() == Some("irc")));
    let skills = client.skills(None).await.unwrap().skills.unwrap();
    assert!(skills.iter().all(|skill| skill.name.is_some()));
    let jobs = client.cron_jobs().await.unwrap();
    assert!(jobs.iter().all(|job| job.id.is_some()), "{jobs:?}");
    assert!(client.channels().await.unwrap().channels.is_some());
    let config = client.config_state().await.unwrap();
    assert_eq!((config.valid, config.exists), (Some(true), Some(true)));
    assert!(config.hash.is_some() && config.applied_config_hash.is_some());
    let update = client.update_status().await.unwrap();
    assert_eq!(update.sentinel, Some(Value::Null));
    let unknown = client.call("nosuch", json!({}), SOON).await.unwrap_err();
    assert!(matches!(unknown, GatewayError::Refused { .. }), "{unknown}");
    let address = client.address();
    let ready = http::ready(address, SOON).await.unwrap();
    assert_eq!((ready.code, ready.body.ready), (200, Some(true)));
    let startup = http::startup(address, SOON).await.unwrap();
    assert_eq!(startup.body.version.as_deref(), Some(OPENCLAW));
    assert_eq!(http::live(address, SOON).await.unwrap().body.ok, Some(true));
    still_has_the_recorded_shape(client).await;
}

/// What was recorded for the stand-in is still what the real one answers.
async fn still_has_the_recorded_shape(client: &Client) {
    for method in ["system.info", "plugins.list", "cron.list", "config.get"] {
        let answer = client.call(method, json!({}), SOON).await.unwrap();
        for key in recorded(method).unwrap().as_object().unwrap().keys() {
            assert!(answer.get(key).is_some(), "{method} has no {key} any more");
        }
    }
}

async fn refuses_a_wrong_token(target: &Target) {
    let wrong = Credential::Token(SecretString::from("s3cret"));
    let error = Target::new(target.address(), wrong)
        .connect_within(LATE)
        .await
        .unwrap_err();
    let GatewayError::Denied { refusal, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(refusal.detail_code(), Some("AUTH_TOKEN_MISMATCH"));
    assert!(!format!("{error:?}").contains("s3cret"));
}

async fn takes_turns(client: &Client, provider: &Provider) {
    provider.reply("forty-two");
    let ended = client.take_turn(&turn("first"), LATE).await.unwrap();
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(ended.text(), Some("forty-two"));
    // The same key again makes no second message.
    client.take_turn(&turn("first"), LATE).await.unwrap();
    assert_eq!(messages_with(client, "say first").await, 1);
    let sessions = client.sessions().await.unwrap();
    assert!(sessions.iter().any(|s| s.key.as_deref() == Some(MAIN)));
}

async fn holds_still(client: &Client) {
    let Suspended::Held(held) = client.suspend("exuvia-e2e", LATE).await.unwrap() else {
        panic!("it is never idle");
    };
    assert!(client.health().await.unwrap_err().is_suspended());
    let ready = http::ready(client.address(), SOON).await.unwrap();
    assert_eq!((ready.code, ready.body.ready), (503, Some(false)));
    held.resume().await.unwrap();
    assert_eq!(client.health().await.unwrap().ok, Some(true));
}

async fn tells_once_over_a_restart(target: &Target, before: Client) {
    let note = Note {
        session_key: MAIN.to_owned(),
        label: "exuvia run_0123456789abcdef".to_owned(),
        text: "MARK done".to_owned(),
    };
    let written = before.deliver_note(&note).await.unwrap();
    assert!(matches!(written, Delivery::Written(Some(_))), "{written:?}");
    let process = before.process().await.unwrap().pid;
    let mut events = before.events().unwrap();
    before.request_restart("exuvia e2e", true).await.unwrap();
    // The connection ends when the old life does.
    while events.recv().await.is_ok() {
        if before.health().await.is_err() {
            break;
        }
    }
    let after = target.connect_within(LATE).await.unwrap();
    assert_ne!(after.hello().boot_id(), before.hello().boot_id());
    // Without a supervisor it restarts within itself, or as a child of its own.
    assert!(process.is_some());
    assert_eq!(
        after.deliver_note(&note).await.unwrap(),
        Delivery::AlreadyThere
    );
    assert_eq!(messages_with(&after, "MARK done").await, 1);
}
