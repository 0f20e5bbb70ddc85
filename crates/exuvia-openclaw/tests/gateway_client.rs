//! The gateway client against a stand-in that does what the real gateway does.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, too"
)]

use std::time::Duration;

use exuvia_openclaw::gateway::{
    Address, Client, Credential, Delivery, GatewayError, Note, Suspended, Target, Turn, http,
};
use exuvia_testkit::gateway::{Behaviour, Gateway, recorded};
use secrecy::SecretString;
use serde_json::json;

const MAIN: &str = "agent:main:main";
const SOON: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(150);

fn target(gateway: &Gateway) -> Target {
    Target::new(Address::loopback(gateway.port()), Credential::Nothing)
}

async fn client(gateway: &Gateway) -> Client {
    target(gateway).connect(SOON).await.unwrap()
}

fn turn(key: &str) -> Turn {
    Turn {
        session_key: MAIN.to_owned(),
        message: "hello".to_owned(),
        idempotency_key: key.to_owned(),
    }
}

fn note() -> Note {
    Note {
        session_key: MAIN.to_owned(),
        label: "exuvia run_0123456789abcdef".to_owned(),
        text: "updated to 2026.9.6".to_owned(),
    }
}

#[tokio::test]
async fn every_question_has_a_typed_answer() {
    let gateway = Gateway::start();
    let client = client(&gateway).await;
    let hello = client.hello();
    assert_eq!(hello.version(), Some("2026.9.5"));
    assert!(hello.boot_id().is_some() && !client.is_fallback());
    assert_eq!(client.main_session(), Some(MAIN));
    assert_eq!(client.health().await.unwrap().ok, Some(true));
    let status = client.status().await.unwrap();
    assert_eq!(status.runtime_version.as_deref(), Some("2026.9.5"));
    let process = client.process().await.unwrap();
    assert_eq!(process.pid, Some(std::process::id()));
    assert!(process.rss_bytes().is_some());
    let jobs = client.cron_jobs().await.unwrap();
    assert!(
        jobs.iter()
            .all(|job| job.id.is_some() && job.enabled.is_some())
    );
    let plugins = client.plugins().await.unwrap().plugins.unwrap();
    let browser = plugins.iter().find(|p| p.id.as_deref() == Some("browser"));
    assert!(browser.unwrap().runtime.as_ref().unwrap().state.is_some());
    let skills = client.skills(None).await.unwrap().skills.unwrap();
    assert!(
        skills
            .iter()
            .all(|skill| skill.name.is_some() && skill.source.is_some())
    );
    assert!(client.channels().await.unwrap().channels.is_some());
    assert_eq!(client.config_state().await.unwrap().valid, Some(true));
    let update = client.update_status().await.unwrap();
    assert_eq!(update.sentinel, Some(serde_json::Value::Null));
    assert!(!update.is_updating() && update.newer().is_none());
    assert_eq!(client.restart_readiness().await.unwrap().safe, Some(true));
}

#[tokio::test]
async fn an_unknown_method_is_refused_in_the_gateways_words() {
    let gateway = Gateway::start();
    let client = client(&gateway).await;
    let error = client.call("nosuch", json!({}), SOON).await.unwrap_err();
    let GatewayError::Refused { refusal, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(refusal.code, "INVALID_REQUEST");
    assert!(!error.is_transient());
    assert!(
        error.to_string().contains("unknown method: nosuch"),
        "{error}"
    );
}

#[tokio::test]
async fn a_turn_is_waited_for_and_its_key_makes_one_message_only() {
    let gateway = Gateway::with(Behaviour {
        turn_ms: 100,
        reply: "forty-two".to_owned(),
        ..Behaviour::default()
    });
    let client = client(&gateway).await;
    let ended = client.take_turn(&turn("t1"), SOON).await.unwrap();
    assert!(ended.is_ok());
    assert_eq!(ended.text(), Some("forty-two"));
    client.take_turn(&turn("t1"), SOON).await.unwrap();
    assert_eq!(gateway.book().count(MAIN, "hello"), 1);
    let sessions = client.sessions().await.unwrap();
    assert_eq!(sessions[0].key.as_deref(), Some(MAIN));
    assert_eq!(sessions[0].has_active_run, Some(false));
}

#[tokio::test]
async fn a_turn_that_does_not_end_is_given_up_at_the_deadline() {
    let gateway = Gateway::with(Behaviour {
        turn_ms: 60_000,
        ..Behaviour::default()
    });
    let client = client(&gateway).await;
    let ended = client.take_turn(&turn("t1"), SHORT).await.unwrap();
    assert!(!ended.has_ended() && !ended.is_ok());
    let readiness = client.restart_readiness().await.unwrap();
    assert_eq!((readiness.safe, readiness.active()), (Some(false), Some(1)));
    assert_eq!(
        client.sessions().await.unwrap()[0].has_active_run,
        Some(true)
    );
}

#[tokio::test]
async fn a_note_is_written_once_however_often_it_is_delivered() {
    let gateway = Gateway::start();
    let first = client(&gateway).await;
    first.take_turn(&turn("t1"), SOON).await.unwrap();
    let written = first.deliver_note(&note()).await.unwrap();
    assert!(matches!(written, Delivery::Written(Some(_))), "{written:?}");
    gateway.restart(None);
    let again = target(&gateway).connect_within(SOON).await.unwrap();
    assert_eq!(
        again.deliver_note(&note()).await.unwrap(),
        Delivery::AlreadyThere
    );
    assert_eq!(gateway.book().count(MAIN, "updated to 2026.9.6"), 1);
}

#[tokio::test]
async fn a_note_is_found_behind_hundreds_of_later_messages() {
    let gateway = Gateway::start();
    let client = client(&gateway).await;
    client.take_turn(&turn("t1"), SOON).await.unwrap();
    client.deliver_note(&note()).await.unwrap();
    for number in 0..150 {
        client
            .begin_turn(&turn(&format!("later-{number}")))
            .await
            .unwrap();
    }
    assert_eq!(
        client.deliver_note(&note()).await.unwrap(),
        Delivery::AlreadyThere
    );
}

#[tokio::test]
async fn a_note_for_a_session_that_is_not_there_is_refused() {
    let gateway = Gateway::start();
    let error = client(&gateway)
        .await
        .deliver_note(&note())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("session not found"), "{error}");
}

#[tokio::test]
async fn a_suspended_gateway_says_so_everywhere_and_goes_on_afterwards() {
    let gateway = Gateway::start();
    let client = client(&gateway).await;
    let held = client.suspend("run_1", Duration::ZERO).await.unwrap();
    let Suspended::Held(suspension) = held else {
        panic!("{held:?}");
    };
    let error = client.health().await.unwrap_err();
    assert!(error.is_suspended() && error.is_transient(), "{error}");
    let ready = http::ready(client.address(), SOON).await.unwrap();
    assert_eq!((ready.code, ready.body.ready), (503, Some(false)));
    assert_eq!(ready.body.failing.unwrap(), ["gateway-draining"]);
    let state = client.suspension(suspension.id()).await.unwrap();
    assert_eq!(state.status.as_deref(), Some("ready"));
    assert!(!suspension.is_lost());
    suspension.resume().await.unwrap();
    assert_eq!(client.health().await.unwrap().ok, Some(true));
    assert_eq!(http::ready(client.address(), SOON).await.unwrap().code, 200);
}

#[tokio::test]
async fn the_same_request_takes_up_a_suspension_and_another_one_does_not() {
    let gateway = Gateway::start();
    let (first, second) = (client(&gateway).await, client(&gateway).await);
    let Suspended::Held(held) = first.suspend("run_1", Duration::ZERO).await.unwrap() else {
        panic!("it has no work");
    };
    let refused = second.suspend("run_2", Duration::ZERO).await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    let Suspended::Held(again) = second.suspend("run_1", Duration::ZERO).await.unwrap() else {
        panic!("it has no work");
    };
    assert_eq!(again.id(), held.id());
    again.resume().await.unwrap();
    assert_eq!(
        first.end_suspension(held.id()).await.unwrap().resumed,
        Some(false)
    );
}

#[tokio::test]
async fn a_busy_gateway_is_drained_or_left_alone() {
    let gateway = Gateway::with(Behaviour {
        turn_ms: 300,
        ..Behaviour::default()
    });
    let client = client(&gateway).await;
    client.begin_turn(&turn("t1")).await.unwrap();
    let left = client.suspend("run_1", Duration::ZERO).await.unwrap();
    assert!(
        matches!(&left, Suspended::Busy { blockers } if blockers.len() == 1),
        "{left:?}"
    );
    assert_eq!(client.health().await.unwrap().ok, Some(true));
    let drained = client.suspend("run_1", SOON).await.unwrap();
    let Suspended::Held(suspension) = drained else {
        panic!("{drained:?}");
    };
    suspension.resume().await.unwrap();
    assert_eq!(gateway.book().count(MAIN, "ok"), 1);
}

#[tokio::test]
async fn a_drain_that_takes_too_long_lets_the_gateway_go_on() {
    let work = json!({ "kind": "task", "count": 1, "message": "a long one" });
    let gateway = Gateway::with(Behaviour {
        work: vec![work],
        ..Behaviour::default()
    });
    let client = client(&gateway).await;
    let left = client.suspend("run_1", SHORT).await.unwrap();
    assert!(matches!(left, Suspended::Busy { .. }), "{left:?}");
    assert_eq!(client.health().await.unwrap().ok, Some(true));
}

#[tokio::test]
async fn a_restart_is_another_boot_and_ends_the_connection() {
    let gateway = Gateway::start();
    let before = client(&gateway).await;
    let mut events = before.events().unwrap();
    gateway.restart(Some("2026.9.6"));
    let told = tokio::time::timeout(SOON, events.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(told.name, "shutdown");
    let error = before.health().await.unwrap_err();
    assert!(
        matches!(error, GatewayError::Lost { .. }) && error.is_transient(),
        "{error}"
    );
    assert!(error.to_string().contains("service restart"), "{error}");
    let after = target(&gateway).connect_within(SOON).await.unwrap();
    assert_ne!(after.hello().boot_id(), before.hello().boot_id());
    assert_eq!(after.hello().version(), Some("2026.9.6"));
    let startup = http::startup(after.address(), SOON).await.unwrap();
    assert_eq!(startup.body.version.as_deref(), Some("2026.9.6"));
}

#[tokio::test]
async fn a_gateway_that_is_still_starting_is_waited_for() {
    let gateway = Gateway::with(Behaviour {
        ready_after_ms: 300,
        ..Behaviour::default()
    });
    let early = target(&gateway).connect(SOON).await.unwrap_err();
    assert!(
        early.is_transient() && early.retry_after().is_some(),
        "{early}"
    );
    target(&gateway).connect_within(SOON).await.unwrap();
}

#[tokio::test]
async fn a_deferred_restart_waits_for_the_work() {
    let gateway = Gateway::with(Behaviour {
        turn_ms: 60_000,
        ..Behaviour::default()
    });
    let client = client(&gateway).await;
    client.begin_turn(&turn("t1")).await.unwrap();
    let answer = client.request_restart("test", false).await.unwrap();
    assert_eq!(answer.status.as_deref(), Some("deferred"));
    assert_eq!(answer.preflight.unwrap().active(), Some(1));
    assert_eq!(client.health().await.unwrap().ok, Some(true));
}

#[tokio::test]
async fn requests_overlap_and_one_that_is_dropped_disturbs_no_other() {
    let gateway = Gateway::with(Behaviour {
        silent: vec!["health".to_owned()],
        ..Behaviour::default()
    });
    let client = client(&gateway).await;
    let (silent, status) = tokio::join!(
        tokio::time::timeout(SHORT, client.health()),
        client.status(),
    );
    assert!(silent.is_err(), "it never answers");
    assert!(status.is_ok());
    assert_eq!(
        client.status().await.unwrap().runtime_version.as_deref(),
        Some("2026.9.5")
    );
}

#[tokio::test]
async fn a_question_that_is_not_answered_ends_at_its_deadline() {
    let gateway = Gateway::with(Behaviour {
        silent: vec!["health".to_owned()],
        ..Behaviour::default()
    });
    let patient = client(&gateway).await.with_patience(SHORT);
    let error = patient.health().await.unwrap_err();
    assert!(matches!(error, GatewayError::Silent { .. }), "{error}");
    assert!(
        error.to_string().contains("answer health within 150 ms"),
        "{error}"
    );
}

#[tokio::test]
async fn fields_of_a_later_version_are_kept_and_missing_ones_unknown() {
    let gateway = Gateway::start();
    gateway.behave(|behaviour| {
        let odd = json!({ "ok": "perhaps", "later": { "x": 1 } });
        behaviour.answers.insert("health".to_owned(), odd);
        behaviour.answers.insert("status".to_owned(), json!([]));
        behaviour.answers.insert("cron.list".to_owned(), json!({}));
    });
    let client = client(&gateway).await;
    let health = client.health().await.unwrap();
    assert_eq!((health.ok, health.plugins), (None, None));
    assert_eq!(health.rest["later"]["x"], 1);
    let error = client.status().await.unwrap_err();
    assert!(matches!(error, GatewayError::Unreadable { .. }), "{error}");
    let error = client.cron_jobs().await.unwrap_err();
    assert!(matches!(error, GatewayError::Unreadable { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_token_is_told_at_once_and_appears_nowhere() {
    let gateway = Gateway::with(Behaviour {
        token: Some("right".to_owned()),
        ..Behaviour::default()
    });
    let address = Address::loopback(gateway.port());
    let credential = |secret: &str| Credential::Token(SecretString::from(secret));
    let wrong = Target::new(address, credential("s3cret-and-wrong"));
    let error = wrong.connect_within(SOON).await.unwrap_err();
    assert!(
        matches!(error, GatewayError::Denied { .. }) && !error.is_transient(),
        "{error}"
    );
    let told = format!("{error} {error:?} {wrong:?}");
    assert!(!told.contains("s3cret"), "{told}");
    Target::new(address, credential("right"))
        .connect(SOON)
        .await
        .unwrap();
    let password = Credential::Password(SecretString::from("right"));
    Target::new(address, password).connect(SOON).await.unwrap();
}

#[tokio::test]
async fn a_request_over_the_gateways_limit_is_not_sent() {
    let gateway = Gateway::start();
    let client = client(&gateway).await;
    let huge = json!({ "message": "x".repeat(26 << 20) });
    let error = client.call("agent", huge, SOON).await.unwrap_err();
    assert!(
        matches!(error, GatewayError::RequestTooLarge { .. }),
        "{error}"
    );
    assert_eq!(client.health().await.unwrap().ok, Some(true));
}

/// What the stand-in makes up must have the shape of what the real one answered.
#[tokio::test]
async fn the_stand_ins_answers_have_the_shape_of_the_real_ones() {
    let gateway = Gateway::start();
    let client = client(&gateway).await;
    client.take_turn(&turn("t1"), SOON).await.unwrap();
    let asked = [
        ("health", json!({})),
        ("status", json!({})),
        ("system.info", json!({})),
        ("config.get", json!({})),
        ("update.status", json!({})),
        ("plugins.list", json!({})),
        ("skills.status", json!({})),
        ("channels.status", json!({})),
        ("sessions.list", json!({})),
        ("cron.list", json!({})),
        ("cron.status", json!({})),
        ("chat.history", json!({ "sessionKey": MAIN })),
        ("gateway.restart.preflight", json!({})),
    ];
    for (method, params) in asked {
        let answer = client.call(method, params, SOON).await.unwrap();
        let real = recorded(method).unwrap();
        let keys = |value: &serde_json::Value| {
            let object = value.as_object().unwrap();
            object
                .keys()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(keys(&answer), keys(&real), "{method}");
        for list in ["plugins", "skills", "jobs", "sessions", "messages"] {
            let (Some(ours), Some(theirs)) = (answer[list].as_array(), real[list].as_array())
            else {
                continue;
            };
            let known: std::collections::BTreeSet<_> = theirs.iter().flat_map(keys).collect();
            for entry in ours {
                assert!(keys(entry).is_subset(&known), "{method}: {entry}");
            }
        }
    }
}
