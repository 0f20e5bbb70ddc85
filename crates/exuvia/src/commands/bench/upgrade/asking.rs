//! Those who look on while an upgrade goes on.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

/// Between two questions.
const EVERY: Duration = Duration::from_millis(50);
/// A gateway that keeps somebody waiting for longer is not there.
const PATIENCE: Duration = Duration::from_secs(1);

/// Something that is done over and over by a thread of its own until it is asked for the result.
struct Over<T> {
    over: Arc<AtomicBool>,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Over<T> {
    fn begin(work: impl FnOnce(&AtomicBool) -> T + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        Self {
            over,
            thread: thread::spawn(move || work(&until)),
        }
    }

    fn end(self) -> Result<T> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("a watcher died"))
    }
}

/// A client that asks the gateway every 50 ms whether it is ready.
pub(super) struct Asking(Over<Option<Duration>>);

impl Asking {
    pub(super) fn begin(port: u16) -> Self {
        Self(Over::begin(move |over| {
            let (mut last, mut longest) = (None, Duration::ZERO);
            loop {
                let is_over = over.load(Ordering::Relaxed);
                if is_ready(port) {
                    let now = Instant::now();
                    let silence = last.map(|last| now.duration_since(last));
                    longest = longest.max(silence.unwrap_or_default());
                    last = Some(now);
                    if is_over {
                        return Some(longest);
                    }
                } else if is_over {
                    return None;
                }
                thread::sleep(EVERY);
            }
        }))
    }

    /// The longest time between two answers.
    pub(super) fn longest_silence(self) -> Result<Duration> {
        self.0
            .end()?
            .context("the gateway was not ready at the end")
    }
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

/// One that looks without a pause whether the package is there.
pub(super) struct Presence(Over<(u64, u64)>);

impl Presence {
    pub(super) fn begin(package: &Path) -> Self {
        let file = package.join("package.json");
        Self(Over::begin(move |over| {
            let (mut looked, mut absent) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                looked += 1;
                absent += u64::from(std::fs::metadata(&file).is_err());
                // Leaves the processors to those who are measured.
                thread::sleep(Duration::from_micros(200));
            }
            (looked, absent)
        }))
    }

    /// How often it looked, and how often there was none.
    pub(super) fn end(self) -> Result<(u64, u64)> {
        self.0.end()
    }
}
