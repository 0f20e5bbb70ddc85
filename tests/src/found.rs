//! Who really runs in a home, by the kernel's word and not by Exuvia's or OpenClaw's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use crate::until;

/// The title that a gateway gives itself once it has started (facts, section 1). Before that it has
/// the same as every other `openclaw`.
const TITLE: &str = "openclaw-gateway";
/// By this a keeper marks what it starts.
const MARK: &str = "EXUVIA_KEPT=";

/// A process that has a home as its `HOME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub pid: u32,
    /// That of its parent.
    pub parent: u32,
    /// What it was called with, or calls itself.
    pub words: Vec<String>,
    /// Whether a keeper started it, or something that a keeper started.
    pub is_kept: bool,
}

/// Every process whose `HOME` is this directory.
pub fn processes_of(home: &Path) -> Vec<Found> {
    let wanted = format!("HOME={}", home.display());
    let listed = std::fs::read_dir("/proc").unwrap_or_else(|error| panic!("/proc: {error}"));
    let pids = listed
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // Those that end meanwhile have nothing to be read.
    pids.filter_map(|pid: u32| {
        let environment = strings(pid, "environ")?;
        environment.contains(&wanted).then_some(())?;
        Some(Found {
            pid,
            parent: parent(pid)?,
            words: strings(pid, "cmdline")?,
            is_kept: environment.iter().any(|line| line.starts_with(MARK)),
        })
    })
    .collect()
}

/// The gateways of a home: each counts once, with whatever it started of its own kind.
pub fn gateways(home: &Path) -> Vec<Found> {
    let all = processes_of(home).into_iter().filter(is_gateway);
    let all: BTreeMap<u32, Found> = all.map(|found| (found.pid, found)).collect();
    let roots = all
        .values()
        .filter(|found| !all.contains_key(&found.parent));
    roots.cloned().collect()
}

/// The keepers of a home.
pub fn keepers(home: &Path) -> Vec<Found> {
    let mut all = processes_of(home);
    all.retain(|found| runs_gateway(found) && is_exuvia(found));
    all
}

/// Processes of a home that are no keeper and no gateway, and were started by none.
pub fn strangers(home: &Path) -> Vec<Found> {
    let all = processes_of(home);
    let known = |found: &Found| is_gateway(found) || is_exuvia(found) && runs_gateway(found);
    let mut ours: BTreeSet<u32> = all.iter().filter(|it| known(it)).map(|it| it.pid).collect();
    loop {
        let more = all.iter().filter(|it| ours.contains(&it.parent));
        let more: Vec<u32> = more
            .map(|it| it.pid)
            .filter(|pid| !ours.contains(pid))
            .collect();
        if more.is_empty() {
            break;
        }
        ours.extend(more);
    }
    all.into_iter()
        .filter(|it| !ours.contains(&it.pid))
        .collect()
}

/// Kills a process and everything that it started, the process first.
pub fn kill_tree(root: u32) {
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(&pid) = tree.get(at) {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten();
        for task in tasks.flatten() {
            // One that has ended has no children.
            let children = std::fs::read_to_string(task.path().join("children"));
            let children = children.unwrap_or_default();
            tree.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
        at += 1;
    }
    for pid in tree {
        signal(pid, Signal::KILL);
    }
}

/// Sends a signal to a process that may have ended.
pub fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // One that has ended needs no signal.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

/// Ends keepers and gateways of a home, whoever started them.
pub fn end_all(home: &Path) {
    for keeper in keepers(home) {
        signal(keeper.pid, Signal::TERM);
    }
    until("the keepers have ended", || {
        keepers(home).is_empty().then_some(())
    });
    for gateway in gateways(home) {
        signal(gateway.pid, Signal::KILL);
    }
}

fn is_gateway(found: &Found) -> bool {
    let is_titled = found.words.first().is_some_and(|word| word.trim() == TITLE);
    is_titled || (found.is_kept || runs_gateway(found)) && !is_exuvia(found)
}

fn is_exuvia(found: &Found) -> bool {
    let program = found.words.first().map(PathBuf::from);
    program.is_some_and(|program| program.file_name() == Some("exuvia".as_ref()))
}

fn runs_gateway(found: &Found) -> bool {
    let mut pairs = found.words.iter().zip(found.words.iter().skip(1));
    pairs.any(|(one, next)| one == "gateway" && next == "run")
}

fn strings(pid: u32, file: &str) -> Option<Vec<String>> {
    let bytes = std::fs::read(format!("/proc/{pid}/{file}")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let words = text.split('\0').filter(|word| !word.is_empty());
    Some(words.map(str::to_owned).collect())
}

/// The fourth field, after the name in brackets, which may hold anything. A process that only waits
/// to be collected runs nothing.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    fields.next().filter(|state| *state != "Z")?;
    fields.next()?.parse().ok()
}
