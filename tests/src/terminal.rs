//! A person at a terminal.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long one waits for something to be shown.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that runs on a pseudo-terminal of 24 lines and 80 columns.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Starts a command on a terminal of its own.
    pub fn start(command: &mut Command) -> Self {
        let (person, program) = pair();
        let end = |fd: &OwnedFd| {
            fd.try_clone()
                .unwrap_or_else(|error| panic!("no pty: {error}"))
        };
        command.env("TERM", "xterm-256color");
        let spawned = command
            .stdin(end(&program))
            .stdout(end(&program))
            .stderr(program)
            .spawn();
        let child = spawned.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        // The command would keep the program's end open, and the screen would never end.
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        let screen = File::from(end(&person));
        Self {
            child,
            keyboard: File::from(person),
            shown: read(screen),
            seen: String::new(),
        }
    }

    /// Waits until `text` is on the screen, after what was waited for before.
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return self;
            }
            match self
                .shown
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(why) => panic!("{text:?} was never shown ({why}); what was: {}", self.seen),
            }
        }
    }

    /// Types these keys.
    pub fn types(&mut self, keys: &str) -> &mut Self {
        let typed = self.keyboard.write_all(keys.as_bytes());
        typed.unwrap_or_else(|error| panic!("cannot type {keys:?}: {error}"));
        self
    }

    /// Waits for the program's end: its exit code, and what it showed since.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            match self
                .shown
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("no end; shown: {}", self.seen),
            }
        }
        let status = self.child.wait();
        let status = status.unwrap_or_else(|error| panic!("cannot wait: {error}"));
        (status.code(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only a test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both ends of a new pseudo-terminal: the person's and the program's.
fn pair() -> (OwnedFd, OwnedFd) {
    let open = || -> rustix::io::Result<(OwnedFd, OwnedFd)> {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&person)?;
        unlockpt(&person)?;
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&person, size)?;
        let name = ptsname(&person, Vec::new())?;
        let flags =
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
        let program = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty())?;
        Ok((person, program))
    };
    open().unwrap_or_else(|error| panic!("no pseudo-terminal: {error}"))
}

fn read(mut screen: File) -> Receiver<Vec<u8>> {
    let (sender, shown) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            match screen.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Linux answers EIO once the program's end is closed.
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                    if sender.send(bytes).is_err() {
                        return;
                    }
                }
            }
        }
    });
    shown
}
