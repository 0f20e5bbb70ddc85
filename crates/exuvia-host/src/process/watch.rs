//! Signalling a process and waiting for its end, without ever meaning another one.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};

use super::{Delivery, Ending};
use crate::disk::Holder;

fn raw(who: &Holder) -> Option<Pid> {
    i32::try_from(who.pid).ok().and_then(Pid::from_raw)
}

pub(super) fn signal_group(who: &Holder, signal: Signal) -> io::Result<Delivery> {
    let Some(group) = raw(who) else {
        return Ok(Delivery::Gone);
    };
    match kill_process_group(group, signal) {
        Ok(()) => Ok(Delivery::Delivered),
        Err(Errno::SRCH) => Ok(Delivery::Gone),
        Err(errno) => Err(errno.into()),
    }
}

pub(super) fn reap(who: &Holder) -> io::Result<Option<Ending>> {
    match waitpid(raw(who), WaitOptions::NOHANG) {
        Ok(Some((_, status))) => Ok(status
            .exit_status()
            .map(Ending::Exit)
            .or_else(|| status.terminating_signal().map(Ending::Signal))),
        // It runs, or is nobody's child of ours.
        Ok(None) | Err(Errno::CHILD) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(target_os = "linux")]
mod handle {
    use std::os::fd::OwnedFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

    use super::{Delivery, Duration, Errno, Holder, Signal, io, raw};

    /// A descriptor of the process itself; `None` when it has ended. Checked after it was opened:
    /// from then on the number cannot become somebody else's unnoticed.
    fn open(who: &Holder) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = raw(who) else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => Ok(crate::process::seen::look(who.pid)
                .is_some_and(|seen| seen.id == *who)
                .then_some(fd)),
            Err(Errno::SRCH) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(in super::super) fn signal(who: &Holder, signal: Signal) -> io::Result<Delivery> {
        let Some(fd) = open(who)? else {
            return Ok(Delivery::Gone);
        };
        match pidfd_send_signal(&fd, signal) {
            Ok(()) => Ok(Delivery::Delivered),
            Err(Errno::SRCH) => Ok(Delivery::Gone),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(in super::super) fn wait_gone(who: &Holder, patience: Duration) -> io::Result<bool> {
        let Some(fd) = open(who)? else {
            return Ok(true);
        };
        let patience = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        let mut watched = [PollFd::new(&fd, PollFlags::IN)];
        match poll(&mut watched, Some(&patience)) {
            Ok(ready) => Ok(ready > 0),
            // A signal to us: the caller looks at its own clock and asks again.
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod handle {
    use std::time::Instant;

    use rustix::process::kill_process;

    use super::{Delivery, Duration, Errno, Holder, Signal, io, raw};

    /// How often a process is looked at where its end cannot be waited for.
    const LOOK: Duration = Duration::from_millis(20);

    pub(in super::super) fn signal(who: &Holder, signal: Signal) -> io::Result<Delivery> {
        match raw(who).filter(|_| who.is_alive()) {
            None => Ok(Delivery::Gone),
            Some(pid) => match kill_process(pid, signal) {
                Ok(()) => Ok(Delivery::Delivered),
                Err(Errno::SRCH) => Ok(Delivery::Gone),
                Err(errno) => Err(errno.into()),
            },
        }
    }

    #[allow(
        clippy::unnecessary_wraps,
        reason = "the same signature as on Linux, where it can fail"
    )]
    pub(in super::super) fn wait_gone(who: &Holder, patience: Duration) -> io::Result<bool> {
        let end = Instant::now() + patience;
        while who.is_alive() {
            if Instant::now() >= end {
                return Ok(false);
            }
            std::thread::sleep(LOOK);
        }
        Ok(true)
    }
}

pub(super) use handle::{signal, wait_gone};
