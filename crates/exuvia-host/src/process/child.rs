//! Programs that we start and that may outlive us.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use super::{seen, watch};
use crate::disk::Holder;
use crate::{Command, HostError};

/// Where what a program prints goes. Never into a pipe of ours: when we die, a pipe would take the
/// program along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// Where our own goes.
    Ours,
    /// To the end of this file, which is made (0600) if it is not there.
    Append(PathBuf),
    /// Nowhere.
    Nowhere,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this code.
    Exit(i32),
    /// By a signal of this number.
    Signal(i32),
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status.code() {
            Some(code) => Self::Exit(code),
            None => Self::Signal(status.signal().unwrap_or_default()),
        }
    }
}

/// A program that this process started. Dropping it neither ends the program nor waits for it.
#[derive(Debug)]
pub struct Child {
    id: Holder,
    process: std::process::Child,
}

impl Child {
    pub(super) fn start(command: &Command, output: &Sink) -> io::Result<Self> {
        let mut program = command.prepared();
        program.stdin(Stdio::null());
        match output {
            Sink::Ours => {}
            Sink::Nowhere => {
                program.stdout(Stdio::null()).stderr(Stdio::null());
            }
            Sink::Append(path) => {
                let file = OpenOptions::new()
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(path)?;
                program.stdout(file.try_clone()?).stderr(file);
            }
        }
        own_session(&mut program);
        let process = program.spawn()?;
        let pid = process.id();
        // It cannot be gone before we waited for it, though it may have ended already.
        let started = Holder::of(pid).map_or(0, |id| id.started);
        let id = Holder {
            pid,
            started,
            boot: Holder::current().boot,
        };
        Ok(Self { id, process })
    }

    /// Which process it is.
    pub fn id(&self) -> &Holder {
        &self.id
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<Ending>, HostError> {
        let ended = self.process.try_wait();
        let ended = ended.map_err(|source| super::failed("wait for", &self.id, source))?;
        Ok(ended.map(Ending::from))
    }

    /// Waits for its end, but no longer than this.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<Ending>, HostError> {
        if seen::look(self.id.pid).is_some() {
            watch::wait_gone(&self.id, patience)
                .map_err(|source| super::failed("wait for", &self.id, source))?;
        }
        self.ended()
    }
}

/// A session of its own: no terminal, no Ctrl-C of ours, a process group to be signalled by.
#[allow(unsafe_code)]
fn own_session(program: &mut std::process::Command) {
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; the closure makes
    // one system call (setsid) and allocates nothing.
    unsafe {
        program.pre_exec(|| {
            rustix::process::setsid()?;
            Ok(())
        });
    }
}
