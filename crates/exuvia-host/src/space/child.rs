//! A program in a space.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::SpaceError;
use super::line::Line;
use super::talk::{Reply, Request};
use crate::disk::Holder;
use crate::process::{Delivery, Ending, Signal};

/// A program that was started in a space. Dropping it neither ends it nor waits for it; closing
/// the space ends it.
#[derive(Debug)]
pub struct Child {
    id: Holder,
    inside: u32,
    handle: OwnedFd,
    line: Arc<Line>,
}

impl Child {
    pub(super) fn new(
        inside: u32,
        since: u64,
        handle: OwnedFd,
        line: Arc<Line>,
    ) -> io::Result<Self> {
        let id = Holder {
            pid: number(&handle)?,
            started: since,
            boot: Holder::current().boot,
        };
        Ok(Self {
            id,
            inside,
            handle,
            line,
        })
    }

    /// Which process it is, seen from outside.
    pub fn id(&self) -> &Holder {
        &self.id
    }

    /// Its number inside.
    pub fn pid_inside(&self) -> u32 {
        self.inside
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Result<Option<Ending>, SpaceError> {
        match self.line.ask(&Request::Status(self.inside))? {
            Reply::Ended(ending) => Ok(Some(ending)),
            Reply::Running => Ok(None),
            other => Err(SpaceError::strange(&other)),
        }
    }

    /// Waits for its end, but no longer than this.
    pub fn wait(&self, patience: Duration) -> Result<Option<Ending>, SpaceError> {
        let patience = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        let mut watched = [PollFd::new(&self.handle, PollFlags::IN)];
        match poll(&mut watched, Some(&patience)) {
            // After a signal to us the caller looks at its own clock and asks again.
            Ok(_) | Err(rustix::io::Errno::INTR) => self.ended(),
            Err(errno) => Err(SpaceError::Lost(errno.into())),
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<Delivery, SpaceError> {
        self.deliver(signal, false)
    }

    /// Sends a signal to it and to everything in the group that it leads.
    pub fn signal_group(&self, signal: Signal) -> Result<Delivery, SpaceError> {
        self.deliver(signal, true)
    }

    fn deliver(&self, signal: Signal, group: bool) -> Result<Delivery, SpaceError> {
        self.line.may_signal(&self.id)?;
        let request = Request::Signal {
            pid: self.inside,
            signal: signal.raw().as_raw(),
            group,
        };
        match self.line.ask(&request)? {
            Reply::Signalled(true) => Ok(Delivery::Delivered),
            Reply::Signalled(false) => Ok(Delivery::Gone),
            other => Err(SpaceError::strange(&other)),
        }
    }
}

/// The process's number as we see it (`Pid:` in the descriptor's fdinfo, `pidfd_open(2)`): inside it
/// has another.
fn number(handle: &OwnedFd) -> io::Result<u32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", handle.as_raw_fd()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok())
        .ok_or_else(|| io::Error::other("the kernel does not say which process it is"))
}
