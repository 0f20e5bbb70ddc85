//! What the programs of a space use, and ending all of them.

use std::collections::{BTreeSet, HashSet};
use std::fs;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

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
    pub(super) fn excess(self, limits: &Limits) -> Option<String> {
        let page = rustix::param::page_size() as u64;
        let (mut threads, mut memory) = (0, 0);
        for task in self.tasks() {
            threads += task.threads;
            memory += task.private_pages * page;
        }
        if threads > limits.processes {
            let most = limits.processes;
            return Some(format!("it had more than {most} processes and threads"));
        }
        (memory > limits.memory_bytes).then(|| {
            let most = limits.memory_bytes >> 20;
            format!("it used more than {most} MiB of memory")
        })
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
        // They are stopped first, so that none starts another one that is overlooked.
        let mut stopped = HashSet::new();
        loop {
            let found: HashSet<Pid> = self.tasks().iter().filter_map(Task::raw).collect();
            let new: Vec<Pid> = found.difference(&stopped).copied().collect();
            for pid in &new {
                // It has ended meanwhile, or is somebody else's now: either way not ours to stop.
                let _ = kill_process(*pid, Signal::STOP);
            }
            stopped.extend(&new);
            if new.is_empty() {
                break;
            }
        }
        for pid in stopped {
            let _ = kill_process(pid, Signal::KILL);
        }
        while matches!(wait(WaitOptions::empty()), Ok(Some(_))) {}
    }

    fn tasks(self) -> Vec<Task> {
        let own = std::process::id();
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let pids = entries.flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let all: Vec<Task> = pids.filter_map(Task::look).collect();
        match self {
            Self::All => all.into_iter().filter(|task| task.pid != own).collect(),
            Self::Descendants => descendants(own, all),
        }
    }
}

fn descendants(of: u32, mut others: Vec<Task>) -> Vec<Task> {
    let mut family = BTreeSet::from([of]);
    let mut found = Vec::new();
    loop {
        let (more, rest): (Vec<Task>, Vec<Task>) = others
            .into_iter()
            .partition(|task| family.contains(&task.parent));
        if more.is_empty() {
            return found;
        }
        family.extend(more.iter().map(|task| task.pid));
        found.extend(more);
        others = rest;
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
        if matches!(*fields.first()?, "Z" | "X" | "x") {
            return None;
        }
        let pages = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let mut pages = pages
            .split_whitespace()
            .skip(1)
            .map_while(|n| n.parse().ok());
        let (resident, shared): (u64, u64) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            threads: fields.get(17)?.parse().ok()?,
            private_pages: resident.saturating_sub(shared),
        })
    }

    fn raw(&self) -> Option<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw)
    }
}
