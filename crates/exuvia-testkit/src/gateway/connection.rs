//! One connection to a stand-in: a page, or the protocol.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

use super::behaviour::Speaks;
use super::engine::{End, Engine};
use super::methods::{Answer, answer, hello, turn_end};
use super::pages;
use super::recorded::recorded;

/// How often a connection looks up from reading; bounds how late an answer that had to wait is.
const TICK: Duration = Duration::from_millis(3);
/// How long a client may take to say what it wants.
const HEAD: Duration = Duration::from_secs(5);
const MAX_HEAD: usize = 8192;

/// Serves one connection to its end.
pub(super) fn serve(engine: &Arc<Engine>, stream: TcpStream) {
    // A client that goes away in the middle is no failure of the stand-in.
    let _ = try_serve(engine, stream);
}

fn try_serve(engine: &Arc<Engine>, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    if engine.behaviour().speaks == Speaks::Nothing {
        return hang(engine, &mut stream);
    }
    let head = peek_head(&stream)?;
    let wants_socket = head.to_ascii_lowercase().contains("upgrade: websocket");
    if !wants_socket || engine.behaviour().speaks == Speaks::WebPage {
        return pages::answer(engine, &mut stream, &head);
    }
    if engine.ending().is_some() {
        return pages::unavailable(&mut stream);
    }
    stream.set_read_timeout(None)?;
    let socket = tungstenite::accept(stream).map_err(io::Error::other)?;
    socket.get_ref().set_read_timeout(Some(TICK))?;
    let (later, answers) = channel();
    let mut speaker = Speaker {
        engine: engine.clone(),
        socket,
        later,
        is_in: false,
    };
    speaker.speak(&answers).map_err(io::Error::other)
}

/// Keeps the connection and says nothing.
fn hang(engine: &Engine, stream: &mut TcpStream) -> io::Result<()> {
    let mut dropped = [0; 1024];
    while engine.ending().is_none() {
        match stream.read(&mut dropped) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if is_idle(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The head of the request, left where it is for whoever reads it.
fn peek_head(stream: &TcpStream) -> io::Result<String> {
    let end = Instant::now() + HEAD;
    let mut head = vec![0; MAX_HEAD];
    loop {
        match stream.peek(&mut head) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                let text = String::from_utf8_lossy(&head[..length]).into_owned();
                if text.contains("\r\n\r\n") {
                    return Ok(text);
                }
            }
            Err(error) if is_idle(&error) => {}
            Err(error) => return Err(error),
        }
        if Instant::now() > end {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

pub(super) fn is_idle(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

struct Speaker {
    engine: Arc<Engine>,
    socket: WebSocket<TcpStream>,
    later: Sender<Value>,
    is_in: bool,
}

impl Speaker {
    fn speak(&mut self, answers: &Receiver<Value>) -> Result<(), Error> {
        let challenge = recorded("challenge").expect("the challenge");
        self.say(&challenge)?;
        loop {
            for answer in answers.try_iter().collect::<Vec<_>>() {
                self.say(&answer)?;
            }
            if let Some(end) = self.engine.ending() {
                return self.bid_farewell(&end);
            }
            match self.socket.read() {
                Ok(Message::Text(text)) => self.take(&text)?,
                Ok(Message::Close(_)) => return Ok(()),
                Ok(_) => {}
                Err(Error::Io(error)) if is_idle(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, text: &str) -> Result<(), Error> {
        let request: Value = serde_json::from_str(text).unwrap_or_default();
        let id = request["id"].clone();
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        if !self.is_in {
            return self.let_in(&id, &method, &request["params"]);
        }
        match answer(&self.engine, &method, &request["params"]) {
            Answer::Ok(payload) => self.say(&accepted(&id, &payload)),
            Answer::Error(error) => self.say(&refused(&id, &error)),
            Answer::Wait { run_id, timeout_ms } => {
                self.wait(id, run_id, Duration::from_millis(timeout_ms));
                Ok(())
            }
            Answer::Never => Ok(()),
        }
    }

    fn let_in(&mut self, id: &Value, method: &str, params: &Value) -> Result<(), Error> {
        self.engine.book.record_asked(method, params);
        match self.objection(method, params) {
            None => {
                self.is_in = true;
                self.say(&accepted(id, &hello(&self.engine)))
            }
            Some((error, code)) => {
                let words = error["message"].as_str().unwrap_or_default().to_owned();
                self.say(&refused(id, &error))?;
                self.close(code, &words)
            }
        }
    }

    /// Why somebody is not let in, and the code that the connection is closed with.
    fn objection(&self, method: &str, params: &Value) -> Option<(Value, u16)> {
        let behaviour = self.engine.behaviour();
        let invalid = |message: &str, details: Value| json!({ "code": "INVALID_REQUEST", "message": message, "details": details });
        if method != "connect" {
            let error = invalid("first frame must be connect", json!({}));
            return Some((error, 1008));
        }
        let spoken = behaviour.protocol;
        let offered = |key: &str| params[key].as_u64().unwrap_or_default();
        if !(offered("minProtocol")..=offered("maxProtocol")).contains(&spoken) {
            let details = json!({ "code": "PROTOCOL_MISMATCH", "expectedProtocol": spoken,
                "clientMinProtocol": offered("minProtocol"),
                "clientMaxProtocol": offered("maxProtocol"), "minimumProbeProtocol": spoken - 1 });
            return Some((invalid("protocol mismatch", details), 1002));
        }
        if params["client"]["id"] != "gateway-client" || params["client"]["mode"] != "backend" {
            let words = "invalid connect params: at /client/id: must be equal to one of the \
                         allowed values";
            return Some((invalid(words, json!({})), 1008));
        }
        let shown = &params["auth"];
        let fits = |token: &String| shown["token"] == **token || shown["password"] == **token;
        if !self.engine.token().as_ref().is_none_or(fits) {
            let words = "unauthorized: gateway token mismatch (provide gateway auth token)";
            let details = json!({ "code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch",
                "canRetryWithDeviceToken": false,
                "recommendedNextStep": "update_auth_credentials" });
            return Some((invalid(words, details), 1008));
        }
        if let Some(error) = behaviour.refuses.get("connect") {
            return Some((error.clone(), 1013));
        }
        if !self.engine.is_ready() {
            let error = json!({ "code": "UNAVAILABLE", "message": "gateway starting",
                "retryable": true, "retryAfterMs": 50,
                "details": { "reason": "startup-sidecars" } });
            return Some((error, 1013));
        }
        None
    }

    /// Answers `agent.wait` when it is time, while the connection goes on.
    fn wait(&self, id: Value, run_id: String, patience: Duration) {
        let (engine, later) = (self.engine.clone(), self.later.clone());
        std::thread::spawn(move || {
            let end = Instant::now() + patience;
            while !engine.has_ended(&run_id) && Instant::now() < end && engine.ending().is_none() {
                std::thread::sleep(TICK);
            }
            // The connection may be gone by then.
            let _ = later.send(accepted(&id, &turn_end(&engine, &run_id)));
        });
    }

    /// As the real one: it closes with 1012 whether it restarts or stops for good.
    fn bid_farewell(&mut self, end: &End) -> Result<(), Error> {
        let payload = match end {
            End::Restart { .. } => {
                json!({ "reason": "gateway restarting", "restartExpectedMs": 1500 })
            }
            End::Stop => json!({ "reason": "gateway stopping" }),
        };
        self.say(&json!({ "type": "event", "event": "shutdown", "payload": payload, "seq": 1 }))?;
        self.close(1012, "service restart")
    }

    fn say(&mut self, frame: &Value) -> Result<(), Error> {
        self.socket.send(Message::text(frame.to_string()))
    }

    fn close(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        let code = CloseCode::from(code);
        let reason = reason.to_owned().into();
        self.socket.close(Some(CloseFrame { code, reason }))?;
        self.socket.flush()?;
        self.socket.get_mut().flush()?;
        Err(Error::ConnectionClosed)
    }
}

fn accepted(id: &Value, payload: &Value) -> Value {
    json!({ "type": "res", "id": id, "ok": true, "payload": payload })
}

fn refused(id: &Value, error: &Value) -> Value {
    json!({ "type": "res", "id": id, "ok": false, "error": error })
}
