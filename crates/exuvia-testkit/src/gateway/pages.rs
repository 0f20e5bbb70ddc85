//! The pages of a stand-in: `/readyz`, `/startupz`, `/healthz`, and a web page for the rest.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::behaviour::Speaks;
use super::connection::is_idle;
use super::engine::Engine;
use super::recorded::recorded;

const WEB_PAGE: &str = "<!doctype html><html><head><title>Control</title></head></html>";

pub(super) fn answer(engine: &Engine, stream: &mut TcpStream, head: &str) -> io::Result<()> {
    let target = head.split_whitespace().nth(1).unwrap_or("/");
    let path = target.split('?').next().unwrap_or("/");
    let (code, kind, body) = page(engine, path);
    write_page(stream, code, kind, &body)
}

/// What a WebSocket is refused with while the gateway stops or begins anew.
pub(super) fn unavailable(stream: &mut TcpStream) -> io::Result<()> {
    write_page(stream, 503, "text/plain", "Service Unavailable")
}

fn write_page(stream: &mut TcpStream, code: u16, kind: &str, body: &str) -> io::Result<()> {
    drain(stream)?;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {code} Answer\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

fn page(engine: &Engine, path: &str) -> (u16, &'static str, String) {
    let json = |code: u16, page: Value| (code, "application/json; charset=utf-8", page.to_string());
    if engine.behaviour().speaks == Speaks::WebPage {
        return (200, "text/html; charset=utf-8", WEB_PAGE.to_owned());
    }
    match path {
        "/readyz" | "/ready" => {
            let failing = failing(engine);
            let mut page = recorded("readyz").expect("the page");
            page["ready"] = failing.is_empty().into();
            let code = if failing.is_empty() { 200 } else { 503 };
            page["failing"] = failing.into();
            page["uptimeMs"] = uptime(engine);
            json(code, page)
        }
        "/startupz" | "/startup" => {
            let mut page = recorded("startupz").expect("the page");
            page["version"] = engine.version().into();
            page["uptimeMs"] = uptime(engine);
            json(200, page)
        }
        "/healthz" | "/health" => json(200, json!({ "ok": true, "status": "live" })),
        _ => (200, "text/html; charset=utf-8", WEB_PAGE.to_owned()),
    }
}

fn failing(engine: &Engine) -> Vec<String> {
    let mut failing = engine.behaviour().failing;
    if engine.is_suspended() {
        failing.push("gateway-draining".to_owned());
    }
    if !engine.is_ready() {
        failing.push("startup-sidecars".to_owned());
    }
    failing
}

fn uptime(engine: &Engine) -> Value {
    u64::try_from(engine.uptime().as_millis())
        .expect("a short life")
        .into()
}

/// Takes the request off the socket, so that closing does not reset the connection.
fn drain(stream: &mut TcpStream) -> io::Result<()> {
    let mut dropped = [0; 8192];
    match stream.read(&mut dropped) {
        Ok(_) => Ok(()),
        Err(error) if is_idle(&error) => Ok(()),
        Err(error) => Err(error),
    }
}
