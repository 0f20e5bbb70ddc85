//! Processes that are not ours alone: looked at, told apart, signalled, waited for, and started so
//! that they outlive us.
//!
//! A process is named by a [`Holder`], never by its number only: between two looks the number may
//! belong to somebody else. On Linux signals go through a descriptor of the process itself
//! (`pidfd_open(2)`), so that not even the moment between looking and signalling is left.

mod child;
mod ports;
mod seen;
mod watch;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use child::{Child, Ending, Sink};
pub use seen::Seen;

use crate::disk::Holder;
use crate::points::{GoOn, Points};
use crate::{Command, HostError};

/// The points that [`Processes`] passes, as [`Points::reach`] names them.
pub mod point {
    /// Before a process is started.
    pub const SPAWN: &str = "process.spawn";
    /// Before a signal is sent.
    pub const SIGNAL: &str = "process.signal";
    /// Before this process becomes another program.
    pub const EXEC: &str = "process.exec";

    /// All of them.
    pub const ALL: [&str; 3] = [SPAWN, SIGNAL, EXEC];
}

/// What a process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Stop, in order.
    Terminate,
    /// As Ctrl-C says it.
    Interrupt,
    /// The terminal is gone; daemons read their configuration again.
    Hangup,
    /// The first of the program's own.
    User1,
    /// Stand still.
    Stop,
    /// Go on.
    Continue,
    /// Die at once.
    Kill,
}

impl Signal {
    pub(crate) fn raw(self) -> rustix::process::Signal {
        use rustix::process::Signal as Raw;
        match self {
            Self::Terminate => Raw::TERM,
            Self::Interrupt => Raw::INT,
            Self::Hangup => Raw::HUP,
            Self::User1 => Raw::USR1,
            Self::Stop => Raw::STOP,
            Self::Continue => Raw::CONT,
            Self::Kill => Raw::KILL,
        }
    }
}

/// Whether a signal found its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was delivered.
    Delivered,
    /// The process had ended.
    Gone,
}

/// The processes of this machine, as far as this process may see them.
#[derive(Debug, Clone)]
pub struct Processes {
    points: Arc<dyn Points>,
}

impl Default for Processes {
    fn default() -> Self {
        Self::new()
    }
}

impl Processes {
    /// The machine as it is.
    pub fn new() -> Self {
        Self::with_points(Arc::new(GoOn))
    }

    /// The machine, with somebody to ask before each effect.
    pub fn with_points(points: Arc<dyn Points>) -> Self {
        Self { points }
    }

    /// The process of this number, if there is one now.
    pub fn find(&self, pid: u32) -> Option<Seen> {
        seen::look(pid)
    }

    /// The process that this names, if it still runs. One that has ended and was not waited for
    /// yet (a zombie) does not run.
    pub fn see(&self, who: &Holder) -> Option<Seen> {
        self.find(who.pid).filter(|seen| seen.id == *who)
    }

    /// This process's parent, its parent, and so on; the nearest first.
    pub fn ancestors(&self) -> Vec<Seen> {
        let parent = |seen: &Seen| (seen.parent > 0).then(|| self.find(seen.parent)).flatten();
        let first = self.find(std::process::id());
        std::iter::successors(first.as_ref().and_then(parent), parent).collect()
    }

    /// Every process that can be seen, in the order of the numbers.
    pub fn all(&self) -> Vec<Seen> {
        seen::all()
    }

    /// The processes that listen on this TCP port of the loopback or of every address. Empty too
    /// where it cannot be told: whoever owns the socket may hide it from us.
    pub fn listeners(&self, port: u16) -> Vec<Seen> {
        ports::listeners(port)
    }

    /// Sends a signal to one process.
    pub fn signal(&self, who: &Holder, signal: Signal) -> Result<Delivery, HostError> {
        self.reach(point::SIGNAL, "signal", who)?;
        watch::signal(who, signal.raw()).map_err(|source| failed("signal", who, source))
    }

    /// Sends a signal to a process and to everything in the group that it leads.
    pub fn signal_group(&self, who: &Holder, signal: Signal) -> Result<Delivery, HostError> {
        self.reach(point::SIGNAL, "signal", who)?;
        if self.see(who).is_none_or(|seen| seen.group != who.pid) {
            return Ok(Delivery::Gone);
        }
        watch::signal_group(who, signal.raw()).map_err(|source| failed("signal", who, source))
    }

    /// The processes that were started with this variable in their environment, the oldest first.
    /// Those of other users hide theirs.
    pub fn with_variable(&self, name: &str, value: &str) -> Vec<Seen> {
        let wanted = format!("{name}={value}");
        let mut found = seen::all();
        found.retain(|seen| seen::has_variable(seen.id.pid, wanted.as_bytes()));
        found.sort_by_key(|seen| (seen.id.started, seen.id.pid));
        found
    }

    /// Ends every process that was started with this variable in its environment, and what they
    /// start meanwhile; returns when none of them is left. How many they were. One that took the
    /// variable away from what it started hides that from us.
    pub fn end_with_variable(
        &self,
        name: &str,
        value: &str,
        patience: Duration,
    ) -> Result<usize, HostError> {
        let mut ended: Vec<Holder> = Vec::new();
        loop {
            let found = self.with_variable(name, value).into_iter();
            let found = found.map(|seen| seen.id);
            let found: Vec<Holder> = found.filter(|id| id.pid != std::process::id()).collect();
            // They are stopped first, so that none starts another one that is overlooked.
            for signal in [Signal::Stop, Signal::Kill] {
                for id in &found {
                    self.signal(id, signal)?;
                }
            }
            for id in found.iter().filter(|id| !ended.contains(id)) {
                if !self.wait_gone(id, patience)? {
                    let late = io::Error::from(io::ErrorKind::TimedOut);
                    return Err(failed("end", id, late));
                }
            }
            if found.is_empty() {
                return Ok(ended.len());
            }
            ended.extend(found);
        }
    }

    /// A TCP port of the loopback that nobody has just now.
    pub fn free_port(&self) -> Result<u16, HostError> {
        ports::free().map_err(|source| HostError::new("find a port on", Path::new("lo"), source))
    }

    /// How a child of this process ended for which there is no [`Child`]: one that was started
    /// before [`Processes::become_program`]. `None` when it runs, or was never ours.
    pub fn reap(&self, who: &Holder) -> Result<Option<Ending>, HostError> {
        watch::reap(who).map_err(|source| failed("wait for", who, source))
    }

    /// Waits until a process has ended, but no longer than this. Whether it has.
    pub fn wait_gone(&self, who: &Holder, patience: Duration) -> Result<bool, HostError> {
        watch::wait_gone(who, patience).map_err(|source| failed("wait for", who, source))
    }

    /// Starts a program in a session and a process group of its own. It outlives this process
    /// unless it is told to end.
    pub fn spawn(&self, command: &Command, output: &Sink) -> Result<Child, HostError> {
        let failed = |source| HostError::new("start", command.program(), source);
        self.points
            .reach(point::SPAWN, command.program())
            .map_err(failed)?;
        Child::start(command, output).map_err(failed)
    }

    /// Becomes another program, keeping number, children and open standard streams. Returns only
    /// when that failed.
    pub fn become_program(&self, command: &Command) -> HostError {
        let program = command.program();
        let reached = self.points.reach(point::EXEC, program);
        let source = reached.map_or_else(|refused| refused, |()| command.exec());
        HostError::new("become", program, source)
    }

    fn reach(&self, at: &'static str, what: &'static str, who: &Holder) -> Result<(), HostError> {
        self.points
            .reach(at, &path_of(who))
            .map_err(|source| failed(what, who, source))
    }
}

fn path_of(who: &Holder) -> std::path::PathBuf {
    Path::new("/proc").join(who.pid.to_string())
}

fn failed(what: &'static str, who: &Holder, source: io::Error) -> HostError {
    HostError::new(what, &path_of(who), source)
}

#[cfg(test)]
mod tests;
