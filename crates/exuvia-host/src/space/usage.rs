//! What the programs of a space use, and ending all of them.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::mem;
use std::ops::ControlFlow;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, wait};

use super::spec::Limits;

/// The processes that belong to a space, as its first process finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    /// All that there are: the space has process numbers of its own.
    All,
    /// Its descendants. Those that lost their parent become its children, for it asked for that.
    Descendants,
}

impl Members {
    /// Which limit is exceeded, in words.
    ///
    /// It says so at the first process too many: a program that forks without end adds to the list
    /// faster than it can be read to its end.
    pub(super) fn excess(self, limits: &Limits) -> Option<String> {
        let page = rustix::param::page_size() as u64;
        let (mut threads, mut memory) = (0, 0);
        let mut over = None;
        self.each(|task| {
            threads += task.threads;
            memory += task.private_pages * page;
            over = if threads > limits.processes {
                let most = limits.processes;
                Some(format!("it had more than {most} processes and threads"))
            } else if memory > limits.memory_bytes {
                let most = limits.memory_bytes >> 20;
                Some(format!("it used more than {most} MiB of memory"))
            } else {
                return ControlFlow::Continue(());
            };
            ControlFlow::Break(())
        });
        over
    }

    /// Ends all members, and returns when none is left.
    pub(super) fn kill(self) {
        if self == Self::All {
            // Only ever as the first process of a namespace: elsewhere this reaches everybody.
            if rustix::process::getpid().is_init() {
                // Nobody is there when it fails.
                let _ = kill_everybody();
                while matches!(wait(WaitOptions::empty()), Ok(Some(_))) {}
            }
            return;
        }
        // They are stopped first, so that none starts another one that is overlooked: each group in
        // one step of the kernel, which not even a program that forks without end slips through.
        let mut stopped = HashSet::new();
        let mut groups = HashSet::from([rustix::process::getpgrp()]);
        loop {
            let before = stopped.len();
            self.each(|task| {
                if let Some(group) = raw(task.group).filter(|group| groups.insert(*group)) {
                    // It has ended meanwhile: nobody is in it any more.
                    let _ = kill_process_group(group, Signal::STOP);
                }
                if let Some(pid) = raw(task.pid).filter(|pid| stopped.insert(*pid)) {
                    // It has ended meanwhile, or is somebody else's now: either way not ours to stop.
                    let _ = kill_process(pid, Signal::STOP);
                }
                ControlFlow::Continue(())
            });
            if stopped.len() == before {
                break;
            }
        }
        for pid in stopped {
            let _ = kill_process(pid, Signal::KILL);
        }
        while matches!(wait(WaitOptions::empty()), Ok(Some(_))) {}
    }

    /// Hands on one member after the other, as they are found.
    fn each(self, mut take: impl FnMut(Task) -> ControlFlow<()>) {
        let own = std::process::id();
        let Ok(entries) = fs::read_dir("/proc") else {
            return;
        };
        let pids = entries.flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut all = pids.filter_map(Task::look);
        // That it was broken off, the caller knows.
        let _broken_off = match self {
            Self::All => all.filter(|task| task.pid != own).try_for_each(take),
            Self::Descendants => Family::of(own).and_all(&mut all, &mut take),
        };
    }
}

/// A process and its descendants, found in a list that is in no order one can rely on: children
/// have higher numbers than their parents until the numbers begin anew.
struct Family(BTreeSet<u32>);

impl Family {
    fn of(pid: u32) -> Self {
        Self(BTreeSet::from([pid]))
    }

    fn and_all(
        mut self,
        all: &mut dyn Iterator<Item = Task>,
        take: &mut dyn FnMut(Task) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut others = Vec::new();
        for task in all {
            self.sort(task, &mut others, take)?;
        }
        loop {
            let before = others.len();
            for task in mem::take(&mut others) {
                self.sort(task, &mut others, take)?;
            }
            if others.len() == before {
                return ControlFlow::Continue(());
            }
        }
    }

    fn sort(
        &mut self,
        task: Task,
        others: &mut Vec<Task>,
        take: &mut dyn FnMut(Task) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.0.contains(&task.parent) {
            others.push(task);
            return ControlFlow::Continue(());
        }
        self.0.insert(task.pid);
        take(task)
    }
}

/// `kill(-1, SIGKILL)`: everybody in the namespace but this process, in one step of the kernel, so
/// that not even a program that forks without end slips through.
fn kill_everybody() -> rustix::io::Result<()> {
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(-1),
        nix::sys::signal::Signal::SIGKILL,
    )
    .map_err(|errno| rustix::io::Errno::from_raw_os_error(errno as i32))
}

/// One process.
#[derive(Debug)]
struct Task {
    pid: u32,
    parent: u32,
    group: u32,
    threads: u64,
    private_pages: u64,
}

impl Task {
    /// `None` when it has ended.
    fn look(pid: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        // The second field is a name in brackets, which may hold anything (proc(5)).
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let pages = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let mut pages = pages
            .split_whitespace()
            .skip(1)
            .map_while(|n| n.parse().ok());
        let (resident, shared): (u64, u64) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            threads: fields.get(17)?.parse::<u64>().ok()?.max(1),
            private_pages: resident.saturating_sub(shared),
        })
    }
}

fn raw(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}
