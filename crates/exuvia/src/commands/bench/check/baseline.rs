//! What the first Smart Updater did: one request after the other. Its processes and its Python are
//! left out, so this flatters it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::ground::Ground;

pub(super) fn ask_one_by_one(ground: &Ground) -> Result<Duration> {
    let url = ground.hub.url();
    let authority = url
        .strip_prefix("http://")
        .context("the stand-in speaks http")?;
    let authority = authority.trim_end_matches('/');
    let started = Instant::now();
    for (index, slug) in ground.slugs.iter().enumerate() {
        get(
            authority,
            &format!("/api/v1/skills/{slug}?ownerHandle=acme"),
        )?;
        if index < ground.behind {
            get(
                authority,
                &format!("/api/v1/skills/{slug}/versions?limit=5&ownerHandle=acme"),
            )?;
        }
    }
    Ok(started.elapsed())
}

fn get(authority: &str, path: &str) -> Result<()> {
    let mut stream = TcpStream::connect(authority)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{path} was not answered"
    );
    Ok(())
}
