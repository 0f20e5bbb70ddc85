//! The first process of a space: starts programs in it, waits for them, keeps the limits, and
//! takes everything along when it ends.
//!
//! It ends when its other end does: the kernel closes our socket however we die. (A death signal
//! of the parent would not do there: it comes with the end of the *thread* that started this
//! process, and threads come and go.)

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, kill_process_group, pidfd_open, wait,
};

use super::privileges;
use super::spec::Limits;
use super::talk::{Plan, Program, Reply, Request};
use super::usage::Members;
use super::wire::Channel;
use crate::disk::Holder;
use crate::process::Ending;

/// How often it is looked whether the limits hold. A program that forks as fast as it can starts
/// some thousands of processes in this time.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Init {
    channel: Channel,
    members: Members,
    limits: Limits,
    /// What is said once it serves.
    ready: Reply,
    end: Instant,
    /// The programs that we were told to start, and how they ended.
    children: BTreeMap<u32, Option<Ending>>,
    /// Whether one was started that was not seen from outside yet: until then nobody is waited
    /// for, or its number could be somebody else's.
    unseen: bool,
}

impl Init {
    pub(super) fn new(channel: Channel, members: Members, ready: Reply, plan: &Plan) -> Self {
        Self {
            channel,
            members,
            limits: plan.limits,
            ready,
            end: Instant::now() + plan.deadline,
            children: BTreeMap::new(),
            unseen: false,
        }
    }

    /// Serves until the other end is gone, a limit is exceeded or the time is over; then all
    /// members are killed.
    pub(super) fn run(mut self) -> io::Result<()> {
        let served = self.serve();
        self.members.kill();
        if let Ok(Some(words)) = &served {
            // Nobody listens any more when this fails.
            let _ = self.channel.send(&Reply::Over(words.clone()).pack(), &[]);
        }
        served.map(|_| ())
    }

    /// Why it ended, in words; `None` when the other end is gone.
    fn serve(&mut self) -> io::Result<Option<String>> {
        self.answer(&self.ready)?;
        let mut look = Instant::now();
        loop {
            let now = Instant::now();
            if now >= self.end {
                return Ok(Some("its time is over".to_owned()));
            }
            if now >= look {
                look = now + LOOK;
                if let Some(words) = self.members.excess(&self.limits) {
                    return Ok(Some(words));
                }
                self.reap()?;
            }
            if self.is_asked(look.saturating_duration_since(now))? {
                let Some((frame, fds)) = self.channel.receive()? else {
                    return Ok(None);
                };
                self.serve_one(Request::unpack(&frame)?, fds)?;
            }
        }
    }

    fn is_asked(&self, patience: Duration) -> io::Result<bool> {
        let patience = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        let mut watched = [PollFd::new(&self.channel.0, PollFlags::IN)];
        match poll(&mut watched, Some(&patience)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn serve_one(&mut self, request: Request, fds: Vec<OwnedFd>) -> io::Result<()> {
        match request {
            Request::Open(_) => Err(io::Error::other("a space is opened once")),
            Request::Spawn(program) => self.spawn(&program, fds),
            Request::Seen => {
                self.unseen = false;
                Ok(())
            }
            Request::Status(pid) => {
                self.reap()?;
                let reply = match self.children.get(&pid) {
                    Some(Some(ending)) => Reply::Ended(*ending),
                    _ => Reply::Running,
                };
                self.answer(&reply)
            }
            Request::Signal { pid, signal, group } => {
                let found = self.signal(pid, signal, group);
                self.answer(&Reply::Signalled(found))
            }
        }
    }

    fn spawn(&mut self, program: &Program, fds: Vec<OwnedFd>) -> io::Result<()> {
        let started = start(program, fds, self.limits, self.members);
        let (pid, handle) = match started {
            Ok(started) => started,
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
                return self.answer(&Reply::NotStarted(errno));
            }
        };
        self.children.insert(pid, None);
        self.unseen = true;
        // It cannot be gone before we waited for it, though it may have ended already.
        let since = Holder::of(pid).map_or(0, |id| id.started);
        let reply = Reply::Started { pid, since }.pack();
        self.channel.send(&reply, &[handle.as_fd()])
    }

    /// Waits for everybody who has ended: those that were told to start, and those that lost their
    /// parent.
    fn reap(&mut self) -> io::Result<()> {
        while !self.unseen {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    let ending = status
                        .exit_status()
                        .map(Ending::Exit)
                        .or_else(|| status.terminating_signal().map(Ending::Signal));
                    let number = pid.as_raw_nonzero().get().unsigned_abs();
                    if let Some(child) = self.children.get_mut(&number) {
                        *child = ending;
                    }
                }
                Ok(None) | Err(Errno::CHILD) => break,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Only those that we started and have not waited for: their number is nobody else's.
    fn signal(&self, pid: u32, signal: i32, group: bool) -> bool {
        if self.children.get(&pid) != Some(&None) {
            return false;
        }
        let target = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let (Some(target), Some(signal)) = (target, Signal::from_named_raw(signal)) else {
            return false;
        };
        let sent = if group {
            kill_process_group(target, signal)
        } else {
            kill_process(target, signal)
        };
        sent.is_ok()
    }

    fn answer(&self, reply: &Reply) -> io::Result<()> {
        self.channel.send(&reply.pack(), &[])
    }
}

#[allow(unsafe_code)]
fn start(
    program: &Program,
    fds: Vec<OwnedFd>,
    limits: Limits,
    members: Members,
) -> io::Result<(u32, OwnedFd)> {
    let mut command = std::process::Command::new(&program.path);
    command.args(&program.args).stdin(Stdio::null());
    for (name, value) in &program.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(directory) = &program.directory {
        command.current_dir(directory);
    }
    let mut fds = fds.into_iter();
    let (Some(out), Some(err)) = (fds.next(), fds.next()) else {
        return Err(io::Error::from(Errno::BADF));
    };
    command.stdout(out).stderr(err);
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; the closure makes
    // system calls (setsid, prctl, getrlimit, setrlimit) on numbers and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            if members == Members::Descendants {
                // Nobody else ends it when this process is killed, which has one thread.
                rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            }
            privileges::bound(&limits)?;
            Ok(())
        });
    }
    // Not waited for through the handle: `Init::reap` waits for everybody.
    let child = command.spawn()?;
    let pid = child.id();
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let raw = raw.ok_or(io::Error::from(Errno::SRCH))?;
    Ok((pid, pidfd_open(raw, PidfdFlags::empty())?))
}
