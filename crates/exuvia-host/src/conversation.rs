//! A program that is spoken with over its standard input and output.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::thread::JoinHandle;

use crate::{Command, HostError};

/// How much of what it complains of is kept.
const MAX_COMPLAINTS: u64 = 64 * 1024;

/// A program that runs until this is dropped, or it ends by itself. It is in a process group of its
/// own, which is killed with it, and its input is closed when this process dies.
#[derive(Debug)]
pub struct Conversation {
    child: Child,
    program: PathBuf,
    input: ChildStdin,
    output: ChildStdout,
    complaints: Option<JoinHandle<Vec<u8>>>,
}

impl Conversation {
    /// Starts a program without a shell. The time limit and the limit of the output of `command`
    /// are for [`crate::Host::run`], and mean nothing here.
    pub fn begin(command: &Command) -> Result<Self, HostError> {
        let program = command.program().to_owned();
        let failed = |error| HostError::new("run", &program, error);
        let mut child = command
            .prepared()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(complaints)) = pipes else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        let complaints = std::thread::spawn(move || {
            let mut said = Vec::new();
            let mut complaints = complaints;
            // What was read before it failed is kept; the rest is dropped so that nobody blocks.
            let _ = (&mut complaints)
                .take(MAX_COMPLAINTS)
                .read_to_end(&mut said);
            let _ = io::copy(&mut complaints, &mut io::sink());
            said
        });
        Ok(Self {
            child,
            program,
            input,
            output,
            complaints: Some(complaints),
        })
    }

    /// Says something to it.
    pub fn say(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        let said = self
            .input
            .write_all(bytes)
            .and_then(|()| self.input.flush());
        said.map_err(|error| HostError::new("speak with", &self.program, error))
    }

    /// Waits until it has said this much.
    pub fn hear(&mut self, buffer: &mut [u8]) -> Result<(), HostError> {
        self.output
            .read_exact(buffer)
            .map_err(|error| HostError::new("hear from", &self.program, error))
    }

    /// Ends it, and gives what it complained of.
    pub fn end(mut self) -> String {
        self.stop();
        let said = self.complaints.take().map(JoinHandle::join);
        let said = said.and_then(Result::ok).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    fn stop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            // It may have ended by itself in the meantime.
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::TERM);
        }
        // Nothing is left to be done with a program that cannot be waited for.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_answered_and_complaints_are_kept() {
        let script = "echo late >&2; exec cat";
        let command = Command::new("/bin/sh").arg("-c").arg(script);
        let mut cat = Conversation::begin(&command).unwrap();
        cat.say(b"hello").unwrap();
        let mut heard = [0; 5];
        cat.hear(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
        assert_eq!(cat.end(), "late\n");
    }

    #[test]
    fn a_program_that_ends_is_an_error_and_not_a_wait() {
        let mut gone = Conversation::begin(&Command::new("/bin/true")).unwrap();
        assert!(gone.hear(&mut [0]).is_err());
        assert!(Conversation::begin(&Command::new("/nowhere/at/all")).is_err());
    }
}
