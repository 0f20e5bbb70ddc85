//! Running a program, and what it did.

use std::fmt::Write as _;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// No program of a test takes longer; one that does hangs.
const DEADLINE: Duration = Duration::from_mins(5);
/// How often a running program's memory is looked at.
const GLANCE: Duration = Duration::from_millis(2);
/// Most memory that `exuvia` may ever have needed, in MiB, whatever it was given to read.
const MOST_MEMORY: u64 = 200;

/// A program that is running.
#[derive(Debug)]
pub struct Running {
    child: Child,
    started: Instant,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Running {
    /// Starts a command with nothing on its standard input.
    pub fn start(command: &mut Command) -> Self {
        let spawned = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        Self {
            stdout: drain(child.stdout.take()),
            stderr: drain(child.stderr.take()),
            started: Instant::now(),
            child,
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let sent = kill_process(Pid::from_child(&self.child), signal);
        sent.unwrap_or_else(|error| panic!("cannot signal {}: {error}", self.child.id()));
    }

    /// Kills it at this moment after its start, unless it ended before; says whether it was killed.
    pub fn kill_at(self, moment: Duration) -> bool {
        // A moment is no event: there is nothing else to wait for.
        std::thread::sleep(moment.saturating_sub(self.started.elapsed()));
        self.signal(Signal::KILL);
        let ran = self.wait();
        assert!(
            matches!(ran.code, None | Some(0)),
            "failed before it could be killed: {ran:#?}"
        );
        ran.code.is_none()
    }

    /// Waits for its end.
    pub fn wait(self) -> Ran {
        self.wait_within(DEADLINE)
    }

    /// The same where it may take so long.
    pub fn wait_within(mut self, deadline: Duration) -> Ran {
        let mut peak_mib = 0;
        let status = loop {
            peak_mib = peak_mib.max(peak_memory(self.child.id()));
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if self.started.elapsed() < deadline => std::thread::sleep(GLANCE),
                waited => {
                    // It is the test that failed; whether this worked changes nothing.
                    let _ = self.child.kill();
                    panic!("no end within {deadline:?}: {waited:?}");
                }
            }
        };
        Ran {
            code: status.code(),
            stdout: joined(self.stdout),
            stderr: joined(self.stderr),
            peak_mib,
            took: self.started.elapsed(),
        }
    }
}

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The most memory that it held, in MiB, as far as was seen.
    pub peak_mib: u64,
    /// From its start to its end.
    pub took: Duration,
}

impl Ran {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        Running::start(command).wait()
    }

    /// Fails the test unless the program exited with `code`.
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails the test if the program panicked or held more memory than any input may cost.
    #[must_use]
    pub fn bears_it(self) -> Self {
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        assert!(self.peak_mib < MOST_MEMORY, "{self:#?}");
        self
    }

    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        let read = serde_json::from_str(&self.stdout);
        read.unwrap_or_else(|error| panic!("not one JSON document: {error}\n{self:#?}"))
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut text = String::new();
        if let Some(mut pipe) = pipe
            && let Err(error) = pipe.read_to_end(&mut bytes)
        {
            // Seen by whoever looks at what was printed.
            let _ = write!(text, "[cannot read on: {error}]");
        }
        text.insert_str(0, &String::from_utf8_lossy(&bytes));
        text
    })
}

fn joined(reader: JoinHandle<String>) -> String {
    reader
        .join()
        .unwrap_or_else(|_| panic!("a reader of a pipe panicked"))
}

/// `VmHWM` of a process without `RssFile`, in MiB; 0 once it is gone. What is mapped of the program's
/// own file is no memory that an input costs, and how much it is depends on the page cache.
fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.trim().strip_suffix("kB"));
        number.and_then(|number| number.trim().parse::<u64>().ok())
    };
    let (most, of_files) = (kib("VmHWM:"), kib("RssFile:"));
    most.unwrap_or(0).saturating_sub(of_files.unwrap_or(0)) / 1024
}
