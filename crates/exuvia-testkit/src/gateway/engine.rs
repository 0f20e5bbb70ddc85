//! The living part of a stand-in: its script, its book, and what goes on in it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::behaviour::{Behaviour, Restart};
use super::book::Book;
use super::time;
use crate::mini::{Content, ask};

/// Two minutes (`GATEWAY_SUSPEND_TTL_MS` in OpenClaw's `gateway-suspend-coordinator.ts`).
const LEASE_MS: i64 = 120_000;

/// Where the script comes from.
#[derive(Debug)]
pub(super) enum Script {
    Given(Box<Mutex<Behaviour>>),
    File(PathBuf),
}

/// What ends this life of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Stop,
    Restart { reason: String },
}

#[derive(Debug)]
pub(super) struct Engine {
    pub(super) book: Book,
    script: Script,
    life: Mutex<Life>,
    pub(super) port: u16,
    pub(super) process: String,
    content: Option<Content>,
    token: Option<String>,
    turns: Turns,
}

#[derive(Debug)]
struct Life {
    boot_id: String,
    version: String,
    born: Instant,
    end: Option<End>,
    restart_asked: Option<String>,
    turns: Vec<Turn>,
    suspension: Option<Held>,
}

/// What becomes of a turn.
#[derive(Clone, Debug, Default)]
pub(crate) enum Turns {
    /// It is answered as the script says.
    #[default]
    Scripted,
    /// The model provider at this address is asked.
    Asked(String),
    /// It fails.
    Fail,
}

#[derive(Debug)]
struct Turn {
    run_id: String,
    session: String,
    ends: Instant,
    /// What came of it, where it is not the script that says.
    reply: Option<Arc<OnceLock<Result<String, String>>>>,
    written: bool,
}

#[derive(Debug)]
struct Held {
    request_id: String,
    id: String,
    expires_at_ms: i64,
    drain: bool,
}

impl Turns {
    /// Begins one; where its answer will be, if it is not the script's.
    fn begin(&self, message: &str) -> Option<Arc<OnceLock<Result<String, String>>>> {
        let reply = Arc::new(OnceLock::new());
        match self {
            Self::Scripted => return None,
            Self::Fail => drop(reply.set(Err("the agent runner threw: boom".to_owned()))),
            Self::Asked(url) => {
                let (url, message, to) = (url.clone(), message.to_owned(), Arc::clone(&reply));
                std::thread::spawn(move || to.set(ask(&url, &message)));
            }
        }
        Some(reply)
    }
}

impl Engine {
    /// A gateway of this version in its first life.
    pub(super) fn new(script: Script, book: Book, port: u16, version: String) -> Self {
        let life = Life::begin(version);
        book.record_start(&life.boot_id, &life.version);
        Self {
            book,
            script,
            port,
            process: time::id(),
            life: Mutex::new(life),
            content: None,
            token: None,
            turns: Turns::default(),
        }
    }

    /// With what an install of the miniature has, where the script says nothing of it.
    pub(super) fn with(self, content: Content, token: Option<String>) -> Self {
        Self {
            content: Some(content),
            token,
            ..self
        }
    }

    /// With turns that come to this.
    pub(super) fn with_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    pub(super) fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// What must be shown to come in.
    pub(super) fn token(&self) -> Option<String> {
        self.behaviour().token.or_else(|| self.token.clone())
    }

    /// Begins a new life in the same process.
    pub(super) fn begin(&self, version: String) {
        let life = Life::begin(version);
        self.book.record_start(&life.boot_id, &life.version);
        *self.life() = life;
    }

    pub(super) fn behaviour(&self) -> Behaviour {
        match &self.script {
            Script::Given(behaviour) => behaviour.lock().unwrap().clone(),
            Script::File(file) => read(file),
        }
    }

    pub(super) fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        if let Script::Given(behaviour) = &self.script {
            change(&mut behaviour.lock().unwrap());
        }
    }

    pub(super) fn boot_id(&self) -> String {
        self.life().boot_id.clone()
    }

    pub(super) fn version(&self) -> String {
        self.life().version.clone()
    }

    pub(super) fn uptime(&self) -> Duration {
        self.life().born.elapsed()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.uptime() >= Duration::from_millis(self.behaviour().ready_after_ms)
    }

    pub(super) fn end(&self, end: End) {
        self.life().end.get_or_insert(end);
    }

    /// Why this life ends, if it does. A restart that was deferred begins here once the work is
    /// done.
    pub(super) fn ending(&self) -> Option<End> {
        let deferred = self.life().restart_asked.clone();
        if let Some(reason) = deferred.filter(|_| self.blockers().is_empty()) {
            self.end(End::Restart { reason });
        }
        self.life().end.clone()
    }

    /// Asks for a restart; whether it is deferred.
    pub(super) fn restart(&self, reason: &str, skip_deferral: bool) -> bool {
        if self.behaviour().restart == Restart::Ignored {
            return false;
        }
        let deferred = !skip_deferral && !self.blockers().is_empty();
        if deferred {
            self.life().restart_asked = Some(reason.to_owned());
        } else {
            self.end(End::Restart {
                reason: reason.to_owned(),
            });
        }
        deferred
    }

    /// Work that is under way: what the script says, and turns.
    pub(super) fn blockers(&self) -> Vec<Value> {
        let mut blockers = self.behaviour().work;
        self.settle();
        let running = self
            .life()
            .turns
            .iter()
            .filter(|turn| !turn.written)
            .count();
        if running > 0 {
            let message = format!("{running} active chat run(s)");
            blockers.push(json!({ "kind": "chat-run", "count": running, "message": message }));
        }
        blockers
    }

    pub(super) fn begin_turn(&self, session: &str, run_id: &str, message: &str) -> &'static str {
        let mut life = self.life();
        if let Some(turn) = life.turns.iter().find(|turn| turn.run_id == run_id) {
            return if turn.written { "ok" } else { "in_flight" };
        }
        let key = format!("{run_id}:user");
        self.book.write(session, "user", message, Some(&key));
        life.turns.push(Turn {
            run_id: run_id.to_owned(),
            session: session.to_owned(),
            ends: Instant::now() + Duration::from_millis(self.behaviour().turn_ms),
            reply: self.turns.begin(message),
            written: false,
        });
        "accepted"
    }

    /// Whether a turn of this life has ended; a turn of an earlier one is not known.
    pub(super) fn has_ended(&self, run_id: &str) -> bool {
        self.settle();
        let life = self.life();
        life.turns
            .iter()
            .any(|turn| turn.run_id == run_id && turn.written)
    }

    /// What came of a turn that has ended: what the agent says, or why it failed.
    pub(super) fn reply(&self, run_id: &str) -> Result<String, String> {
        let life = self.life();
        let mut turns = life.turns.iter();
        let turn = turns.find(|turn| turn.run_id == run_id);
        let reply = turn.and_then(|turn| turn.reply.as_ref()?.get().cloned());
        reply.unwrap_or_else(|| Ok(self.behaviour().reply))
    }

    pub(super) fn is_active(&self, session: &str) -> bool {
        self.settle();
        let life = self.life();
        life.turns
            .iter()
            .any(|turn| turn.session == session && !turn.written)
    }

    /// Writes the answers of the turns that are over.
    fn settle(&self) {
        let reply = self.behaviour().reply;
        let mut life = self.life();
        for turn in &mut life.turns {
            let asked = turn.reply.as_ref();
            let is_over = asked.is_none_or(|asked| asked.get().is_some());
            if !turn.written && is_over && Instant::now() >= turn.ends {
                turn.written = true;
                let said = match asked.and_then(|asked| asked.get()) {
                    Some(said) => said.clone(),
                    None => Ok(reply.clone()),
                };
                if let Ok(said) = said {
                    self.book.write(&turn.session, "assistant", &said, None);
                }
            }
        }
    }

    /// `gateway.suspend.prepare`: a payload, or an error.
    pub(super) fn suspend(&self, request_id: &str, drain: bool) -> Result<Value, Value> {
        let blockers = self.blockers();
        let mut life = self.life();
        life.drop_expired();
        if let Some(held) = &mut life.suspension {
            if held.request_id != request_id || held.drain != drain {
                return Err(conflict(held));
            }
            held.expires_at_ms = time::now_ms() + LEASE_MS;
            return Ok(held.state(&blockers));
        }
        if !blockers.is_empty() && !drain {
            return Ok(
                json!({ "status": "busy", "reason": "active-work", "retryAfterMs": 20_000,
                "activeCount": blockers.len(), "blockers": blockers }),
            );
        }
        let held = Held {
            request_id: request_id.to_owned(),
            id: time::id(),
            expires_at_ms: time::now_ms() + LEASE_MS,
            drain,
        };
        let state = held.state(&blockers);
        life.suspension = Some(held);
        Ok(state)
    }

    /// `gateway.suspend.status`.
    pub(super) fn suspension(&self, id: &str) -> Result<Value, Value> {
        let mut life = self.life();
        life.drop_expired();
        match &life.suspension {
            None => Ok(json!({ "status": "running" })),
            Some(held) if held.id == id => {
                Ok(json!({ "status": "ready", "expiresAtMs": held.expires_at_ms }))
            }
            Some(held) => Err(conflict(held)),
        }
    }

    /// `gateway.suspend.resume`.
    pub(super) fn resume(&self, id: &str) -> Result<Value, Value> {
        let mut life = self.life();
        life.drop_expired();
        let resumed = match &life.suspension {
            None => false,
            Some(held) if held.id == id => true,
            Some(_) => {
                return Err(json!({ "code": "INVALID_REQUEST",
                    "message": "gateway suspension id does not match" }));
            }
        };
        life.suspension = None;
        Ok(json!({ "ok": true, "status": "running", "resumed": resumed }))
    }

    pub(super) fn is_suspended(&self) -> bool {
        let mut life = self.life();
        life.drop_expired();
        life.suspension.is_some()
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap()
    }
}

impl Life {
    fn begin(version: String) -> Self {
        Self {
            boot_id: time::id(),
            version,
            born: Instant::now(),
            end: None,
            restart_asked: None,
            turns: Vec::new(),
            suspension: None,
        }
    }

    fn drop_expired(&mut self) {
        let now = time::now_ms();
        self.suspension = self
            .suspension
            .take()
            .filter(|held| held.expires_at_ms > now);
    }
}

impl Held {
    fn state(&self, blockers: &[Value]) -> Value {
        let status = if blockers.is_empty() {
            "ready"
        } else {
            "draining"
        };
        let mut state = json!({ "status": status, "suspensionId": self.id,
            "expiresAtMs": self.expires_at_ms, "activeCount": blockers.len(),
            "blockers": blockers });
        if !blockers.is_empty() {
            state["retryAfterMs"] = 20_000.into();
        }
        state
    }
}

fn conflict(held: &Held) -> Value {
    let left = held.expires_at_ms - time::now_ms();
    json!({ "code": "UNAVAILABLE", "message": "another gateway suspension is already prepared",
        "retryable": true, "retryAfterMs": left,
        "details": { "reason": "gateway-suspension-conflict", "expiresAtMs": held.expires_at_ms } })
}

/// The script in a file; the usual one where there is none. One that is being written this moment
/// is read again.
pub(super) fn read(file: &std::path::Path) -> Behaviour {
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        let Ok(text) = std::fs::read_to_string(file) else {
            return Behaviour::default();
        };
        match serde_json::from_str(&text) {
            Ok(behaviour) => return behaviour,
            Err(_) if Instant::now() < end => std::thread::yield_now(),
            Err(error) => panic!("{}: {error}", file.display()),
        }
    }
}
