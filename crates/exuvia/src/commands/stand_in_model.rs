//! `exuvia stand-in-model`: the model provider of a rehearsal.
//!
//! As much of `OpenAI`'s completions as a turn of OpenClaw needs, streamed or not: the same answer to
//! every question. It listens on the loopback, which in a rehearsal is one that nothing else reaches.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use crate::output::Output;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest head and body that are read, in bytes: a turn brings every tool along.
const MAX_HEAD: u64 = 64 * 1024;
const MAX_BODY: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(crate) struct StandInModelArgs {
    /// Where it listens
    #[arg(long)]
    port: u16,
    /// What it answers
    #[arg(long)]
    answer: String,
}

/// Never ends by itself.
pub(crate) fn run(args: &StandInModelArgs, output: &Output) -> Result<ExitCode> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .with_context(|| format!("cannot listen on port {}", args.port))?;
    output.text(&format!(
        "listening on port {}",
        listener.local_addr()?.port()
    ));
    for stream in listener.incoming() {
        let (stream, answer) = (stream?, args.answer.clone());
        // A client that goes away in the middle is its own business.
        std::thread::spawn(move || serve(&stream, &answer));
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(stream: &TcpStream, answer: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let (first, length) = head(&mut reader)?;
    let mut body = Vec::new();
    reader.take(length.min(MAX_BODY)).read_to_end(&mut body)?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, kind, said) = match first.split(' ').nth(1) {
        Some("/v1/models") => ("200 OK", "application/json", models().to_string()),
        Some("/v1/chat/completions") if is_streamed(&asked) => {
            ("200 OK", "text/event-stream", streamed(answer))
        }
        Some("/v1/chat/completions") => ("200 OK", "application/json", whole(answer).to_string()),
        _ => ("404 Not Found", "application/json", "{}".to_owned()),
    };
    let length = said.len();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{said}"
    )
}

/// The first line, and how long the body is.
fn head(reader: &mut BufReader<&TcpStream>) -> std::io::Result<(String, u64)> {
    let (mut first, mut length) = (String::new(), 0);
    let mut lines = reader.take(MAX_HEAD);
    lines.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok((first, length));
        }
        let field = line.split_once(':');
        let is_length = |name: &str| name.eq_ignore_ascii_case("content-length");
        if let Some((_, value)) = field.filter(|(name, _)| is_length(name)) {
            length = value.trim().parse().unwrap_or_default();
        }
    }
}

fn is_streamed(asked: &Value) -> bool {
    asked.get("stream").and_then(Value::as_bool) == Some(true)
}

const MODEL: &str = "stand-in";

fn models() -> Value {
    json!({ "object": "list", "data": [
        { "id": MODEL, "object": "model", "created": 0, "owned_by": "exuvia" }] })
}

fn usage() -> Value {
    json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 })
}

fn whole(answer: &str) -> Value {
    let message = json!({ "role": "assistant", "content": answer });
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": usage() })
}

fn streamed(answer: &str) -> String {
    let chunk = |delta: Value, finish: Value, usage: Value| {
        json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
            "usage": usage })
    };
    let said = json!({ "role": "assistant", "content": answer });
    let first = chunk(said, Value::Null, Value::Null);
    let last = chunk(json!({}), json!("stop"), usage());
    format!("data: {first}\n\ndata: {last}\n\ndata: [DONE]\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str, body: &str) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = std::thread::spawn(move || serve(&listener.accept().unwrap().0, "pong"));
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        serving.join().unwrap().unwrap();
        said
    }

    #[test]
    fn it_answers_in_one_piece_or_as_a_stream() {
        let whole = ask("/v1/chat/completions", "{}");
        let (_, body) = whole.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["choices"][0]["message"]["content"], "pong");
        let streamed = ask("/v1/chat/completions", "{\"stream\": true}");
        assert!(streamed.contains("text/event-stream"), "{streamed}");
        assert!(streamed.contains("\"content\":\"pong\""), "{streamed}");
        assert!(streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
        assert!(ask("/elsewhere", "").starts_with("HTTP/1.1 404"));
    }
}
