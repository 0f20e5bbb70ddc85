//! A machine that does what a test says: fails, dies, has another clock or environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::points::Points;
use crate::{Command, EntryKind, Host, HostError, Links, Lock, Meta, Output, SystemHost};

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The effect fails with this error, and the process lives on.
    Fail(io::ErrorKind),
    /// The process dies: neither this effect nor any later one happens, clean-up included.
    Die,
}

/// Faults by point, and a record of the points that were reached.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    planned: Vec<Planned>,
    reached: Vec<(&'static str, PathBuf)>,
    dead: bool,
}

#[derive(Debug)]
struct Planned {
    point: String,
    path: String,
    skip: usize,
    fault: Fault,
}

impl Faults {
    /// None yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Plans a fault at the `skip + 1`-th time that `point` is reached with a path that contains
    /// `path`.
    pub fn plan(&self, point: &str, path: &str, skip: usize, fault: Fault) {
        let planned = Planned {
            point: point.to_owned(),
            path: path.to_owned(),
            skip,
            fault,
        };
        self.state().planned.push(planned);
    }

    /// Every point reached so far, in order.
    pub fn reached(&self) -> Vec<(&'static str, PathBuf)> {
        self.state().reached.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Points for Faults {
    fn reach(&self, point: &'static str, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.dead {
            return Err(died());
        }
        state.reached.push((point, path.to_owned()));
        let text = path.to_string_lossy();
        let hit = state.planned.iter_mut().position(|planned| {
            planned.point == point && text.contains(planned.path.as_str()) && {
                let due = planned.skip == 0;
                planned.skip = planned.skip.saturating_sub(1);
                due
            }
        });
        let Some(index) = hit else { return Ok(()) };
        match state.planned.swap_remove(index).fault {
            Fault::Fail(kind) => Err(kind.into()),
            Fault::Die => {
                state.dead = true;
                Err(died())
            }
        }
    }
}

fn died() -> io::Error {
    io::Error::other("the process is dead")
}

/// The real file system with a clock, an environment and faults of the test's own.
#[derive(Debug)]
pub struct TestHost {
    system: SystemHost,
    faults: Arc<Faults>,
    env: BTreeMap<String, OsString>,
    now: Mutex<Timestamp>,
}

impl TestHost {
    /// A machine with nothing in its environment, at 2026-11-20T00:00:00Z.
    pub fn new() -> Self {
        let faults = Faults::new();
        Self {
            system: SystemHost::with_points(faults.clone()),
            faults,
            env: BTreeMap::new(),
            now: Mutex::new(Timestamp::constant(1_795_132_800, 0)),
        }
    }

    /// With this in its environment.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    /// Its faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Default for TestHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Host for TestHost {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn utc_offset(&self, _at: Timestamp) -> Offset {
        Offset::UTC
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed()
    }

    fn env(&self, name: &str) -> Option<OsString> {
        self.env
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    }

    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, OsString)> {
        let prefix = prefix.to_ascii_lowercase();
        let starts = |name: &String| name.to_ascii_lowercase().starts_with(&prefix);
        self.env
            .iter()
            .filter(|(name, _)| starts(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }

    fn current_dir(&self) -> Result<PathBuf, HostError> {
        self.system.current_dir()
    }

    fn metadata(&self, path: &Path, links: Links) -> Result<Meta, HostError> {
        self.system.metadata(path, links)
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<(OsString, EntryKind)>, HostError> {
        self.system.read_dir(path)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, HostError> {
        self.system.read_link(path)
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, HostError> {
        self.system.canonicalize(path)
    }

    fn open(&self, path: &Path, links: Links) -> Result<Box<dyn Read + Send>, HostError> {
        self.system.open(path, links)
    }

    fn is_writable(&self, directory: &Path) -> bool {
        self.system.is_writable(directory)
    }

    fn create_private_dir(&self, path: &Path) -> Result<(), HostError> {
        self.system.create_private_dir(path)
    }

    fn write_atomic(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), HostError> {
        self.system.write_atomic(path, content, mode)
    }

    fn remove_file(&self, path: &Path) -> Result<(), HostError> {
        self.system.remove_file(path)
    }

    fn remove_tree(&self, path: &Path) -> Result<(), HostError> {
        self.system.remove_tree(path)
    }

    fn copy_file(&self, from: &Path, to: &Path) -> Result<u64, HostError> {
        self.system.copy_file(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError> {
        self.system.rename(from, to)
    }

    /// Programs see this machine's environment, not the real one's.
    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let env = self
            .env
            .iter()
            .fold(command.clone(), |command, (n, v)| command.env(n, v));
        self.system.run(&env)
    }

    fn try_lock(&self, path: &Path) -> Result<Option<Lock>, HostError> {
        self.system.try_lock(path)
    }
}
