//! A turn's question to a model provider.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// As long as a provider may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the provider at `http://HOST:PORT/PATH` completes a message with, or why not.
pub(crate) fn ask(url: &str, message: &str) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{url}: {error}");
    let address = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let body = json!({ "model": "stand-in", "stream": false,
        "messages": [{ "role": "user", "content": message }] });
    let body = body.to_string();
    let mut stream = TcpStream::connect(host).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    write!(
        stream,
        "POST /{path}/chat/completions HTTP/1.1\r\nhost: {host}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .map_err(failed)?;
    let mut said = String::new();
    stream.read_to_string(&mut said).map_err(failed)?;
    let body = said.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let said: Value = serde_json::from_str(body).map_err(|error| format!("{url}: {error}"))?;
    let text = said["choices"][0]["message"]["content"].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("{url}: no answer"))
}
