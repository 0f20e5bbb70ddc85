//! What is known of a gateway before it is asked: its process, and what lies on disk for it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::process::{Processes, Seen};
use exuvia_host::{Host, Links, read_limited};
use exuvia_model::Revision;
use exuvia_model::supervision::STEADY_AFTER;
use exuvia_openclaw::Install;
use exuvia_openclaw::database::read_plugin_index;
use exuvia_openclaw::liveness::{self, Liveness};
use exuvia_openclaw::plugin::PluginIndex;

/// Ticks a second in `/proc/<pid>/stat`: `USER_HZ`, the same on every Linux (proc(5)).
const TICKS: u64 = 100;
const MAX_UPTIME: u64 = 4096;

/// A process that runs a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// What was seen of it.
    pub seen: Seen,
    /// How long it has lived, where that can be told.
    pub age: Option<Duration>,
}

impl Process {
    /// Whether it began so lately that it may be starting still.
    pub(super) fn is_young(&self) -> bool {
        self.age.is_some_and(|age| age < STEADY_AFTER)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.seen.id.pid)
    }
}

/// A package that is not there any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// It was here.
    From(PathBuf),
    /// Where it was is recorded nowhere.
    Somewhere,
}

/// What is known before anything is asked.
#[derive(Debug)]
pub(super) struct Ground {
    /// Whether OpenClaw uses the install.
    pub(super) liveness: Liveness,
    /// The process that does, where it can be seen.
    pub(super) process: Option<Process>,
    /// The version of the package on disk.
    pub(super) installed: Option<Revision>,
    /// The package that the gateway runs from, if it is gone.
    pub(super) lost: Option<Lost>,
}

impl Ground {
    /// Looks. Blocks for some milliseconds.
    pub(super) fn look(host: &dyn Host, processes: &Processes, install: &Install) -> Self {
        let liveness = liveness::look(host, install);
        let process = match liveness {
            Liveness::Running { pid, .. } => processes.find(pid),
            _ => None,
        };
        Self {
            process: process.map(|seen| Process {
                age: age(host, &seen),
                seen,
            }),
            installed: install.package_version(host),
            lost: lost(host, install),
            liveness,
        }
    }

    /// Nothing could be looked at.
    pub(super) fn unknown(why: &str) -> Self {
        Self {
            liveness: Liveness::Unknown {
                why: why.to_owned(),
            },
            process: None,
            installed: None,
            lost: None,
        }
    }

    /// What to say of a package that is gone.
    pub(super) fn lost_words(&self) -> Option<String> {
        let place = match self.lost.as_ref()? {
            Lost::From(path) => format!("the package {} is", path.display()),
            Lost::Somewhere => "its package is".to_owned(),
        };
        Some(match self.liveness {
            Liveness::Running { .. } => format!(
                "{place} gone from disk under the running gateway, which goes on with what it had \
                 loaded and fails at everything else"
            ),
            _ => format!("{place} not on disk, so the gateway cannot start"),
        })
    }

    /// What to say of a process that a signal made stand still.
    pub(super) fn halted(&self) -> Option<(String, String)> {
        let process = self
            .process
            .as_ref()
            .filter(|process| process.seen.stopped)?;
        Some((
            format!("{process} stands still: something stopped it (SIGSTOP, or a debugger)"),
            format!("let it go on: `kill -CONT {}`", process.seen.id.pid),
        ))
    }
}

/// The time since a process began: `/proc/uptime` and its start, both counted from the boot.
fn age(host: &dyn Host, seen: &Seen) -> Option<Duration> {
    let uptime = read_limited(host, Path::new("/proc/uptime"), MAX_UPTIME, Links::Follow).ok()?;
    let uptime = String::from_utf8(uptime).ok()?;
    let (seconds, _) = uptime.split_once('.')?;
    let started = Duration::from_secs(seen.id.started / TICKS);
    Duration::from_secs(seconds.parse().ok()?).checked_sub(started)
}

/// The package that the plugin index was written by is the one that the gateway runs from, whatever
/// else is found on the machine.
fn lost(host: &dyn Host, install: &Install) -> Option<Lost> {
    let is_there = |root: &PathBuf| {
        let meta = host.metadata(&root.join("package.json"), Links::Follow);
        !meta.is_err_and(|error| error.is_not_found())
    };
    if let Some(root) = &install.package_root {
        return (!is_there(root)).then(|| Lost::From(root.clone()));
    }
    let index = read_plugin_index(host, &install.state_dir, &install.scratch_dir);
    let index = index.ok().flatten();
    let roots = index.map(|index| PluginIndex::package_roots(&PluginIndex::entries_of(&index)));
    let recorded = roots.into_iter().flatten().find(|root| !is_there(root));
    Some(recorded.map_or(Lost::Somewhere, Lost::From))
}
