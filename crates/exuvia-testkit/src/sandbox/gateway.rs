//! A real gateway, running.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::command::output;

/// What OpenClaw 2026.9.5 prints once it answers on its port, with its databases open.
const LISTENING: &str = "http server listening";
/// What a client must know.
pub(super) const TOKEN: &str = "sandbox";
/// Eight to eighteen seconds are usual; a busy machine with two cores takes its time.
const DEADLINE: Duration = Duration::from_mins(6);

/// A gateway in the foreground, in a process group of its own; killed when dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    port: u16,
}

impl Gateway {
    /// Starts `openclaw` (a command without arguments, in the environment of the home) as a
    /// gateway on a free port, and waits until it listens.
    pub(super) fn start(mut openclaw: Command) -> Result<Self> {
        let port = free_port()?;
        openclaw
            .args([
                "gateway",
                "run",
                "--allow-unconfigured",
                "--bind",
                "loopback",
            ])
            .args(["--token", TOKEN, "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        let mut child = openclaw.spawn().context("cannot start the gateway")?;
        let printed = child
            .stdout
            .take()
            .context("the gateway has no standard output")?;
        let gateway = Self { child, port };
        wait_for(LISTENING, printed)?;
        Ok(gateway)
    }

    /// The port it listens on, on the loopback; its token is `sandbox`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        self.signal("-TERM")?;
        self.child
            .wait()
            .context("cannot wait for the gateway")
            .map(drop)
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let group = format!("-{}", self.child.id());
        output(Command::new("kill").args([signal, "--", &group])).map(drop)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may have ended in between; then there is nothing left to do.
            let _ = self.signal("-KILL");
            let _ = self.child.wait();
        }
    }
}

/// Waits for a line with `wanted` in it; what is printed later is read and dropped, so that the
/// program never waits for a reader.
fn wait_for(wanted: &'static str, printed: impl std::io::Read + Send + 'static) -> Result<()> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(printed).lines().map_while(Result::ok) {
            // Nobody listens any more once the line was found.
            let _ = sender.send(line);
        }
    });
    let end = Instant::now() + DEADLINE;
    let mut seen = Vec::new();
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains(wanted) => return Ok(()),
            Ok(line) => seen.push(line),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!(
                    "the gateway did not listen within {DEADLINE:?}:\n{}",
                    seen.join("\n")
                )
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("the gateway ended before it listened:\n{}", seen.join("\n"))
            }
        }
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr().context("no free port")?.port())
}
