//! A gateway of the miniature as a process, alone or under a keeper.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::world::DEADLINE;

const TICK: Duration = Duration::from_millis(2);

/// What was started; ended with the gateway that it keeps when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    stderr: Option<JoinHandle<String>>,
    state_dir: PathBuf,
    port: u16,
    started: Instant,
}

impl Gateway {
    pub(super) fn start(mut command: Command, state_dir: &Path, port: u16) -> Self {
        let started = Instant::now();
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the gateway's program");
        let stderr = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                // What could be read is what there is.
                let _ = stderr.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        Self {
            child,
            stderr,
            state_dir: state_dir.to_owned(),
            port,
            started,
        }
    }

    /// The process that was started.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process that holds the state, as it says itself.
    pub fn gateway_pid(&self) -> Option<u32> {
        let user = rustix::process::getuid().as_raw();
        let lock = self
            .state_dir
            .join(format!("tmp/openclaw-{user}/gateway.state.lock"));
        let lock: Value = serde_json::from_str(&std::fs::read_to_string(lock).ok()?).ok()?;
        lock["pid"].as_u64()?.try_into().ok()
    }

    /// A page by its path: the status, and the document.
    pub fn page(&self, path: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: mini\r\nconnection: close\r\n\r\n"
        )
        .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let code = head.split_whitespace().nth(1)?.parse().ok()?;
        Some((code, serde_json::from_str(body).ok()?))
    }

    /// Waits until `/readyz` says 200; how long after the start that was.
    ///
    /// # Panics
    /// When the program ends before, or never gets there.
    pub fn wait_until_ready(&mut self) -> Duration {
        while self.page("/readyz").is_none_or(|(code, _)| code != 200) {
            if let Some(status) = self.child.try_wait().expect("the gateway's program") {
                panic!("it ended: {status}: {}", self.stderr());
            }
            assert!(
                self.started.elapsed() < DEADLINE,
                "it does not become ready"
            );
            std::thread::sleep(TICK);
        }
        self.started.elapsed()
    }

    /// Sends a signal to the process that was started.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process to signal");
    }

    /// Waits for its end: its status, what it said on stderr, how long it lived.
    pub fn wait(&mut self) -> (ExitStatus, String, Duration) {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the gateway's program") {
                return (status, self.stderr(), self.started.elapsed());
            }
            assert!(Instant::now() < end, "the gateway does not end");
            std::thread::sleep(TICK);
        }
    }

    /// Ends it as a supervisor does.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait().0
    }

    fn stderr(&mut self) -> String {
        let reading = self.stderr.take();
        reading
            .and_then(|reading| reading.join().ok())
            .unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let kept = self
            .gateway_pid()
            .and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        // Both may end in between.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(kept) = kept {
            let _ = kill_process(kept, Signal::KILL);
        }
    }
}
