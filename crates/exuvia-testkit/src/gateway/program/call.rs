//! `gateway call METHOD --params JSON --json`.

use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::home::Home;
use super::run;

pub(super) fn call(home: &Home, method: &str, options: &[&str]) -> ExitCode {
    let params = option(options, "--params").map_or_else(
        || json!({}),
        |params| serde_json::from_str(params).expect("parameters in JSON"),
    );
    let (said, code) = match try_call(home, method, &params) {
        Ok(frame) if frame["ok"] == true => (frame["payload"].clone(), ExitCode::SUCCESS),
        Ok(frame) => {
            let mut error = frame["error"].clone();
            error["type"] = "gateway_request_error".into();
            (json!({ "ok": false, "error": error }), ExitCode::FAILURE)
        }
        Err(words) => {
            let error = json!({ "type": "gateway_transport_error", "message": words });
            (json!({ "ok": false, "error": error }), ExitCode::FAILURE)
        }
    };
    println!("{said}");
    code
}

/// The value of an option.
pub(super) fn option<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    let found = options.windows(2).find(|pair| pair[0] == name);
    found.map(|pair| pair[1])
}

/// The answer of the gateway on the configured port; words where there is none.
pub(super) fn try_call(home: &Home, method: &str, params: &Value) -> Result<Value, String> {
    let port = run::port(&[], &home.config().unwrap_or_default());
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| words(&e))?;
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).map_err(|e| words(&e))?;
    let url = format!("ws://127.0.0.1:{port}/");
    let (mut socket, _) = tungstenite::client(url, stream).map_err(|e| words(&e))?;
    let behaviour = home.behaviour();
    let connect = json!({ "minProtocol": behaviour.protocol, "maxProtocol": behaviour.protocol,
        "client": { "id": "gateway-client", "mode": "backend" },
        "auth": { "token": home.token() } });
    let hello = exchange(&mut socket, "connect", &connect).map_err(|e| words(&e))?;
    if hello["ok"] != true {
        return Err(hello["error"]["message"].to_string());
    }
    exchange(&mut socket, method, params).map_err(|e| words(&e))
}

fn exchange(
    socket: &mut WebSocket<TcpStream>,
    method: &str,
    params: &Value,
) -> Result<Value, tungstenite::Error> {
    let request = json!({ "type": "req", "id": method, "method": method, "params": params });
    socket.send(Message::text(request.to_string()))?;
    loop {
        let Message::Text(text) = socket.read()? else {
            continue;
        };
        let frame: Value = serde_json::from_str(&text).unwrap_or_default();
        if frame["type"] == "res" {
            return Ok(frame);
        }
    }
}
