//! The methods of a stand-in.

use serde_json::{Value, json};

use super::engine::Engine;
use super::recorded::recorded;
use super::time;
use crate::mini::Content;

/// What becomes of a request.
pub(super) enum Answer {
    Ok(Value),
    Error(Value),
    /// `agent.wait`: when this turn has ended, or so many milliseconds are over.
    Wait {
        run_id: String,
        timeout_ms: u64,
    },
    Never,
}

impl From<Result<Value, Value>> for Answer {
    fn from(result: Result<Value, Value>) -> Self {
        result.map_or_else(Self::Error, Self::Ok)
    }
}

/// Answers a request of somebody who was let in.
pub(super) fn answer(engine: &Engine, method: &str, params: &Value) -> Answer {
    engine.book.record_asked(method, params);
    let behaviour = engine.behaviour();
    if behaviour.silent.iter().any(|silent| silent == method) {
        return Answer::Never;
    }
    if let Some(error) = behaviour.refuses.get(method) {
        return Answer::Error(error.clone());
    }
    if let Some(answer) = behaviour.answers.get(method) {
        return Answer::Ok(answer.clone());
    }
    if engine.is_suspended() && !method.starts_with("gateway.suspend.") {
        return Answer::Error(json!({ "code": "UNAVAILABLE",
            "message": format!("{method} unavailable during gateway suspension"),
            "retryable": true, "retryAfterMs": 1000,
            "details": { "method": method, "reason": "gateway-suspending", "phase": "prepared" } }));
    }
    let text = |key: &str| params[key].as_str().unwrap_or_default();
    match method {
        "gateway.suspend.prepare" => engine
            .suspend(text("requestId"), params["drain"] == true)
            .into(),
        "gateway.suspend.status" => engine.suspension(text("suspensionId")).into(),
        "gateway.suspend.resume" => engine.resume(text("suspensionId")).into(),
        "gateway.restart.preflight" => Answer::Ok(preflight(engine)),
        "gateway.restart.request" => Answer::Ok(restart(engine, params)),
        "agent" => Answer::Ok(turn(engine, text("sessionKey"), params, "accepted")),
        "chat.send" => Answer::Ok(turn(engine, text("sessionKey"), params, "started")),
        "sessions.send" => Answer::Ok(turn(engine, text("key"), params, "started")),
        "agent.wait" => Answer::Wait {
            run_id: text("runId").to_owned(),
            timeout_ms: params["timeoutMs"].as_u64().unwrap_or(30_000),
        },
        "chat.inject" => inject(engine, params).into(),
        "chat.history" => Answer::Ok(history(engine, params)),
        "wake" | "system-event" => Answer::Ok(json!({ "ok": true })),
        _ => look(engine, method).into(),
    }
}

/// `hello-ok`.
pub(super) fn hello(engine: &Engine) -> Value {
    let mut hello = base("connect");
    hello["protocol"] = engine.behaviour().protocol.into();
    hello["server"]["version"] = engine.version().into();
    hello["server"]["bootId"] = engine.boot_id().into();
    hello["server"]["connId"] = time::id().into();
    hello["snapshot"]["uptimeMs"] = uptime(engine);
    hello
}

/// How a turn ended.
pub(super) fn turn_end(engine: &Engine, run_id: &str) -> Value {
    if !engine.has_ended(run_id) {
        return json!({ "runId": run_id, "status": "timeout" });
    }
    let reply = match engine.reply(run_id) {
        Ok(reply) => reply,
        Err(words) => {
            return json!({ "runId": run_id, "status": "error", "endedAt": time::now_ms(),
                "error": words });
        }
    };
    json!({ "runId": run_id, "status": "ok", "endedAt": time::now_ms(), "stopReason": "stop",
        "livenessState": "working",
        "terminalReply": { "disposition": "visible", "text": reply } })
}

fn look(engine: &Engine, method: &str) -> Result<Value, Value> {
    let unknown =
        json!({ "code": "INVALID_REQUEST", "message": format!("unknown method: {method}") });
    let mut answer = recorded(method).filter(|_| method.contains('.') || is_plain(method));
    let answer_mut = answer.as_mut().ok_or(unknown)?;
    let behaviour = engine.behaviour();
    match method {
        "health" => answer_mut["ts"] = time::now_ms().into(),
        "status" => answer_mut["runtimeVersion"] = engine.version().into(),
        "system.info" => {
            answer_mut["pid"] = std::process::id().into();
            answer_mut["port"] = engine.port.into();
            answer_mut["processInstanceId"] = engine.process.clone().into();
            answer_mut["uptimeMs"] = uptime(engine);
        }
        "plugins.list" => {
            let own = || engine.content().map(Content::plugins);
            put(answer_mut, "plugins", behaviour.plugins.or_else(own));
        }
        "skills.status" => {
            let own = || engine.content().map(Content::skills);
            put(answer_mut, "skills", behaviour.skills.or_else(own));
        }
        "cron.list" => {
            let own = || engine.content().map(Content::cron);
            put(answer_mut, "jobs", behaviour.cron.or_else(own));
            let count = answer_mut["jobs"].as_array().map_or(0, Vec::len);
            answer_mut["total"] = count.into();
            answer_mut["hasMore"] = false.into();
            answer_mut["nextOffset"] = Value::Null;
        }
        "sessions.list" => sessions(engine, answer_mut),
        _ => {}
    }
    answer.ok_or(Value::Null)
}

fn is_plain(method: &str) -> bool {
    matches!(method, "health" | "status")
}

fn put(answer: &mut Value, key: &str, list: Option<Vec<Value>>) {
    if let Some(list) = list {
        answer[key] = list.into();
    }
}

fn sessions(engine: &Engine, answer: &mut Value) {
    let sample = answer["sessions"][0].clone();
    let own = engine.content().map(Content::sessions).unwrap_or_default();
    let mut keys = engine.book.sessions();
    keys.extend(engine.behaviour().sessions);
    keys.dedup();
    keys.retain(|key| own.iter().all(|session| session["key"] != **key));
    let others = keys
        .into_iter()
        .map(|key| json!({ "sessionId": format!("id-of-{key}"), "key": key }));
    let sessions: Vec<Value> = own
        .iter()
        .cloned()
        .chain(others)
        .map(|known| {
            let mut session = sample.clone();
            let key = known["key"].as_str().unwrap_or_default();
            session["hasActiveRun"] = engine.is_active(key).into();
            for (name, value) in known.as_object().into_iter().flatten() {
                session[name] = value.clone();
            }
            session
        })
        .collect();
    answer["count"] = sessions.len().into();
    answer["totalCount"] = sessions.len().into();
    answer["sessions"] = sessions.into();
}

fn history(engine: &Engine, params: &Value) -> Value {
    let session = params["sessionKey"].as_str().unwrap_or_default();
    let number = |key: &str, default: u64| {
        usize::try_from(params[key].as_u64().unwrap_or(default)).expect("a small number")
    };
    let (limit, offset) = (number("limit", 200), number("offset", 0));
    let all = engine.book.transcript(session);
    let end = all.len().saturating_sub(offset);
    let begin = end.saturating_sub(limit);
    let mut answer = base("chat.history");
    let messages = all[begin..end].iter().map(|message| {
        let mut shown = json!({ "role": message.role, "timestamp": message.at,
            "__openclaw": { "id": message.id, "seq": message.seq } });
        shown["content"] = if message.role == "user" {
            message.text.clone().into()
        } else {
            json!([{ "type": "text", "text": message.text }])
        };
        if let Some(key) = &message.key {
            shown["idempotencyKey"] = key.clone().into();
        }
        shown
    });
    answer["messages"] = messages.collect();
    answer["sessionKey"] = session.into();
    answer["hasMore"] = (begin > 0).into();
    answer["totalMessages"] = all.len().into();
    answer["sessionInfo"]["hasActiveRun"] = engine.is_active(session).into();
    answer
}

/// A session exists once it has a message, or when the script names it.
fn inject(engine: &Engine, params: &Value) -> Result<Value, Value> {
    let invalid = |message: &str| json!({ "code": "INVALID_REQUEST", "message": message });
    if params.get("idempotencyKey").is_some() {
        let words = "invalid chat.inject params: at root: unexpected property 'idempotencyKey'";
        return Err(invalid(words));
    }
    let session = params["sessionKey"].as_str().unwrap_or_default();
    let own = engine.content().map(Content::sessions).unwrap_or_default();
    let known = engine.book.sessions().iter().any(|key| key == session)
        || own.iter().any(|known| known["key"] == *session)
        || engine.behaviour().sessions.iter().any(|key| key == session);
    if !known {
        return Err(invalid("session not found"));
    }
    let message = params["message"].as_str().unwrap_or_default();
    let text = match params["label"].as_str() {
        Some(label) => format!("[{label}]\n\n{message}"),
        None => message.to_owned(),
    };
    let id = engine.book.write(session, "assistant", &text, None);
    Ok(json!({ "ok": true, "messageId": id }))
}

fn turn(engine: &Engine, session: &str, params: &Value, accepted: &str) -> Value {
    let run_id = params["idempotencyKey"].as_str().unwrap_or_default();
    let message = params["message"].as_str().unwrap_or_default();
    let status = match engine.begin_turn(session, run_id, message) {
        "accepted" => accepted,
        other => other,
    };
    json!({ "runId": run_id, "sessionKey": session, "status": status,
        "acceptedAt": time::now_ms() })
}

fn preflight(engine: &Engine) -> Value {
    let blockers = engine.blockers();
    let mut answer = base("gateway.restart.preflight");
    for count in answer["counts"]
        .as_object_mut()
        .expect("counts")
        .values_mut()
    {
        *count = 0.into();
    }
    answer["counts"]["totalActive"] = blockers.len().into();
    answer["safe"] = blockers.is_empty().into();
    answer["summary"] = if blockers.is_empty() {
        "safe to restart now".into()
    } else {
        format!("restart deferred: {} active", blockers.len()).into()
    };
    answer["blockers"] = blockers.into();
    answer
}

fn restart(engine: &Engine, params: &Value) -> Value {
    let reason = params["reason"]
        .as_str()
        .unwrap_or("gateway.restart")
        .to_owned();
    let preflight = preflight(engine);
    let deferred = engine.restart(&reason, params["skipDeferral"] == true);
    let status = if deferred { "deferred" } else { "scheduled" };
    json!({ "ok": true, "status": status, "preflight": preflight, "restart": {
        "ok": true, "pid": std::process::id(), "signal": "SIGUSR1", "reason": reason,
        "mode": "emit", "cooldownMsApplied": 0, "delayMs": 0, "coalesced": false,
        "emitHooksQueued": false } })
}

fn uptime(engine: &Engine) -> Value {
    u64::try_from(engine.uptime().as_millis())
        .expect("a short life")
        .into()
}

fn base(name: &str) -> Value {
    recorded(name).expect("a recorded answer")
}
