//! Programs, run without a shell.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// A program to run, with everything it is given.
#[derive(Debug, Clone)]
pub struct Command {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    directory: Option<PathBuf>,
    timeout: Duration,
    max_output: usize,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote on standard output.
    pub stdout: Vec<u8>,
    /// The beginning of what it wrote on standard error, at most 64 KiB.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The last line of standard error that says anything.
    pub fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        text.lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default()
            .to_owned()
    }
}

const MAX_STDERR: usize = 64 * 1024;

impl Command {
    /// A program with no arguments, the environment of this process, a minute of time and 64 MiB
    /// of output.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            directory: None,
            timeout: Duration::from_mins(1),
            max_output: 64 * 1024 * 1024,
        }
    }

    /// Adds an argument. It reaches the program as it is, whatever is in it.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Unsets an environment variable.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.push((name.into(), None));
        self
    }

    /// Where it runs.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// How long it may take before it is killed with everything it started.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes it may write on standard output before it is killed.
    #[must_use]
    pub fn max_output(mut self, bytes: usize) -> Self {
        self.max_output = bytes;
        self
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn run(&self) -> io::Result<Output> {
        let mut child = self.spawn()?;
        let stdout = collect(child.stdout.take(), self.max_output);
        let stderr = collect(child.stderr.take(), MAX_STDERR);
        let deadline = Instant::now() + self.timeout;
        let result = self.finish(&stdout, &stderr, deadline);
        if result.is_err() {
            kill_group(&child);
        }
        let status = child.wait()?;
        let (stdout, stderr) = result?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = self.prepared();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        die_with_parent(&mut command);
        command.spawn()
    }

    /// How long it may take.
    #[cfg(target_os = "linux")]
    pub(crate) fn patience(&self) -> Duration {
        self.timeout
    }

    /// What somebody else needs to start it.
    #[cfg(target_os = "linux")]
    pub(crate) fn as_program(&self) -> crate::space::Program {
        crate::space::Program {
            path: self.program.clone(),
            args: self.args.clone(),
            env: self.env.clone(),
            directory: self.directory.clone(),
        }
    }

    /// What it writes on both, to the end of both, if that comes in time.
    #[cfg(target_os = "linux")]
    pub(crate) fn gather(
        &self,
        stdout: impl Read + Send + 'static,
        stderr: impl Read + Send + 'static,
        deadline: Instant,
    ) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let stdout = collect(Some(stdout), self.max_output);
        let stderr = collect(Some(stderr), MAX_STDERR);
        self.finish(&stdout, &stderr, deadline)
    }

    /// Becomes the program; returns only when that failed.
    pub(crate) fn exec(&self) -> io::Error {
        self.prepared().exec()
    }

    /// Program, arguments, environment and directory.
    pub(crate) fn prepared(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args);
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Waits for both outputs to end. Standard error past its limit is dropped, standard output
    /// past its limit is an error.
    fn finish(
        &self,
        stdout: &Receiver<io::Result<Collected>>,
        stderr: &Receiver<io::Result<Collected>>,
        deadline: Instant,
    ) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let out = self.receive(stdout, deadline)?;
        if out.overflow {
            let words = format!("it wrote more than {} bytes", self.max_output);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
        }
        let err = self.receive(stderr, deadline)?;
        Ok((out.bytes, err.bytes))
    }

    fn receive(
        &self,
        from: &Receiver<io::Result<Collected>>,
        deadline: Instant,
    ) -> io::Result<Collected> {
        let left = deadline.saturating_duration_since(Instant::now());
        from.recv_timeout(left).map_err(|_| self.too_long())?
    }

    pub(crate) fn too_long(&self) -> io::Error {
        let words = format!("it took longer than {} s", self.timeout.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, words)
    }
}

struct Collected {
    bytes: Vec<u8>,
    overflow: bool,
}

/// Reads a pipe on a thread of its own, so that a program that fills one pipe cannot block on it.
fn collect(
    pipe: Option<impl Read + Send + 'static>,
    max: usize,
) -> Receiver<io::Result<Collected>> {
    let (sender, receiver) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        thread::spawn(move || {
            // Nobody listens any more once the deadline has passed; that is no error.
            let _ = sender.send(read_up_to(&mut pipe, max));
        });
    }
    receiver
}

fn read_up_to(pipe: &mut impl Read, max: usize) -> io::Result<Collected> {
    let mut bytes = Vec::new();
    pipe.take(max as u64).read_to_end(&mut bytes)?;
    // Past the limit the rest is read and dropped, so that the program can end.
    let overflow = bytes.len() == max && io::copy(pipe, &mut io::sink())? > 0;
    Ok(Collected { bytes, overflow })
}

fn kill_group(child: &Child) {
    let Ok(pid) = i32::try_from(child.id()) else {
        return;
    };
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        // It may have ended by itself in the meantime.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

/// A Ctrl-C ends us, not what runs in a group of its own: the kernel ends that for us.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn die_with_parent(command: &mut std::process::Command) {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; the closure makes
    // one system call (prctl) and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            let signal = rustix::process::Signal::KILL;
            rustix::process::set_parent_process_death_signal(Some(signal))?;
            Ok(())
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut std::process::Command) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        Command::new("/bin/sh").arg("-c").arg(script)
    }

    #[test]
    fn both_outputs_and_the_status_come_back() {
        let output = sh("echo out; echo err >&2; exit 3").run().unwrap();
        assert_eq!(output.stdout, b"out\n");
        assert_eq!(output.last_words(), "err");
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_what_it_started() {
        let started = Instant::now();
        let error = sh("tail -f /dev/null & wait")
            .timeout(Duration::from_millis(200))
            .run();
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn too_much_output_is_an_error_and_not_our_memory() {
        let error = sh("head -c 200000 /dev/zero")
            .max_output(1000)
            .run()
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn arguments_are_data_whatever_is_in_them() {
        let output = Command::new("/bin/echo")
            .arg("$(id)")
            .arg("a'b\"c\n")
            .run()
            .unwrap();
        assert_eq!(output.stdout, b"$(id) a'b\"c\n\n");
    }
}
